import test from 'ava';
import { compileEql, parseEql, printEql } from '../../../src/lang/eql/index.ts';
import { type Condition, printCondition, simplify } from '../../../src/rule/index.ts';
import { createSource, RuleError } from '../../../src/text/index.ts';

/** What is refused, and where: the code, the message and the offset. */
function refusal(query: string): readonly [string, string, number] {
  try {
    compileEql(createSource('hostile', query));
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    error.render();
    return [error.code, error.message, error.span.start];
  }
  throw new Error('not refused');
}

function conditionOf(query: string): Condition {
  const compiled = compileEql(createSource('hostile', query)).query;
  if (compiled.kind !== 'event') throw new Error('no event query');
  return compiled.condition;
}

const DEEP = 'A condition is nested at most 200 deep.';

const DEPTHS = [
  { name: 'parentheses', text: '(', places: 199 },
  { name: 'not', text: 'not ', places: 199 },
  { name: 'minus', text: '-', places: 199 },
  { name: 'function calls', text: 'f(', places: 199 },
  { name: 'lists', text: 'a in (', places: 199 },
];

for (const { name, text, places } of DEPTHS) {
  test(`10,000 nested ${name} end where the depth is passed`, (t) => {
    const query = `any where ${text.repeat(10_000)}`;
    const [code, message, start] = refusal(query);
    t.is(code, 'EQL_LIMIT');
    t.is(message, DEEP);
    t.true(start >= 10 + places * text.length && start <= 10 + (places + 2) * text.length, String(start));
  });
}

test('nesting up to the limit is kept, lowered, simplified and printed', (t) => {
  const query = `any where ${'not ('.repeat(99)}a == 1${')'.repeat(99)}`;
  t.true(printCondition(simplify(conditionOf(query))).includes('a == 1'));
  t.true(printEql(parseEql(createSource('deep', query))).length > 300);
});

test('a query of 10 MB is refused at the limit of its length', (t) => {
  const query = `any where a == 1 ${'or a == 1 '.repeat(1_000_000)}`;
  t.deepEqual(refusal(query), [
    'EQL_LIMIT',
    'A query has at most 5000000 characters, found 10000017.',
    5_000_000,
  ]);
});

test('one text of four million characters is a text', (t) => {
  const condition = conditionOf(`any where a == "${'x'.repeat(4_000_000)}"`);
  t.true(condition.kind === 'compare' && condition.right.kind === 'literal');
});

test('one name, one number, one comment of four million characters are read in one go', (t) => {
  const long = 4_000_000;
  t.is(conditionOf(`any where ${'a'.repeat(long)}`).kind, 'truthy');
  t.is(conditionOf(`any where \`${'a``'.repeat(long / 4)}\``).kind, 'truthy');
  t.is(conditionOf(`any where /*${' /*'.repeat(long / 4)} */ true`).kind, 'constant');
  t.is(conditionOf(`any where ${'/* /* */ */'.repeat(long / 11)} true`).kind, 'constant');
  t.is(conditionOf(`any where ${'/* /* */'.repeat(long / 8)} true`).kind, 'constant');
  t.deepEqual(refusal(`any where a == ${'9'.repeat(long)}`), ['EQL_SYNTAX', 'The number is too large.', 15]);
});

test('a sequence of a million steps is refused at the first too many', (t) => {
  const step = '[any where a]';
  const [code, message, start] = refusal(`sequence${step.repeat(300_000)}`);
  t.is(code, 'EQL_LIMIT');
  t.is(message, 'A query has at most 1000 steps.');
  t.is(start, 8 + 1_000 * step.length);
});

test('runs count as steps', (t) => {
  const step = '[any where a] with runs=100 ';
  t.is(refusal(`sequence ${step.repeat(11)}`)[1], 'A query has at most 1000 steps.');
  const compiled = compileEql(createSource('runs', `sequence ${step.repeat(10)}`)).query;
  t.is(compiled.kind === 'sequence' && compiled.steps.length, 1_000);
});

test('a list of 100,000 values is a list', (t) => {
  const values = Array.from({ length: 100_000 }, (_, at) => `"value-${at}"`).join(', ');
  const condition = conditionOf(`any where a : (${values})`);
  t.is(condition.kind === 'oneOf' && condition.values.length, 100_000);
  const patterns = conditionOf(`any where a like (${values.replaceAll('-', '*')})`);
  t.is(patterns.kind === 'like' && patterns.patterns.length, 100_000);
});

test('a chain of 50,000 terms is one node', (t) => {
  const condition = conditionOf(`any where ${'a == 1 or '.repeat(49_999)}a == 1`);
  t.is(condition.kind === 'or' && condition.args.length, 50_000);
  t.is(simplify(condition).kind, 'compare');
});

test('a sum of 10,000 terms ends at the limit of operators', (t) => {
  const [code, message, start] = refusal(`any where a${' + 1'.repeat(10_000)} == 1`);
  t.is(code, 'EQL_LIMIT');
  t.is(message, 'A query has at most 1000 arithmetic operators.');
  t.is(start, 11 + 1_000 * 4 + 1);
});

test('a sum as long as the limit allows is kept', (t) => {
  const condition = conditionOf(`any where a${' + 1'.repeat(1_000)} == 1`);
  t.true(printCondition(simplify(condition)).startsWith('add('));
});

test('NUL and lone surrogates are characters of a text and nothing else', (t) => {
  const condition = conditionOf('any where a == "\0\ud800x\udc00"');
  t.true(condition.kind === 'compare' && condition.right.kind === 'literal');
  if (condition.kind === 'compare' && condition.right.kind === 'literal') {
    t.is(condition.right.value, '\0\ud800x\udc00');
  }
  t.deepEqual(refusal('any where \0'), [
    'EQL_SYNTAX',
    'Expected a field, a value or a function, found U+0000.',
    10,
  ]);
  t.deepEqual(refusal('any where \ud800'), [
    'EQL_SYNTAX',
    'Expected a field, a value or a function, found U+D800.',
    10,
  ]);
  t.deepEqual(refusal('any where a \udc00'), [
    'EQL_SYNTAX',
    'Expected "and", "or" or "|", found U+DC00.',
    12,
  ]);
});

test('a long token is cut in an error text', (t) => {
  t.is(
    refusal(`any where a ${'b'.repeat(1_000)}`)[1],
    `Expected "and", "or" or "|", found "${'b'.repeat(40)}…".`,
  );
});

test('names of objects are names', (t) => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    t.is(refusal(`any where ${name}(a)`)[1], `Unknown function "${name}".`);
    t.is(conditionOf(`any where ${name}`).kind, 'truthy');
    t.is(refusal(`any where a | ${name}`)[1], `Expected "head" or "tail", found "${name}".`);
  }
});
