import test from 'ava';
import { parseRuleText } from '../../../src/lang/index.ts';
import { printCondition } from '../../../src/rule/index.ts';
import { RuleError } from '../../../src/text/index.ts';

/** The whole condition of a rule for any event (`*`) with these filters. */
function conditionOf(filters: readonly unknown[]): string {
  const { rules, problems } = parseRuleText(
    'a.ndjson',
    JSON.stringify({
      rule_id: '1',
      name: 'a',
      type: 'query',
      severity: 'low',
      risk_score: 1,
      query: '*: *',
      filters,
    }),
  );
  if (problems[0] !== undefined) throw problems[0].error;
  const { query } = rules[0]!;
  return query.kind === 'event' ? printCondition(query.condition) : query.kind;
}

interface Case {
  readonly name: string;
  readonly filter: Readonly<Record<string, unknown>>;
  readonly want: string;
}

const CASES: readonly Case[] = [
  { name: 'phrase', filter: { query: { match_phrase: { a: 'x' } } }, want: 'definite(a in ("x"))' },
  {
    name: 'phrase with options',
    filter: { query: { match_phrase: { a: { query: 'x', slop: 0 } } } },
    want: 'definite(a in ("x"))',
  },
  {
    name: 'a phrase that writes a number is text and number',
    filter: { query: { match_phrase: { a: 5 } } },
    want: 'definite(a in ("5", 5))',
  },
  {
    name: 'phrase as Kibana wrote it before version 5',
    filter: { query: { match: { a: { query: 'x', type: 'phrase' } } } },
    want: 'definite(a in ("x"))',
  },
  {
    name: 'phrases',
    filter: {
      meta: { type: 'phrases' },
      query: {
        bool: {
          should: [{ match_phrase: { a: 'x' } }, { match_phrase: { a: 'y' } }],
          minimum_should_match: 1,
        },
      },
    },
    want: 'definite(definite(a in ("x")) or definite(a in ("y")))',
  },
  { name: 'term', filter: { query: { term: { a: { value: 'x' } } } }, want: 'definite(a in ("x"))' },
  {
    name: 'term without regard to case',
    filter: { query: { term: { a: { value: 'x', case_insensitive: true } } } },
    want: 'definite(a in~ ("x"))',
  },
  {
    name: 'terms',
    filter: { query: { terms: { a: ['x', true] } } },
    want: 'definite(a in ("x", "true", true))',
  },
  { name: 'exists', filter: { query: { exists: { field: 'a' } } }, want: 'exists(a)' },
  { name: 'exists beside meta', filter: { exists: { field: 'a' }, $state: {} }, want: 'exists(a)' },
  {
    name: 'range',
    filter: { query: { range: { a: { gte: 1, lt: '5' } } } },
    want: 'definite((a >= "1" or a >= 1) and (a < "5" or a < 5))',
  },
  {
    name: 'wildcard',
    filter: { query: { wildcard: { a: { value: '?:\\\\x\\**', case_insensitive: true } } } },
    want: 'definite(a like~ ("?:\\\\\\\\x\\\\**"))',
  },
  {
    name: 'wildcard with case',
    filter: { query: { wildcard: { a: 'x*' } } },
    want: 'definite(a like ("x*"))',
  },
  { name: 'prefix', filter: { query: { prefix: { a: 'x*' } } }, want: 'definite(a like ("x\\\\**"))' },
  { name: 'regexp', filter: { query: { regexp: { a: 'x.*' } } }, want: 'definite(a lucene ("x.*"))' },
  {
    name: 'bool',
    filter: {
      query: {
        bool: {
          must: { term: { a: 'x' } },
          filter: [{ term: { b: 'x' } }],
          should: [{ term: { c: 'x' } }],
          must_not: [{ term: { d: 'x' } }],
        },
      },
    },
    want: 'definite(definite(a in ("x")) and definite(b in ("x")) and not definite(d in ("x")))',
  },
  {
    name: 'bool of one query',
    filter: { query: { bool: { should: [{ term: { c: 'x' } }] } } },
    want: 'definite(c in ("x"))',
  },
  {
    name: 'nested',
    filter: { query: { nested: { path: 'a', query: { term: { 'a.b': 'x' } } } } },
    want: 'definite(a.b in ("x"))',
  },
  {
    name: 'combined by or, one part negated',
    filter: {
      meta: {
        type: 'combined',
        relation: 'OR',
        params: [
          { meta: {}, query: { exists: { field: 'a' } } },
          { meta: { negate: true }, query: { exists: { field: 'b' } } },
        ],
      },
    },
    want: 'definite(exists(a) or not exists(b))',
  },
  { name: 'match_all', filter: { query: { match_all: {} } }, want: 'true' },
  { name: 'match_none', filter: { query: { match_none: {} } }, want: 'false' },
];

for (const { name, filter, want } of CASES) {
  test(`a filter becomes a condition: ${name}`, (t) => {
    t.is(conditionOf([filter]), want);
  });
  test(`a disabled filter changes nothing: ${name}`, (t) => {
    t.is(conditionOf([{ ...filter, meta: { ...(filter['meta'] as object), disabled: true } }]), 'true');
  });
}

test('filters are all to be passed', (t) => {
  const one = (a: string, negate: boolean) => ({ meta: { negate }, query: { exists: { field: a } } });
  t.is(conditionOf([one('a', false), one('b', true)]), 'exists(a) and not exists(b)');
});

const WRONG: readonly { name: string; filter: unknown; at: string; want: string }[] = [
  {
    name: 'a kind that is not known',
    filter: { meta: {}, query: { script: { script: 'x' } } },
    at: '{"script":"x"}',
    want: 'FILTER_UNSUPPORTED: Unsupported: filters with a query of kind "script". Supported are match_phrase, match, term, terms, range, exists, wildcard, prefix, regexp, bool, nested, match_all, match_none.',
  },
  {
    name: 'an object of JavaScript is no kind',
    filter: { query: { constructor: {} } },
    at: '{}',
    want: 'FILTER_UNSUPPORTED: Unsupported: filters with a query of kind "constructor". Supported are match_phrase, match, term, terms, range, exists, wildcard, prefix, regexp, bool, nested, match_all, match_none.',
  },
  {
    name: 'two fields',
    filter: { query: { term: { a: 'x', b: 'y' } } },
    at: '{"a":"x","b":"y"}',
    want: 'RULE_KEY: Expected one field in the query of a filter.',
  },
  {
    name: 'a range without an end',
    filter: { query: { range: { a: { format: 'x' } } } },
    at: '{"format":"x"}',
    want: 'RULE_KEY: Expected "gt", "gte", "lt" or "lte" in the range of "a".',
  },
  {
    name: 'a wrong relation',
    filter: { meta: { type: 'combined', relation: 'and', params: [] } },
    at: '"and"',
    want: 'RULE_KEY: Expected "relation" to be one of "AND", "OR", found "and". Did you mean "AND"?',
  },
];

for (const { name, filter, at, want } of WRONG) {
  test(`a filter that cannot be read is an error at its place: ${name}`, (t) => {
    const error = t.throws(() => conditionOf([filter]), { instanceOf: RuleError });
    t.true(error.headline().endsWith(` ${want}`), error.headline());
    t.is(error.source.text.slice(error.span.start, error.span.end), at);
  });
}

test('filters that nest deeply are refused', (t) => {
  let query: unknown = { match_all: {} };
  for (let i = 0; i < 100; i += 1) query = { bool: { must: query } };
  t.throws(() => conditionOf([{ query }]), { message: 'Tables nest more than 64 deep.' });
});
