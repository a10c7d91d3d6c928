import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { lowerKql, parseKql } from '../../../src/lang/kql/index.ts';
import { printCondition } from '../../../src/rule/index.ts';
import { createSource, RuleError } from '../../../src/text/index.ts';
import { FIELDS, treeOf } from './tree.ts';

interface Case {
  readonly note: string;
  readonly query: string;
  readonly want?: string;
  readonly want_error?: string;
  readonly accepted?: string;
}

function cases(file: string): readonly Case[] {
  const path = join(import.meta.dirname, '..', '..', 'corpus', 'kql', file);
  return parse(readFileSync(path, 'utf8')) as readonly Case[];
}

const meaning = (query: string): string => {
  const source = createSource('rule.kql', query);
  return printCondition(lowerKql(parseKql(source), source, { fields: FIELDS }));
};

for (const { note, query, want } of cases('grammar.yaml')) {
  test(`grammar: ${note}`, (t) => {
    t.is(treeOf(parseKql(createSource('rule.kql', query))), want ?? '');
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
    t.notThrows(() => meaning(accepted!));
  });
}
