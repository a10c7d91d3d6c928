import test from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { any, type Expression } from '../../src/sql/expression.ts';
import { guarded } from '../../src/sql/guards.ts';
import { printExpression } from '../../src/sql/print.ts';

const glob = (pattern: string): Expression => ({ kind: 'glob', column: 'text', pattern });

test('many patterns of one column are asked for by one that fits whatever any of them fits', (t) => {
  const alternatives = ['*/python*', '*/perl*', '*/ruby*', '*|x', 'y*', '*/*'].map(glob);
  t.is(
    printExpression(any(alternatives)),
    "text GLOB '*/[pr][euy][brt][hly]*' AND (text GLOB '*/python*' OR text GLOB '*/perl*' OR text GLOB '*/ruby*') " +
      "OR text GLOB '*|x' OR text GLOB 'y*' OR text GLOB '*/*'",
  );
  t.deepEqual(guarded(any(alternatives.slice(0, 2))), any(alternatives.slice(0, 2)));
});

test('a guard changes nothing, whatever the characters', (t) => {
  const db = new Database(':memory:');
  const character = fc.constantFrom(...'ab]^-[*?\\'.split(''), '!', "'", 'é');
  const literal = fc.array(character, { maxLength: 6 }).map((all) => all.join('').replace(/[*?[]/g, '[$&]'));
  const pattern = fc.tuple(literal, fc.constantFrom('', '*', '*a*')).map(([text, end]) => `*a${text}${end}`);
  const text = fc.array(character, { maxLength: 8 }).map((all) => `a${all.join('')}`);
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 3, maxLength: 8 }),
      fc.array(text, { minLength: 20 }),
      (patterns, texts) => {
        const guardedSql = printExpression(any(patterns.map(glob)));
        const plainSql = patterns.map((one) => `text GLOB '${one.replaceAll("'", "''")}'`).join(' OR ');
        const rows = `(SELECT value AS text FROM json_each(?))`;
        const sql = `SELECT text FROM ${rows} WHERE ((${guardedSql}) IS TRUE) <> ((${plainSql}) IS TRUE)`;
        return db.prepare(sql).all(JSON.stringify(texts)).length === 0;
      },
    ),
    { seed: 1, numRuns: 500 },
  );
  t.pass();
});
