import test from 'ava';
import SQLite from 'better-sqlite3';
import fc from 'fast-check';
import { createListing } from '../../../src/agent/tables/listing.ts';
import { COLUMN_OPTIONS, OPERATORS } from '../../../src/osquery/index.ts';
import { ask } from './ask.ts';

interface Thing {
  readonly id: number;
  readonly name: string;
  readonly note: string | null;
}

const THINGS: readonly Thing[] = [
  { id: -1, name: '', note: null },
  { id: 0, name: 'a', note: 'x' },
  { id: 1, name: 'A', note: '' },
  { id: 7, name: '7', note: '\ufffd' },
  { id: 10, name: '07', note: 'a' },
  { id: 999_999_999_999_999, name: '1e1', note: 'x' },
];

const table = createListing<Thing>({
  name: 'things',
  columns: [
    { name: 'id', type: 'BIGINT', index: true, of: ({ id }) => id },
    { name: 'name', type: 'TEXT', of: ({ name }) => name },
    { name: 'note', type: 'TEXT', of: ({ note }) => note },
    { name: 'dear', type: 'TEXT', hidden: true, of: ({ name }) => `${name}!` },
  ],
  list: () => THINGS,
});

const SQL: Readonly<Record<number, string>> = {
  [OPERATORS.equals]: '=',
  [OPERATORS.greaterThan]: '>',
  [OPERATORS.lessThanOrEquals]: '<=',
  [OPERATORS.lessThan]: '<',
  [OPERATORS.greaterThanOrEquals]: '>=',
  [OPERATORS.like]: 'LIKE',
  [OPERATORS.glob]: 'GLOB',
};

const db = new SQLite(':memory:');
db.exec('CREATE TABLE things (id BIGINT, name TEXT, note TEXT)');
for (const { id, name, note } of THINGS)
  db.prepare('INSERT INTO things VALUES (?, ?, ?)').run(id, name, note);

const constraint = fc.tuple(
  fc.constantFrom('id', 'name', 'note'),
  fc.constantFrom(...Object.keys(SQL).map(Number)),
  fc.oneof(
    fc.constantFrom(
      '0',
      '1',
      '7',
      '07',
      '+7',
      ' 7 ',
      '7.0',
      '1e1',
      '0x7',
      '-0',
      '-1',
      'a',
      'A',
      '\ufffd',
      '%',
    ),
    fc.constantFrom('999999999999999', '999999999999999.0', '9223372036854775808', '9'.repeat(400)),
    fc.string(),
  ),
);

test('whatever the constraints are, no row is left out that SQLite would keep', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(constraint, { maxLength: 3 }), async (constraints) => {
      const handed = constraints.filter(([, , text]) => text !== '' && !text.includes('\0'));
      const where = handed.map(([column, op]) => `"${column}" ${SQL[op]} ?`).join(' AND ') || 'true';
      const texts = handed.map(([, , text]) => text);
      const kept = db.prepare(`SELECT id FROM things WHERE ${where}`).all(...texts) as { id: number }[];
      const answered = new Set((await ask(table, { constraints: handed })).map(({ id }) => Number(id)));
      return kept.every(({ id }) => answered.has(id));
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('a plain "=" keeps what it asks for and nothing else', async (t) => {
  const ids = async (...constraints: [string, number, string][]) =>
    (await ask(table, { constraints })).map(({ id }) => id);
  t.deepEqual(await ids(['id', OPERATORS.equals, '7']), ['7']);
  t.deepEqual(await ids(['name', OPERATORS.equals, 'A']), ['1']);
  t.deepEqual(await ids(['id', OPERATORS.equals, '7'], ['id', OPERATORS.equals, '10']), ['7', '10']);
  t.deepEqual(await ids(['id', OPERATORS.equals, '8']), []);
  t.deepEqual(await ids(['id', OPERATORS.equals, '7'], ['name', OPERATORS.equals, 'a']), []);
});

test('columns that the query does not read are not made, and what is null does not come', async (t) => {
  t.deepEqual((await ask(table, { used: ['id', 'note'] })).slice(0, 2), [
    { id: '-1' },
    { id: '0', note: 'x' },
  ]);
  t.is((await ask(table, { used: [] })).length, THINGS.length, 'as many rows as things, for count(*)');
  t.deepEqual(
    (await ask(table))[1],
    { id: '0', name: 'a', note: 'x', dear: 'a!' },
    'an old core does not say',
  );
});

test('its routes say which column is looked up by and which is hidden', (t) => {
  t.deepEqual(
    table.routes().map(({ name, op }) => [name, Number(op)]),
    [
      ['id', COLUMN_OPTIONS.index],
      ['name', 0],
      ['note', 0],
      ['dear', COLUMN_OPTIONS.hidden],
    ],
  );
});

test('what a source asks of the query holds for every row that SQLite would keep', async (t) => {
  const asked: unknown[] = [];
  const spy = createListing<Thing>({
    name: 'spy',
    columns: [{ name: 'id', type: 'BIGINT', of: ({ id }) => id }],
    list: (query) => {
      asked.push([query.least('id'), query.texts('id')?.size ?? null, query.uses('id')]);
      return [];
    },
  });
  const least = (...constraints: [string, number, string][]) => ask(spy, { constraints, used: ['id'] });
  await least(['id', OPERATORS.greaterThan, '5'], ['id', OPERATORS.greaterThanOrEquals, '7']);
  await least(['id', OPERATORS.lessThan, '5'], ['id', OPERATORS.greaterThan, '1e3']);
  await least(['id', OPERATORS.equals, '7']);
  await ask(spy, { used: [] });
  t.deepEqual(asked, [
    [7, null, true],
    [null, null, true],
    [7, 1, true],
    [null, null, false],
  ]);
});

test('a context that is no JSON is the error of that query', async (t) => {
  const request = new Map([
    ['action', Buffer.from('generate')],
    ['context', Buffer.from('{"constraints":')],
  ]);
  const { status } = await table.call(request);
  t.is(status.code, 1);
  t.regex(status.message, /reading the query of table things/);
});
