import type { Regex } from '../../rule/index.ts';

/** Texts that stand in every text that fits a regular expression. */
export interface RegexTexts {
  /** In their order; empty when none is sure. */
  readonly parts: readonly string[];
  /** Whether every text that fits begins with the first part. */
  readonly isPrefix: boolean;
}

const NOTHING: RegexTexts = { parts: [], isPrefix: false };
/** What changes the meaning of all around it; such expressions are left alone. */
const ENTANGLED = /["<~&@#]|\(\?|\[\^?\]|\\[^dDsSwWbB\W]/;
const REPEATS = '?*+{';

/**
 * Finds texts that a regular expression cannot do without, by reading its outermost concatenation: what stands in
 * groups, classes and before `?`, `*` and `{` is left out, and so is all of an expression with alternatives. Asking
 * whether a text has them costs a fiftieth of running the expression, and most texts do not.
 */
export function textsIn(pattern: string, dialect: Regex['dialect']): RegexTexts {
  if (ENTANGLED.test(pattern)) return NOTHING;
  const parts: string[] = [];
  let run = '';
  let isPrefix = dialect === 'lucene';
  const end = (): void => {
    if (run !== '') parts.push(run);
    else if (parts.length === 0) isPrefix = false;
    run = '';
  };
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at += 1) {
    const one = characters[at]!;
    const item = itemAt(characters, at, dialect);
    if (item === null) return NOTHING;
    at = item.last;
    const sign = characters[at + 1] ?? '';
    if (item.letter !== null && (!REPEATS.includes(sign) || sign === '' || sign === '+')) run += item.letter;
    if (item.letter === null || (sign !== '' && REPEATS.includes(sign))) end();
    if (one === '{') return NOTHING;
    at = afterRepeats(characters, at);
  }
  end();
  return { parts, isPrefix: isPrefix && parts.length > 0 };
}

interface Item {
  /** The character that it stands for; null when it stands for several. */
  readonly letter: string | null;
  readonly last: number;
}

/** What begins at a place; null when it cannot be told. */
function itemAt(characters: readonly string[], at: number, dialect: Regex['dialect']): Item | null {
  const one = characters[at]!;
  switch (one) {
    case '|':
    case ')':
    case ']':
    case '}':
      return null;
    case '.':
      return { letter: null, last: at };
    case '^':
    case '$':
      return { letter: dialect === 'lucene' ? one : null, last: at };
    case '\\': {
      const next = characters[at + 1];
      if (next === undefined) return null;
      return { letter: /\w/.test(next) ? null : next, last: at + 1 };
    }
    case '[':
      return closed(characters, at, ']');
    case '(':
      return closed(characters, at, ')');
    default:
      return { letter: one, last: at };
  }
}

/** A class or a group to its end, with the groups and classes in it. */
function closed(characters: readonly string[], from: number, sign: ']' | ')'): Item | null {
  const open: string[] = [sign];
  for (let at = from + 1; at < characters.length; at += 1) {
    const one = characters[at]!;
    const inClass = open.at(-1) === ']';
    if (one === '\\') at += 1;
    else if (one === open.at(-1)) open.pop();
    else if (!inClass && one === '(') open.push(')');
    else if (one === '[') {
      if (inClass) return null;
      open.push(']');
    }
    if (open.length === 0) return { letter: null, last: at };
  }
  return null;
}

/** The last character of the repetitions behind an item; `at` when there are none. */
function afterRepeats(characters: readonly string[], at: number): number {
  let last = at;
  while (last + 1 < characters.length && REPEATS.includes(characters[last + 1]!)) {
    last += 1;
    if (characters[last] !== '{') continue;
    const end = characters.indexOf('}', last);
    last = end < 0 ? characters.length : end;
  }
  return last;
}
