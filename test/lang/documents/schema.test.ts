import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse, stringify } from 'yaml';
import { readOverlays } from '../../../src/lang/documents/overlay.ts';
import { readOwnRule } from '../../../src/lang/documents/own-rule.ts';
import { parseRuleText } from '../../../src/lang/index.ts';
import { createSource } from '../../../src/text/index.ts';
import { fits, type JsonSchema } from './json-schema.ts';

type Keys = Readonly<Record<string, unknown>>;

const ROOT = join(import.meta.dirname, '..', '..', '..');

function schemaOf(name: string): JsonSchema {
  return JSON.parse(readFileSync(join(ROOT, 'schema', `${name}.schema.json`), 'utf8')) as JsonSchema;
}

const rule = schemaOf('rule');
const overlay = schemaOf('overlay');

/** Wraps a table so that every key that is asked for, of it and of the tables in it, is written down by its path. */
function watched(table: Keys, asked: Set<string>, path = ''): Keys {
  const inner = new Map<string, unknown>();
  return new Proxy(table, {
    getOwnPropertyDescriptor: (target, key) => {
      asked.add(`${path}${String(key)}`);
      return Object.getOwnPropertyDescriptor(target, key);
    },
    get: (target, key) => {
      const value = target[String(key)];
      if (typeof value !== 'object' || value === null) return value;
      const name = String(key);
      if (!inner.has(name)) {
        const wrap = (one: unknown): unknown =>
          typeof one === 'object' && one !== null ? watched(one as Keys, asked, `${path}${name}.`) : one;
        inner.set(name, Array.isArray(value) ? value.map(wrap) : wrap(value));
      }
      return inner.get(name);
    },
  });
}

/** The keys of a schema, by their paths. */
function keysOf(schema: JsonSchema, root: JsonSchema, path = ''): readonly string[] {
  const there =
    schema.$ref === undefined ? schema : { ...root.$defs![schema.$ref.replace('#/$defs/', '')]!, ...schema };
  const own = Object.entries(there.properties ?? {}).flatMap(([key, inner]) => [
    `${path}${key}`,
    ...keysOf(inner, root, `${path}${key}.`),
  ]);
  const more = [...(there.anyOf ?? []), ...(there.items === undefined ? [] : [there.items])];
  return [...new Set([...own, ...more.flatMap((inner) => keysOf(inner, root, path))])].sort();
}

const BASE = { id: 'a', name: 'A', severity: 'low', query: 'process.name: x' };
const THRESHOLD = { by: ['a'], at_least: 2, within: '5m', distinct: { field: 'b', at_least: 3 } };
const SUPPRESS = { by: ['a'], for: '1h', missing: 'alert' };

test("the rule's schema has the keys that rules are read by, and no other", (t) => {
  const asked = new Set<string>();
  for (const more of [
    { threshold: THRESHOLD, suppress: SUPPRESS },
    { new_terms: { fields: ['a'], within: '7d' } },
  ]) {
    const value = watched({ ...BASE, ...more }, asked);
    readOwnRule({ source: createSource('a', ''), value, place: () => ({ start: 0, end: 0 }) });
  }
  t.deepEqual([...asked].sort(), keysOf(rule, rule));
});

test("the overlay's schema has the keys that overlays are read by, and no other", (t) => {
  const asked = new Set<string>();
  const value = watched({ overlays: [{ rule: 'a', suppress: SUPPRESS }] }, asked);
  const document = { source: createSource('a', ''), value, place: () => ({ start: 0, end: 0 }) };
  readOverlays(document, (error) => t.fail(String(error)));
  t.deepEqual([...asked].sort(), keysOf(overlay, overlay));
});

