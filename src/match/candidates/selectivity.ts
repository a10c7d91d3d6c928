/**
 * How an event's text must be like a key: the whole, its beginning, its end, any part of it; a part of it with a
 * space put before and behind; another whole than any of the key's lines, or none.
 */
export type KeyKind = 'is' | 'starts' | 'ends' | 'has' | 'word' | 'isNot';

/**
 * The cost table: what part of all events is thought to have a key. It need not be right; a wrong number makes an
 * index slower, never wrong. Made from recordings of a Linux machine at work, where most execs are of a few
 * programs under shells.
 */
export function shareOf(fieldName: string, kind: KeyKind, text: string): number {
  const common = COMMON[fieldName];
  // One process can have several of the names, so that their shares do not add up.
  if (kind === 'isNot') return 1 - Math.max(...text.split('\n').map((one) => common?.[one] ?? 0));
  if (kind === 'word') return shareOfWord(text);
  if (kind === 'is') return common?.[text] ?? IS[fieldName] ?? 0.004;
  if (kind === 'starts' && /^\/(usr|bin|usr\/bin)?\/?$/.test(text)) return 0.8;
  if (kind === 'has' && text.length === 1) return SIGNS[text] ?? (/\w/.test(text) ? 0.8 : 0.2);
  if (text.length >= 4) return kind === 'has' ? 0.01 : 0.02;
  return [1, 0.5, 0.15, 0.05][text.length] ?? 0.05;
}

function shareOfWord(text: string): number {
  const word = text.trim();
  const isWhole = text.length === word.length + 2;
  return isWhole ? shareOf('process.args', 'is', word) : shareOf('', 'has', word);
}

/** Single characters in command lines; a colon is rare there. */
const SIGNS: Readonly<Record<string, number>> = {
  '.': 0.8,
  '-': 0.8,
  '/': 0.9,
  ' ': 0.9,
  _: 0.5,
  '=': 0.4,
  ':': 0.05,
};

/** Fields whose every value is common. */
const IS: Readonly<Record<string, number>> = {
  'user.id': 0.1,
  'user.effective.id': 0.1,
  'process.user.id': 0.1,
  'process.real_user.id': 0.1,
  'process.group.id': 0.1,
  'process.real_group.id': 0.1,
  'process.parent.user.id': 0.1,
  'process.parent.group.id': 0.1,
  'user.name': 0.5,
  'process.args': 0.008,
};

const ROOT = { 0: 0.9 };
const SHELLS = { bash: 0.15, sh: 0.2, dash: 0.2 };
const COMMON: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'process.name': { ...SHELLS, cat: 0.03, grep: 0.03, sed: 0.04, rm: 0.03, mv: 0.02, python3: 0.01 },
  'process.parent.name': { bash: 0.5, sh: 0.4, dash: 0.4, python3: 0.02, make: 0.05, sudo: 0.02, node: 0.05 },
  'process.args': { '-c': 0.15, '-e': 0.05, '-i': 0.02, '-q': 0.03 },
  'process.executable': { '/bin/sh': 0.2, '/usr/bin/dash': 0.2, '/bin/bash': 0.15, '/usr/bin/bash': 0.15 },
  'process.parent.executable': {
    '/bin/sh': 0.4,
    '/usr/bin/dash': 0.4,
    '/bin/bash': 0.5,
    '/usr/bin/bash': 0.5,
  },
  'user.id': ROOT,
  'user.effective.id': ROOT,
  'process.user.id': ROOT,
  'process.real_user.id': ROOT,
  'process.group.id': ROOT,
  'process.real_group.id': ROOT,
  'process.parent.user.id': ROOT,
  'process.parent.group.id': ROOT,
};

/**
 * What looking a field's texts up costs, in look-ups of a short text: long texts, lists, what is seldom the same.
 * Infinite where asking the rules is always cheaper: leaders are guessed from all of a process's ancestors.
 */
export function priceOf(fieldName: string): number {
  return PRICES[fieldName] ?? (/_leader\./.test(fieldName) ? Number.POSITIVE_INFINITY : 1);
}

const PRICES: Readonly<Record<string, number>> = {
  'process.args': 6,
  'process.command_line': 10,
  'process.words': 2,
  'process.parent.args': 3,
  'process.parent.command_line': 3,
  'process.parent.words': 2,
  'process.working_directory': 2,
  'process.parent.working_directory': 2,
};
