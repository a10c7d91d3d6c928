import test from 'ava';
import { type Expression, parseEql } from '../../../src/lang/eql/index.ts';
import { createSource, embedSource, RuleError } from '../../../src/text/index.ts';

function conditionOf(query: string): Expression {
  const parsed = parseEql(createSource('rule.eql', query)).query;
  if (parsed.kind !== 'eventFilter') throw new Error('no event query');
  return parsed.condition;
}

test('a node covers its text, without the parentheses around it', (t) => {
  const query = 'process where not (a.b == -1) and f( "x" ) : ("y", "z")  ';
  const texts: string[] = [];
  const collect = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { kind, span } = node as { kind?: string; span?: { start: number; end: number } };
    if (kind !== undefined && span !== undefined) texts.push(`${kind}: ${query.slice(span.start, span.end)}`);
    for (const [key, value] of Object.entries(node)) if (key !== 'span') collect(value);
  };
  collect(parseEql(createSource('rule.eql', query)));
  t.deepEqual(texts, [
    'statement: process where not (a.b == -1) and f( "x" ) : ("y", "z")',
    'eventFilter: process where not (a.b == -1) and f( "x" ) : ("y", "z")',
    'and: not (a.b == -1) and f( "x" ) : ("y", "z")',
    'not: not (a.b == -1)',
    'comparison: a.b == -1',
    'field: a.b',
    'value: -1',
    'textMatch: f( "x" ) : ("y", "z")',
    'call: f( "x" )',
    'value: "x"',
    'value: "y"',
    'value: "z"',
  ]);
});

test('a tree is frozen all through', (t) => {
  const thawed: unknown[] = [];
  const check = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (!Object.isFrozen(node)) thawed.push(node);
    Object.values(node).forEach(check);
  };
  check(parseEql(createSource('a', 'a where f(b[0], 1) in (2) and not -c == d + 1 and e : ("x") | head 1')));
  check(
    parseEql(
      createSource(
        'b',
        'sequence by a with maxspan=1s [a where b] by c ![d where e] by f until [g where h] by i',
      ),
    ),
  );
  check(parseEql(createSource('c', 'sample by a [b where c] [d where e]')));
  t.deepEqual(thawed, []);
});

test('an error is placed in the file that the query was taken from', (t) => {
  const file = createSource('sudo.toml', "[rule]\nquery = '''\nprocess where (a == 1 where\n'''\n");
  const start = file.text.indexOf('process');
  const query = embedSource(file, file.text.slice(start, file.text.indexOf("\n'''", start)), start);
  const error = t.throws(() => parseEql(query), { instanceOf: RuleError });
  t.is(
    error?.render(),
    [
      'sudo.toml:3:23: EQL_SYNTAX: Expected "and", "or" or ")", found "where".',
      "2 | query = '''",
      '3 | process where (a == 1 where',
      '  |                       ^',
    ].join('\n'),
  );
});

test('space is blank, tab, carriage return and line feed', (t) => {
  t.is(conditionOf('a\r\nwhere\t\r b').kind, 'field');
  t.throws(() => conditionOf('a\u00a0where b'), { message: 'Expected "where", found U+00A0.' });
});

test('a text keeps what looks like a comment', (t) => {
  const condition = conditionOf('a where b == "/* // */" // "');
  t.true(condition.kind === 'comparison' && condition.right.kind === 'value');
});
