import { loadRules, type RuleSet } from '../lang/index.ts';
import { PACKAGED_RULES } from './paths.ts';

/** The rules that come with the package. The build puts another module in this one's place, with the texts in it. */
export function loadPackagedRules(): Promise<RuleSet> {
  return loadRules([PACKAGED_RULES]);
}
