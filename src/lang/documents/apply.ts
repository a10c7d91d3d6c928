import type { Rule } from '../../rule/index.ts';
import { RuleError } from '../../text/index.ts';
import type { Overlay } from './overlay.ts';
import { NOBODY, type Problem, problemOf, type RuleSet } from './rule-set.ts';

/**
 * Applies overlays to the rules of a set, as of `nowMs`; changes nothing given. One that has expired does nothing
 * and is a notice, as is each rule id that is in no document of the set.
 */
export function applyOverlays(set: RuleSet, overlays: readonly Overlay[], nowMs: number): RuleSet {
  const problems: Problem[] = [...set.problems];
  const rules = new Map<string, Rule>(set.rules.map((rule) => [rule.id, rule]));
  const known = new Set([...rules.keys(), ...set.problems.flatMap(({ ruleId }) => ruleId ?? [])]);
  let nextExpiryMs = set.nextExpiryMs;
  for (const overlay of overlays) {
    for (const id of overlay.rules) {
      if (!known.has(id))
        problems.push(
          notice(overlay, 'OVERLAY_RULE', `is for the rule "${id}", which is in none of the files.`),
        );
    }
    if (overlay.expiresMs !== null && overlay.expiresMs <= nowMs) {
      const when = new Date(overlay.expiresMs).toISOString();
      problems.push(notice(overlay, 'OVERLAY_EXPIRED', `expired at ${when} and is not applied.`));
      continue;
    }
    if (overlay.expiresMs !== null)
      nextExpiryMs = Math.min(nextExpiryMs ?? overlay.expiresMs, overlay.expiresMs);
    for (const id of new Set(overlay.rules)) {
      const rule = rules.get(id);
      if (rule !== undefined) rules.set(id, changed(rule, overlay));
    }
  }
  return Object.freeze({
    ...set,
    rules: [...rules.values()],
    problems,
    overlays: [...set.overlays, ...overlays],
    nextExpiryMs,
  });
}

function changed(rule: Rule, overlay: Overlay): Rule {
  return Object.freeze({
    ...rule,
    enabled: rule.enabled && !overlay.disable,
    suppression: overlay.suppression ?? rule.suppression,
    exceptions: overlay.exception === null ? rule.exceptions : [...rule.exceptions, overlay.exception],
  });
}

function notice(overlay: Overlay, code: string, message: string): Problem {
  const { source, span, name, owner } = overlay;
  const whose = owner === null ? '' : ` (${owner})`;
  const text = `${name}${whose} ${message}`;
  return problemOf(new RuleError(text, { code, source, span }), NOBODY, 'notice');
}
