import { applyOverlays, loadRules, type RuleSet } from '../lang/index.ts';
import type { Settings } from './settings.ts';
import { flawOf } from './trust.ts';

export interface ReadRulesOptions {
  readonly settings: Settings;
  /** The rules that are read when the settings name none. */
  readonly packagedRules: () => Promise<RuleSet>;
  /** Whether others than root and ourselves may be able to write what is read. */
  readonly allowUnsafe: boolean;
}

/** Reads the rules and overlays that the settings name. What is wrong with a file is a problem of the set. */
export async function readRules({
  settings: { rules, overlays },
  packagedRules,
  allowUnsafe,
}: ReadRulesOptions): Promise<RuleSet> {
  const guard = allowUnsafe ? {} : { guard: flawOf };
  if (rules.length > 0) return loadRules([...rules, ...overlays], guard);
  const packaged = await packagedRules();
  if (overlays.length === 0) return packaged;
  const { overlays: changes, problems } = await loadRules(overlays, guard);
  // Whether an overlay has a rule to change shows below.
  const real = problems.filter(({ error }) => !error.code.startsWith('OVERLAY_'));
  return applyOverlays({ ...packaged, problems: [...packaged.problems, ...real] }, changes, Date.now());
}
