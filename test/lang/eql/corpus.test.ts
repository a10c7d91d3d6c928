import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { compileEql, parseEql, printEql } from '../../../src/lang/eql/index.ts';
import { createSource, RuleError } from '../../../src/text/index.ts';
import { FIELDS, meaningOf, treeOf } from './tree.ts';

interface Case {
  readonly note: string;
  readonly query: string;
  readonly want?: string;
  readonly want_error?: string;
  readonly accepted?: string;
}

function cases(file: string): readonly Case[] {
  const path = join(import.meta.dirname, '..', '..', 'corpus', 'eql', file);
  return parse(readFileSync(path, 'utf8')) as readonly Case[];
}

const tree = (query: string): string => treeOf(parseEql(createSource('rule.eql', query)));
const print = (query: string): string => printEql(parseEql(createSource('rule.eql', query)));
const meaning = (query: string): string =>
  meaningOf(compileEql(createSource('rule.eql', query), { fields: FIELDS }).query);

for (const { note, query, want } of cases('grammar.yaml')) {
  test(`grammar: ${note}`, (t) => {
    t.is(tree(query), want ?? '');
    t.is(tree(print(query)), want ?? '', 'printed and parsed again');
  });
}

for (const { note, query, want } of cases('canonical.yaml')) {
  test(`canonical: ${note}`, (t) => {
    t.is(print(query), want ?? '');
    t.is(print(want ?? ''), want ?? '', 'canonical text is its own canonical text');
  });
}

for (const { note, query, want } of cases('meaning.yaml')) {
  test(`meaning: ${note}`, (t) => {
    t.is(meaning(query), want ?? '');
  });
}

for (const { note, query, want_error, accepted } of cases('wrong.yaml')) {
  test(`wrong: ${note}`, (t) => {
    const error = t.throws(() => meaning(query), { instanceOf: RuleError });
    t.is(error?.render(), want_error ?? '');
    t.notThrows(() => meaning(accepted ?? ''));
  });
}

test('at least 60 wrong queries are refused, none of them twice', (t) => {
  const wrong = cases('wrong.yaml');
  t.true(wrong.length >= 60);
  t.is(new Set(wrong.map(({ query }) => query)).size, wrong.length);
});
