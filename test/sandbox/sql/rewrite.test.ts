import test from 'ava';
import fc from 'fast-check';
import { SandboxDatabase } from '../../../src/sandbox/sql/database.ts';
import type { KnownColumn } from '../../../src/sandbox/sql/known-table.ts';
import { rewrite } from '../../../src/sandbox/sql/rewrite.ts';
import { SqlError } from '../../../src/sqlite/index.ts';

const COLUMNS: readonly KnownColumn[] = [
  { name: 'a', type: 'TEXT', options: 9 },
  { name: 'b', type: 'BIGINT', options: 4 },
  { name: 'c', type: 'TEXT', options: 0 },
  { name: 'd', type: 'INTEGER', options: 9 },
];
const ROWS = [
  { a: 'x', b: '1', c: '', d: '10' },
  { a: 'X', b: '2', c: 'ab', d: '2' },
  { a: '2', b: '10', c: 'a%', d: '-1' },
  { a: 'ü', b: '0', c: 'x' },
];

const column = fc.constantFrom('a', 'b', 'c', 'd', 't.a', 't.b', '"c"');
const literal = fc.constantFrom(
  '1',
  '2',
  '10',
  '-1',
  '2.5',
  'NULL',
  `''`,
  `'x'`,
  `'2'`,
  `'a%'`,
  `'%a%'`,
  `x'78'`,
);
const value = fc.oneof(
  { weight: 4, arbitrary: literal },
  literal.map((text) => `(SELECT ${text})`),
  fc.tuple(literal, literal).map(([left, right]) => `${left} || ${right}`),
  fc.constantFrom(`(SELECT max(v) FROM n)`, `CASE WHEN 1 = 1 AND 2 = 2 THEN 2 END`, `lower('X')`),
);
const comparison = fc.oneof(
  fc
    .tuple(
      column,
      fc.constantFrom('=', '==', '<', '<=', '>', '>=', '!=', '<>', 'LIKE', 'GLOB', 'IS', 'IS NOT'),
      value,
    )
    .map(([left, operator, right]) => `${left} ${operator} ${right}`),
  fc.tuple(value, fc.constantFrom('=', '<', '>='), column).map((parts) => parts.join(' ')),
  fc.tuple(column, value, value).map(([name, low, high]) => `${name} BETWEEN ${low} AND ${high}`),
  fc
    .tuple(column, fc.constantFrom('IN', 'NOT IN'), fc.array(value, { maxLength: 3 }))
    .map(([name, operator, list]) => `${name} ${operator} (${list.join(', ')})`),
  column.map((name) => `${name} IN (SELECT v FROM n)`),
  column.map((name) => `${name} IN (WITH m(v) AS (VALUES (1), ('x')) SELECT v FROM m)`),
  column.map((name) => `${name} = t.d`),
  column.map((name) => `${name} IS NULL`),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc
      .tuple(tie('condition'), fc.constantFrom('AND', 'AND', 'OR'), tie('condition'))
      .map((parts) => parts.join(' ')),
    tie('condition').map((inner) => `(${inner})`),
    tie('condition').map((inner) => `NOT (${inner})`),
  ),
}));

/** SQLite itself is the oracle: the same rows in an ordinary table with declared types. */
test('a query over an extension’s table gives what it gives over an ordinary one', async (t) => {
  const database = new SandboxDatabase(async () =>
    ROWS.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, text]) => [name, Buffer.from(text)])),
    ),
  );
  t.teardown(() => database.close());
  await database.define(
    'ordinary',
    COLUMNS.map((known) => ({ ...known, options: 0 })),
    false,
  );
  await database.replace('ordinary', ROWS);
  await database.define('n', [{ name: 'v', type: 'BIGINT', options: 0 }], false);
  await database.replace('n', [{ v: 2 }, { v: 10 }]);
  await database.attach('remote', COLUMNS, false);
  const rowsFrom = async (table: string, where: string) =>
    (await database.query(`SELECT a, b FROM ${table} AS t WHERE ${where}`)).rows
      .map((row) => JSON.stringify(row))
      .toSorted();
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(condition, async (where) => {
      const want = await rowsFrom('ordinary', where);
      if (want.length > 0) matched += 1;
      t.deepEqual(await rowsFrom('remote', where), want, where);
    }),
    { numRuns: 300 },
  );
  t.true(matched > 50, `only ${matched} conditions held for any row`);
});

const TABLES = new Map([['t', { name: 't', kind: 'extension', columns: COLUMNS } as const]]);
const fragment = fc.constantFrom(
  ...[
    'SELECT',
    'FROM',
    'WHERE',
    'AND',
    'OR',
    'IN',
    'BETWEEN',
    'LIKE',
    'JOIN',
    'ON',
    'USING',
    'AS',
    'WITH',
    'UNION',
  ],
  ...[
    't',
    'a',
    'b',
    'x',
    '*',
    ',',
    '.',
    '(',
    ')',
    '=',
    '<',
    "'s'",
    '"q"',
    '1',
    ';',
    '--',
    '/*',
    'CASE',
    'END',
  ],
);

test('no text makes the rewriting fail otherwise than with its own error', (t) => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 30 }), (words) => {
      try {
        rewrite(words.join(' '), TABLES);
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
