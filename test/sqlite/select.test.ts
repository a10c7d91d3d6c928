import test from 'ava';
import { group, readComparison, selectsAt, selectsOf, tokenize, withNames } from '../../src/sqlite/index.ts';

const nodesOf = (sql: string) => group(tokenize(sql));

const CASES: readonly {
  readonly sql: string;
  readonly tables: readonly (readonly (string | undefined)[])[];
}[] = [
  { sql: 'SELECT 1', tables: [[]] },
  { sql: 'SELECT * FROM a, b AS x JOIN "C d" USING (y)', tables: [['a', 'b', 'c d']] },
  { sql: 'SELECT * FROM (a JOIN b ON a.x = b.x), c', tables: [['a', 'b', 'c']] },
  { sql: 'SELECT * FROM ((a LEFT JOIN b ON 1) JOIN (c))', tables: [['a', 'b', 'c']] },
  { sql: 'SELECT * FROM (SELECT * FROM a) UNION SELECT * FROM b', tables: [[undefined], ['b'], ['a']] },
  { sql: 'SELECT * FROM a WHERE x IN (SELECT y FROM b)', tables: [['a'], ['b']] },
  { sql: 'WITH t AS (SELECT * FROM a) SELECT * FROM t', tables: [['t'], ['a']] },
  { sql: "SELECT 'FROM z' /* FROM y */ FROM a -- , b\n", tables: [['a']] },
  { sql: 'SELECT * FROM json_each(x), a', tables: [[undefined, 'a']] },
  { sql: 'SELECT a IS DISTINCT FROM b FROM c', tables: [['c']] },
];

for (const { sql, tables } of CASES) {
  test(`the tables of each select, outer ones first: ${sql}`, (t) => {
    t.deepEqual(
      selectsOf(nodesOf(sql)).map(({ sources }) => sources.map(({ table }) => table)),
      tables,
    );
  });
}

test('the selects at one place are those of a compound, and none in parentheses', (t) => {
  const sql = 'SELECT 1 FROM (SELECT 2) UNION ALL SELECT 3';
  t.deepEqual(
    selectsAt(nodesOf(sql)).map(({ columns }) => (columns[0]?.kind === 'number' ? columns[0].text : '')),
    ['1', '3'],
  );
});

test('a join in parentheses keeps the terms of its ON, also those of an outer join', (t) => {
  const [select] = selectsOf(
    nodesOf('SELECT 1 FROM z, (a JOIN b ON a.x = 1 LEFT JOIN c ON c.x = 2) WHERE z.x = 3'),
  );
  const terms = select!.terms.map(({ nodes, onlyFor }) => [readComparison(nodes)?.column.qualifier, onlyFor]);
  t.deepEqual(terms, [
    ['a', undefined],
    ['c', 3],
    ['z', undefined],
  ]);
  t.deepEqual(
    select!.sources.map(({ table, grouped }) => [table, grouped]),
    [
      ['z', false],
      ['a', true],
      ['b', true],
      ['c', true],
    ],
  );
});

test('WITH hides tables of the names that it gives', (t) => {
  const sql = 'WITH a AS (SELECT 1), "B"(x) AS MATERIALIZED (SELECT 2) SELECT * FROM a, b, c';
  t.deepEqual([...withNames(nodesOf(sql))], ['a', 'b']);
});
