import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { parse as parseToml } from 'smol-toml';
import { compileKql, type Literal, type Node, parseKql, printKql } from '../../../src/lang/kql/index.ts';
import { createSource, RuleError } from '../../../src/text/index.ts';
import { readKql } from './peg.ts';
import { treeOf } from './tree.ts';

const RULES = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'corpus', 'elastic');
const span = { start: 0, end: 0 };

function tree(query: string): string | undefined {
  try {
    return treeOf(parseKql(createSource('rule.kql', query)));
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return undefined;
  }
}

/** Pieces of which queries, right and wrong ones, are put together. */
const PIECES = [
  ...[
    'a',
    'b.c',
    'not',
    'and',
    'or',
    'NOT',
    'Or',
    'true',
    'null',
    'knot',
    ' ',
    ' ',
    ' ',
    '\n',
    '\u00a0',
    '\u2003',
  ],
  ...[
    ':',
    ': ',
    '(',
    ')',
    '{',
    '}',
    '<',
    '>',
    '<=',
    '>=',
    '"',
    '"x y"',
    '*',
    '\\',
    '\\t',
    '\\n',
    '\\*',
    '\\u0041',
  ],
  ...[
    '\\not',
    '\\and',
    ' and ',
    ' or ',
    'not ',
    ' and not ',
    'a: 1',
    'a:(b or c)',
    'a: { b: 1 }',
    'a > 1',
    '=',
  ],
];

test('the parser and a plain reading of the grammar agree on every text', (t) => {
  const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(''));
  let right = 0;
  fc.assert(
    fc.property(text, (query) => {
      const want = readKql(query);
      if (want !== undefined) right += 1;
      t.is(tree(query), want, JSON.stringify(query));
    }),
    { numRuns: 3000 },
  );
  t.true(right > 300);
});

const word = fc
  .array(
    fc.constantFrom(
      'a',
      'not',
      'and',
      'or',
      ' ',
      '\t',
      '\n',
      '\u00a0',
      '*',
      '\\',
      '"',
      ':',
      '(',
      '}',
      '<',
      'é',
      '?',
      '\0',
    ),
  )
  .map((parts) => parts.join(''));
const text: fc.Arbitrary<Literal> = fc.oneof(
  word.map((value) => ({ kind: 'text' as const, value, quoted: true, span })),
  word.map((value) => ({ kind: 'text' as const, value: value.trim(), quoted: false, span })),
);
const anything = { wild: 'anything' } as const;
const wildcard: fc.Arbitrary<Literal> = fc
  .tuple(word, fc.array(word), word)
  .map(([first, inner, last]): Literal => {
    const parts = [first.trimStart(), ...inner, last.trimEnd()].flatMap((part, i) =>
      i === 0 ? [part] : [anything, part],
    );
    return { kind: 'wildcard', pattern: parts.filter((part) => part !== ''), span };
  });
const keyword: fc.Arbitrary<Literal> = fc
  .constantFrom(true, false, null)
  .map((value) => ({ kind: 'keyword', value, span }));
const literal = fc.oneof(text, wildcard, keyword);
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      kind: fc.constant('is' as const),
      field: fc.option(literal),
      value: literal,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant('range' as const),
      field: literal,
      op: fc.constantFrom('lt' as const, 'le' as const, 'gt' as const, 'ge' as const),
      value: literal,
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      args: fc.array(tie('node'), { minLength: 2, maxLength: 4 }),
      span: fc.constant(span),
    }),
    fc.record({ kind: fc.constant('not' as const), arg: tie('node'), span: fc.constant(span) }),
    fc.record({
      kind: fc.constant('nested' as const),
      path: literal,
      arg: tie('node'),
      span: fc.constant(span),
    }),
  ),
}));

test('parsing what was printed gives the same tree', (t) => {
  fc.assert(
    fc.property(node, (ast) => {
      const printed = printKql(ast);
      t.is(tree(printed), treeOf(ast), printed);
    }),
    { numRuns: 1000 },
  );
});

test('each node spans the text that it stands for', (t) => {
  const query = 'a: (b or "c d") and not (e > 1  or f:{ g: h } )  ';
  const spans: string[] = [];
  const visit = (ast: Node): void => {
    spans.push(query.slice(ast.span.start, ast.span.end));
    if (ast.kind === 'and' || ast.kind === 'or') ast.args.forEach(visit);
    if (ast.kind === 'not' || ast.kind === 'nested') visit(ast.arg);
  };
  visit(parseKql(createSource('rule.kql', query)));
  t.deepEqual(spans, [
    query.trimEnd(),
    'b or "c d"',
    'b',
    '"c d"',
    'not (e > 1  or f:{ g: h } )',
    'e > 1  or f:{ g: h }',
    'e > 1',
    'f:{ g: h }',
    'g: h',
  ]);
});

test('a query may be 100 levels deep and no deeper', (t) => {
  const nested = (depth: number): string => `${'('.repeat(depth)}a: 1${')'.repeat(depth)}`;
  t.is(tree(nested(100)), 'is("a", "1")');
  const error = t.throws(() => parseKql(createSource('rule.kql', nested(101))), { instanceOf: RuleError });
  t.is(error?.headline(), 'rule.kql:1:101: KQL_SYNTAX: The query is nested more than 100 levels deep.');
});

test('a query may be 200,000 characters long and no longer', (t) => {
  const long = (length: number): string => `a: ${'x'.repeat(length - 3)}`;
  t.truthy(tree(long(200_000)));
  const error = t.throws(() => parseKql(createSource('rule.kql', long(200_001))), { instanceOf: RuleError });
  t.is(error?.message, 'The query is longer than 200000 characters.');
});

test("every KQL rule of Elastic's parses, lowers and survives printing", (t) => {
  if (!existsSync(RULES)) {
    t.log(`skipped: ${RULES} is absent`);
    t.pass();
    return;
  }
  let count = 0;
  for (const path of readdirSync(RULES, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.toml'),
  )) {
    const { rule } = parseToml(readFileSync(join(RULES, path), 'utf8')) as unknown as {
      rule: { language?: string; query?: string };
    };
    if (rule.language !== 'kuery' || rule.query === undefined) continue;
    const source = createSource(path, rule.query);
    t.notThrows(() => compileKql(source), path);
    const ast = parseKql(source);
    t.is(tree(printKql(ast)), treeOf(ast), path);
    t.is(readKql(rule.query), treeOf(ast), path);
    count += 1;
  }
  t.is(count, 156);
});
