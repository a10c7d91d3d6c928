/**
 * `npm run fuzz -- --seconds 60 --seed 1`: mutates queries and holds the EQL front end to its promises: every
 * text is a tree or a RuleError whose place lies in the text, what is printed parses to what was printed, and
 * no text takes long. Ends with 1 at the first that breaks one, and prints it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { compileEql, parseEql, printEql } from '../src/lang/eql/index.ts';
import { createSource, RuleError } from '../src/text/index.ts';
import { readOptions } from './options.ts';

const ROOT = join(import.meta.dirname, '..');
const CORPUS = join(ROOT, '..', 'shared', 'corpus', 'elastic');
const LONGEST = 20_000;
const LONGEST_MS = 2_000;
const TOKENS = [
  ...[
    'and',
    'or',
    'not',
    'in',
    'in~',
    'like',
    'like~',
    'regex~',
    ':',
    '==',
    '!=',
    '=',
    '<',
    '>=',
    '![',
    '[',
    ']',
  ],
  ...[
    '(',
    ')',
    ',',
    '.',
    '|',
    '?',
    '!',
    '~',
    '+',
    '-',
    '*',
    '/',
    '%',
    '"',
    '"""',
    '`',
    '\\',
    '\n',
    '//',
    '/*',
    '*/',
  ],
  ...[
    'where',
    'any',
    'sequence',
    'sample',
    'by',
    'with',
    'maxspan=1s',
    'runs=3',
    'until',
    'join',
    'of',
    'null',
  ],
  ...[
    'true',
    '0',
    '1.5',
    '1e9',
    '99999999999999999999',
    'process.name',
    '`a b`',
    'length(',
    'startsWith~(',
    '\\u{',
  ],
  ...[
    '\0',
    '\ud800',
    '\u{1f600}',
    'é',
    '| head 5',
    '| unique x',
    "'x'",
    '?"x"',
    'cidrMatch(a, "::1")',
    'a[0]',
  ],
];

const values = readOptions(import.meta.filename, {
  seconds: { type: 'string', default: '10' },
  seed: { type: 'string', default: '1' },
});
const random = randomNumbers(Number(values.seed));
const seeds = [...corpusQueries(), ...ownQueries()];
const until = performance.now() + Number(values.seconds) * 1_000;
const counts = { trees: 0, meanings: 0, refused: 0 };
let slowestMs = 0;

console.log(`fuzz: ${seeds.length} queries to begin with, seed ${values.seed}, ${values.seconds} s`);
while (performance.now() < until) {
  const query = mutate();
  const started = performance.now();
  const fault = faultOf(query);
  const tookMs = performance.now() - started;
  slowestMs = Math.max(slowestMs, tookMs);
  if (fault === undefined && tookMs < LONGEST_MS) continue;
  console.log(`fuzz: ${fault ?? `took ${Math.round(tookMs)} ms`}\n${JSON.stringify(query)}`);
  process.exit(1);
}
console.log(
  `fuzz: ${counts.trees + counts.refused} texts, ${counts.trees} trees, ${counts.meanings} with a meaning, ` +
    `${counts.refused} refused, the slowest took ${slowestMs.toFixed(1)} ms; nothing found`,
);

/** What promise a query breaks. */
function faultOf(query: string): string | undefined {
  const source = createSource('fuzz', query);
  try {
    const tree = parseEql(source);
    counts.trees += 1;
    const printed = printEql(tree);
    const again = printEql(parseEql(createSource('printed', printed)));
    if (again !== printed) return `prints differently the second time:\n${printed}\n${again}`;
    compileEql(source);
    counts.meanings += 1;
    return undefined;
  } catch (error) {
    if (!(error instanceof RuleError)) return `throws ${String(error)}`;
    counts.refused += 1;
    const { start, end } = error.span;
    if (error.source !== source) return `what was printed is refused:\n${error.render()}`;
    if (!(start >= 0 && start <= end && end <= query.length))
      return `a place out of the text: ${start} to ${end}`;
    if (error.render() === '') return 'an empty message';
    return undefined;
  }
}

function mutate(): string {
  let query = pick(seeds);
  for (let steps = 1 + below(4); steps > 0; steps -= 1) query = mutateOnce(query).slice(0, LONGEST);
  return query;
}

function mutateOnce(query: string): string {
  const [at, other] = [below(query.length + 1), below(query.length + 1)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  const part = query.slice(at, Math.min(other, at + 200));
  switch (below(8)) {
    case 0:
      return query.slice(0, at) + query.slice(at + 1 + below(3));
    case 1:
      return query.slice(0, at) + query.slice(other);
    case 2:
      return query.slice(0, at) + pick(TOKENS) + query.slice(at);
    case 3:
      return `${query.slice(0, at)} ${pick(TOKENS)} ${query.slice(at + below(8))}`;
    case 4:
      return query.slice(0, at) + part.repeat(2 + below(4)) + query.slice(at);
    case 5:
      return query.slice(0, at) + String.fromCharCode(below(0x10000)) + query.slice(at + 1);
    case 6:
      return query.slice(0, at) + pick(seeds).slice(at);
    default:
      return (
        query.slice(0, at) + pick(['(', '[', 'not ', '-', '/*', 'f(']).repeat(below(400)) + query.slice(at)
      );
  }
}

function corpusQueries(): readonly string[] {
  if (!existsSync(CORPUS)) return [];
  return readdirSync(CORPUS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.toml'))
    .sort()
    .flatMap((name) => {
      const { rule } = parseToml(readFileSync(join(CORPUS, name), 'utf8'));
      if (typeof rule !== 'object' || !('language' in rule) || rule['language'] !== 'eql') return [];
      return [String(rule['query'])];
    });
}

function ownQueries(): readonly string[] {
  const folder = join(ROOT, 'test', 'corpus', 'eql');
  return readdirSync(folder)
    .sort()
    .flatMap((name) => parseYaml(readFileSync(join(folder, name), 'utf8')) as { readonly query: string }[])
    .map(({ query }) => query);
}

function pick<T>(items: readonly T[]): T {
  return items[below(items.length)]!;
}

function below(limit: number): number {
  return Math.floor(random() * limit);
}

/** Mulberry32: small, and the same numbers for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
