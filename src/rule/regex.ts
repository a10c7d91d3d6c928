import { RE2JS, RE2JSException } from 're2js';
import type { Regex } from './condition.ts';
import { type RegexProblem, translateLucene } from './lucene-regex.ts';

/** Programs above this size would make a DFA of too many states; RE2's own measure. */
const LARGEST_PROGRAM = 20_000;

/** Whether a text fits a regular expression; linear in the text's length. */
export type RegexTest = (text: string) => boolean;

/**
 * Compiles one pattern of a `regex` condition, or says what is wrong with it. Matching takes time linear in the
 * text (RE2's automata, no backtracking).
 */
export function compileRegex(
  pattern: string,
  { dialect, ignoreCase }: Pick<Regex, 'dialect' | 'ignoreCase'>,
): RegexTest | RegexProblem {
  const translated = dialect === 'lucene' ? translateLucene(pattern, ignoreCase) : pattern;
  if (typeof translated === 'object') return translated;
  const flags =
    dialect === 'lucene'
      ? RE2JS.DOTALL | RE2JS.DISABLE_UNICODE_GROUPS
      : ignoreCase
        ? RE2JS.CASE_INSENSITIVE
        : 0;
  try {
    const program = RE2JS.compile(translated, flags);
    if (program.programSize() > LARGEST_PROGRAM) {
      return { kind: 'unsupported', message: 'Unsupported: so large a regular expression.', offset: 0 };
    }
    return dialect === 'lucene' ? (text) => program.testExact(text) : (text) => program.test(text);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const kind = dialect === 'lucene' ? 'unsupported' : 'malformed';
    return { kind, message: `RE2 refuses it: ${error.message}.`, offset: 0 };
  }
}