/** Each value of each key, good and wrong, with what else must be there. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  id: ['a', '', 1],
  name: ['a', ' ', []],
  description: ['', 'a', 1],
  severity: ['low', 'medium', 'high', 'critical', 'LOW', 'none', 1],
  risk_score: [0, 100, 47.5, -1, 101, '21'],
  query: ['a: 1', 'any where true', '', 5],
  language: ['kql', 'kuery', 'esql'],
  version: [1, 7, 0, 1.5, '1'],
  enabled: [true, false, 'yes'],
  building_block: [true, 'default'],
  tags: [[], ['a'], 'a', [1], 1],
  attack: [[], 'T1562', ['T1562.001', 'TA0005 Name'], ['T15'], 'T1562.1', 'TA0005Name', [1]],
  references: [['a'], {}],
  false_positives: ['a', ['a', 'b'], false],
  note: ['a', ['a']],
  author: ['a', ['a'], 1],
  show: [['a'], 'a', [[]]],
  max_alerts: [1, 0, 'a'],
  except: ['a: 1', ['a == 1', 'b: *'], [], {}, [1]],
  suppress: [
    { by: 'a' },
    { by: ['a', 'b', 'c'], for: '90s', missing: 'suppress' },
    { by: [] },
    { by: ['a', 'b', 'c', 'd'] },
    { for: '1h' },
    { by: 'a', for: '1 h' },
    { by: 'a', for: 5 },
    { by: 'a', missing: 'doNotSuppress' },
    'a',
  ],
  threshold: [
    { at_least: 3 },
    THRESHOLD,
    { by: 'a', at_least: 1 },
    { by: ['a'] },
    { at_least: 0 },
    { at_least: 3, within: 'now-5m' },
    { at_least: 3, distinct: { field: 'a' } },
    { at_least: 3, distinct: { at_least: 3 } },
    { at_least: 3, distinct: { field: '', at_least: 3 } },
  ],
  new_terms: [
    { fields: 'a', within: '7d' },
    { fields: ['a', 'b', 'c', 'd'], within: '7d' },
    { fields: 'a' },
    { within: '7d' },
  ],
  unheard_of: [1],
};

for (const [key, values] of Object.entries(VALUES)) {
  test(`a rule that its schema takes is read without a word, and no other: ${key}`, (t) => {
    for (const value of values) {
      const document = { ...BASE, [key]: value };
      const { rules, problems } = parseRuleText('a.yaml', stringify(document));
      const silent = problems.length === 0 && rules.every(({ remarks }) => remarks.length === 0);
      t.is(fits(document, rule), silent, `${JSON.stringify(value)}: ${problems[0]?.error.message}`);
    }
  });
}

test('a rule has the four keys that its schema asks for, and not both ways of counting', (t) => {
  const both = { ...BASE, threshold: { at_least: 2 }, new_terms: { fields: 'a', within: '7d' } };
  const lacking = Object.keys(BASE).map((key) =>
    Object.fromEntries(Object.entries(BASE).filter(([k]) => k !== key)),
  );
  for (const document of [...lacking, both]) {
    t.false(fits(document, rule));
    t.is(parseRuleText('a.yaml', stringify(document)).problems.length, 1);
  }
});

const OVERLAYS: readonly unknown[] = [
  { rule: 'a', disable: true },
  { rules: ['a', 'b'], disable: true },
  { rule: 'a', disable: false },
  { rule: 'a', except: 'a: 1', scope: 'b: 2', owner: 'o', reason: 'r', name: 'n', expires: '2030-12-31' },
  { rule: 'a', except: ['a: 1'], expires: '2030-12-31T12:00:00Z' },
  { rule: 'a', except: 'a: 1', expires: '31.12.2030' },
  { rule: 'a', suppress: { by: 'a' } },
  { rule: 'a', suppress: { by: 'a' }, scope: 'a: 1' },
  { rule: 'a', suppress: { by: [] } },
  { rule: 'a', disable: true, owner: 1 },
  { rule: 'a', disable: true, exipres: '2030-12-31' },
  { rule: 'a' },
  { rules: [], disable: true },
  { disable: true },
];

for (const entry of OVERLAYS) {
  test(`an overlay that its schema takes is read, and no other: ${JSON.stringify(entry)}`, (t) => {
    const text = `${stringify({ overlays: [entry] })}---\n${stringify({ ...BASE, id: 'a' })}---\n${stringify({ ...BASE, id: 'b' })}`;
    const { problems } = parseRuleText('a.yaml', text, { nowMs: 0 });
    t.is(fits({ overlays: [entry] }, overlay), problems.length === 0, problems[0]?.error.message);
  });
}

test("the guide's examples are read, and fit their schemas", (t) => {
  const guide = readFileSync(join(ROOT, 'docs', 'rules.md'), 'utf8');
  const examples = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);
  t.is(examples.length, 2);
  const set = parseRuleText('guide.yaml', examples.join('---\n'), { nowMs: 0 });
  t.deepEqual(
    set.problems.map(({ error }) => error.message),
    [
      'The driver\'s installer (platform team) is for the rule "cd66a5af-e34b-4bb0-8931-57d0a043f2ef", which is in none of the files.',
    ],
  );
  t.deepEqual(set.rules[0]!.remarks, []);
  for (const [i, schema] of [rule, overlay].entries()) t.true(fits(parse(examples[i]!), schema));
});
