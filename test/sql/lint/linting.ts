import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, type LintOptions, lintPacks } from '../../../src/sql/index.ts';
import { ROOT } from '../../events/recording.ts';

export const GOOD = { interval: 60, removed: false, denylist: false };
export const EVENTS = 'SELECT path FROM process_events';

export function lint(text: string | object, options: LintOptions = {}, name = 'p.conf'): readonly Finding[] {
  return lintPacks([{ name, text: typeof text === 'string' ? text : JSON.stringify(text) }], options)
    .findings;
}

/** The traps that a scheduled query is in, each once. */
export function trapsOf(query: string, keys: object = {}, options: LintOptions = {}): readonly string[] {
  const found = lint({ queries: { q: { ...GOOD, query, ...keys } } }, options);
  return [...new Set(found.map(({ trap }) => trap))];
}

/** Of the project's own pack. */
export const FLAGS = new Map(
  readFileSync(join(ROOT, 'packs/linux/osquery.flags'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('--'))
    .map((line) => line.slice(2).split('=') as [string, string]),
);
