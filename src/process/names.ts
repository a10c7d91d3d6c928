/** What a program's file shows for one whose directory entry is gone. */
const DELETED = ' (deleted)';

/** Many programs in one file: the first argument names the one that runs. */
const MULTI_CALL = new Set(['busybox', 'toybox']);

/** What follows the last separator: `/`, and for a path that does not begin with it also `\`. */
export function baseName(path: string): string {
  const slash = path.lastIndexOf('/');
  if (path.charCodeAt(0) === 0x2f) return path.slice(slash + 1);
  return path.slice(Math.max(slash, path.lastIndexOf('\\')) + 1);
}

/** The path without the kernel's mark for a file that was deleted while it ran. */
export function livePath(path: string): string {
  return path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path;
}

/**
 * Every name that a program answers to: of its file (`kmod`), of the first word of its command line (`rmmod`;
 * without a login shell's `-` and a process title's `:`), and for `busybox rmmod` that of the applet.
 *
 * Whoever starts a program chooses its first word freely, so a name here may be a lie; it only ever adds one.
 */
export function programNames({ path, first, words, fallback = '' }: Program): readonly string[] {
  const names: string[] = [];
  addName(names, baseName(livePath(path)));
  addName(names, firstWordName(first));
  if (names.some((name) => MULTI_CALL.has(name)) && MULTI_CALL.has(firstWordName(first))) {
    const applet = appletOf(words());
    if (applet !== undefined) addName(names, baseName(applet));
  }
  if (names.length === 0) addName(names, fallback);
  return names;
}

/** What of a command line the names depend on: its first word, and where that is a multi-call program the applet too. */
export function callingOf({ first, words }: Pick<Program, 'first' | 'words'>): string {
  if (!MULTI_CALL.has(firstWordName(first))) return first;
  return `${first} ${appletOf(words())}`;
}

function appletOf(words: readonly string[]): string | undefined {
  return words.find((word, index) => index > 0 && !word.startsWith('-'));
}

interface Program {
  readonly path: string;
  /** The first word of its command line. */
  readonly first: string;
  /** All words; asked for only where one of them names an applet. */
  readonly words: () => readonly string[];
  readonly fallback?: string;
}

function firstWordName(word: string): string {
  const from = word.charCodeAt(0) === 0x2d ? 1 : 0;
  const to = word.charCodeAt(word.length - 1) === 0x3a ? word.length - 1 : word.length;
  return baseName(word.slice(from, to));
}

function addName(names: string[], name: string): void {
  if (name !== '' && !names.includes(name)) names.push(name);
}
