import { or, type Rule } from '../../rule/index.ts';
import type { Platform, TableSpec } from '../../schema/index.ts';
import { pathsOf, WATCHING, withoutCovered } from './file-paths.ts';
import { openAsksOf, type RulePlan, switchesOf, tablesOf, titleOf } from './plan.ts';

/** What of a fleet's `file_paths` rules ask for. */
export interface Watches {
  /** Patterns in order, each with the rules that it is for. */
  readonly paths: ReadonlyMap<string, readonly Rule[]>;
  /** The same for events of files that are only opened or read, which osquery gives for categories of their own. */
  readonly accesses: ReadonlyMap<string, readonly Rule[]>;
  /** Rules that look at files anywhere: not all, or nothing, of what they ask for is watched. */
  readonly unbounded: readonly Rule[];
}

/** inotify's actions that need a category in `file_accesses`. Source: file_events.cpp, `configure`. */
const ACCESSES = ['ACCESSED', 'OPENED'];

/** Finds the files that rules watch through tables that tell of the files in `file_paths` alone. */
export function watchesOf(plans: readonly RulePlan[], platform: Platform): Watches {
  const unbounded = new Set<Rule>();
  const [paths, accesses] = [new Map<string, Set<Rule>>(), new Map<string, Set<Rule>>()];
  for (const [table, rules] of tablesOf(plans)) {
    if (!WATCHING.has(table.name)) continue;
    for (const rule of rules) {
      const found = pathsOf(or(...openAsksOf(rule, table)), platform);
      if (!found.whole) unbounded.add(rule);
      const into = asksForAccess(rule, table) ? accesses : paths;
      for (const path of found.paths) into.set(path, (into.get(path) ?? new Set()).add(rule));
    }
  }
  return { paths: sorted(paths), accesses: sorted(accesses), unbounded: [...unbounded].sort(byId) };
}

function asksForAccess(rule: Rule, table: TableSpec): boolean {
  if (table.name !== 'file_events') return false;
  const switched = { ...table, switches: [{ column: 'action', texts: ACCESSES, flag: 'access' }] };
  return switchesOf(rule, switched).needed.length > 0;
}

/** Without patterns that a wider one covers, whose rules that one then names. */
function sorted(paths: ReadonlyMap<string, ReadonlySet<Rule>>): ReadonlyMap<string, readonly Rule[]> {
  const kept = withoutCovered([...paths.keys()].sort());
  return new Map(
    kept.map((path) => {
      const covered = [...paths].filter(
        ([other]) => withoutCovered([path, other]).length === 1 || other === path,
      );
      return [path, [...new Set(covered.flatMap(([, rules]) => [...rules]))].sort(byId)];
    }),
  );
}

const ANYWHERE =
  '// These rules look at files anywhere. Only paths below that name them are watched for them, if any:';

/** The configuration's part with `file_paths`, with comments as osquery allows them: on lines of their own. */
export function printWatches({ paths, accesses, unbounded }: Watches): string {
  const accessed = accesses.size === 0 ? [] : [category('osquery_detect_accesses', accesses)];
  return [
    '// Files that these rules watch. Made by osquery-detect compile.',
    '// Put it beside osquery.conf, in osquery.conf.d; in Fleet, into config of the agent options.',
    '// A single file is written with % at its end: osquery then watches its folder, and sees it being made.',
    '// "*" between two separators of a rule is taken for one folder, and upper and lower case as written.',
    '// %% at the end takes one inotify watch for each folder below: see fs.inotify.max_user_watches.',
    ...(unbounded.length === 0 ? [] : ['//', ANYWHERE]),
    ...unbounded.map((rule) => `//   ${titleOf(rule)}`),
    '{',
    `  "file_paths": {`,
    [category('osquery_detect', paths), ...accessed].join(',\n'),
    accesses.size === 0 ? '  }' : '  },',
    ...(accesses.size === 0 ? [] : ['  "file_accesses": ["osquery_detect_accesses"]']),
    '}',
    '',
  ].join('\n');
}

function category(name: string, paths: ReadonlyMap<string, readonly Rule[]>): string {
  const lines = [...paths].map(([path, rules], at) =>
    [
      ...rules.map((rule) => `      // ${titleOf(rule)}`),
      `      ${JSON.stringify(path)}${at < paths.size - 1 ? ',' : ''}`,
    ].join('\n'),
  );
  return [`    ${JSON.stringify(name)}: [`, ...lines, '    ]'].join('\n');
}

function byId(a: Rule, b: Rule): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
