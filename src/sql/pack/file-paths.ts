import { ANY_ONE, ANYTHING, type Condition, type Operand, type Pattern } from '../../rule/index.ts';
import type { Platform } from '../../schema/index.ts';

/** Tables that tell only of files that the configuration's `file_paths` names. Source: osquery's subscribers. */
export const WATCHING: ReadonlySet<string> = new Set([
  'file_events',
  'process_file_events',
  'ntfs_journal_events',
]);

/** Patterns of `file_paths`: `%` stands for any text within a folder, `%%` at the end for all below. */
export interface Bounds {
  readonly paths: readonly string[];
  /** Whether no file but these can make the condition true. */
  readonly whole: boolean;
}

/**
 * The files that a condition can be true of, as far as it names folders. Where it does not, or one of its
 * alternatives does not, only a watch on the whole file system would find all.
 *
 * Wider than the condition, with two exceptions that osquery's patterns force: `*` between two separators is taken
 * for one folder, and case is taken as written. A single file is watched as `name%`: osquery then watches the
 * folder (inotify.cpp, `monitorSubscription`), and so sees a file that is not there yet.
 */
export function pathsOf(condition: Condition, platform: Platform): Bounds {
  const { paths, whole } = bound(condition, platform === 'windows' ? '\\' : '/');
  return { paths: withoutCovered([...new Set(paths)].sort()), whole };
}

/** Leaves out patterns whose files another one has as well. Of two watches on a folder osquery heeds the last only. */
export function withoutCovered(paths: readonly string[]): readonly string[] {
  const roots = paths.filter((path) => path.endsWith('%%'));
  return paths.filter((path) => !roots.some((root) => root !== path && covers(root, path)));
}

function covers(root: string, path: string): boolean {
  return path.startsWith(root.slice(0, -2));
}

const ANYWHERE: Bounds = { paths: [], whole: false };

function bound(condition: Condition, separator: string): Bounds {
  switch (condition.kind) {
    case 'constant':
      return condition.value === true ? ANYWHERE : { paths: [], whole: true };
    case 'and':
      return narrowest(condition.args.map((arg) => bound(arg, separator)));
    case 'or':
      return united(condition.args.map((arg) => bound(arg, separator)));
    case 'definite':
      return bound(condition.arg, separator);
    case 'compare':
      return condition.op === 'eq' && condition.right.kind === 'literal'
        ? boundText(condition.left, [condition.right.value], separator)
        : ANYWHERE;
    case 'oneOf':
      return boundText(condition.operand, condition.values, separator);
    case 'like':
      return boundPatterns(condition.operand, condition.patterns, separator);
    case 'truthy':
      return boundCall(condition.operand, separator);
    default:
      return ANYWHERE;
  }
}

function united(all: readonly Bounds[]): Bounds {
  return { paths: all.flatMap(({ paths }) => paths), whole: all.every(({ whole }) => whole) };
}

/** Any one of the parts bounds the whole: the one that says the most folders, then the one with the fewest paths. */
function narrowest(all: readonly Bounds[]): Bounds {
  return all.reduce((best, one) => {
    if (best.whole !== one.whole) return best.whole ? best : one;
    if (!one.whole) return one.paths.length > best.paths.length ? one : best;
    const [depth, other] = [depthOf(best.paths), depthOf(one.paths)];
    return other > depth || (other === depth && one.paths.length < best.paths.length) ? one : best;
  });
}

/** The least number of folders that a path of the list names in full, before its first wildcard. */
function depthOf(paths: readonly string[]): number {
  return Math.min(...paths.map((path) => path.replace(/[\\/]?%.*$/s, '').split(/[\\/]/).length));
}

function boundText(operand: Operand, values: readonly unknown[], separator: string): Bounds {
  if (!values.every((value) => typeof value === 'string')) return ANYWHERE;
  return boundPatterns(
    operand,
    values.map((value) => [value]),
    separator,
  );
}

function boundPatterns(operand: Operand, patterns: readonly Pattern[], separator: string): Bounds {
  if (operand.kind !== 'field') return ANYWHERE;
  const isFolder = operand.name === 'file.directory';
  if (operand.name !== 'file.path' && !isFolder) return ANYWHERE;
  return united(patterns.map((pattern) => (isFolder ? watchInside : watch)(pattern, separator)));
}

/** The same for the files in all folders that fit. Where the name may go on, it may go on through folders. */
function watchInside(folder: Pattern, separator: string): Bounds {
  const { paths, whole } = watch(folder, separator);
  const below = paths.filter((path) => path.endsWith('%%'));
  return below.length > 0 ? { paths: below, whole } : watch([...folder, separator, ANY_ONE], separator);
}

/** `startsWith(file.path, "/etc/")`, and likewise `stringContains` never: it may be anywhere. */
function boundCall(operand: Operand, separator: string): Bounds {
  if (operand.kind !== 'call' || operand.name !== 'startsWith') return ANYWHERE;
  const [text, start] = operand.args;
  if (text === undefined || start?.kind !== 'literal' || typeof start.value !== 'string') return ANYWHERE;
  return boundPatterns(text, [[start.value, ANYTHING]], separator);
}

/** Any text within a folder, and any text at all, while a pattern is taken apart. */
const ONE = '\u0001';
const MANY = '\u0002';

/** The patterns that watch all paths that fit; none when not even the first folder is known. */
function watch(pattern: Pattern, separator: string): Bounds {
  const text = pattern
    .map((part) => (typeof part === 'string' ? plain(part) : part.wild === 'anyOne' ? ONE : MANY))
    .join('');
  const isWindows = separator === '\\';
  // Rules for Windows leave the drive open.
  const absolute = isWindows ? text.replace(/^[\u0001\u0002](?=:\\)/, 'C') : text;
  const [root, first, ...rest] = absolute.split(separator);
  if (!(isWindows ? /^[A-Za-z]:$/ : /^$/).test(root!)) return ANYWHERE;
  if (first === undefined || first === '' || isWild(first[0]!)) return ANYWHERE;
  const folders = [root!, first, ...rest];
  const name = folders.pop()!;
  const folder = folders.map((one) => one.replace(/[\u0001\u0002]+/g, '%')).join(separator);
  const open = name.indexOf(MANY);
  const start = (open < 0 ? name : name.slice(0, open)).replaceAll(ONE, '%');
  const level = `${folder}${separator}${start.replace(/%+$/, '')}%`;
  if (open < 0) return { paths: [level], whole: true };
  const below = start === '' ? `${folder}${separator}%%` : `${level}${separator}%%`;
  return { paths: start === '' ? [below] : [level, below], whole: true };
}

function isWild(character: string): boolean {
  return character === ONE || character === MANY;
}

/** What osquery's globs would read as more than itself is any text. */
function plain(text: string): string {
  return text.replace(/[*?[\]{}%\u0001\u0002]/g, ONE);
}
