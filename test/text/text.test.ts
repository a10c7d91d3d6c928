import test from 'ava';
import { createSource, embedSource, locate, RuleError, suggest } from '../../src/text/index.ts';

const file = createSource('rules/sudo.toml', "[rule]\nquery = '''\nprocess where (a == 1 where\n'''\n");
const query = embedSource(file, 'process where (a == 1 where\n', file.text.indexOf('process'));

test('an offset in an embedded query is found in the file that the author edits', (t) => {
  const { line, column } = locate(query, 22);
  t.deepEqual([line, column], [3, 23]);
});

test('offsets out of range are clamped to the text', (t) => {
  t.is(locate(query, 999).line, 4);
  t.deepEqual([locate(file, -5).line, locate(file, -5).column], [1, 1]);
});

test('an error is rendered with file, line, column, and an excerpt with a caret', (t) => {
  const error = new RuleError('Expected ")", found "where".', {
    code: 'EQL_SYNTAX',
    source: query,
    span: { start: 22, end: 27 },
  });
  t.is(
    error.render(),
    [
      'rules/sudo.toml:3:23: EQL_SYNTAX: Expected ")", found "where".',
      "2 | query = '''",
      '3 | process where (a == 1 where',
      '  |                       ^',
    ].join('\n'),
  );
});

test('an error of a file that has no text is its headline alone', (t) => {
  const source = createSource('rules/none', '');
  const error = new RuleError('There is no such file.', {
    code: 'FILE_READ',
    source,
    span: { start: 0, end: 0 },
  });
  t.is(error.render(), 'rules/none:1:1: FILE_READ: There is no such file.');
});

test('a hint follows the message on the same line', (t) => {
  const error = new RuleError('Unknown field "a".', {
    code: 'FIELD',
    source: file,
    span: { start: 0, end: 1 },
    hint: 'Did you mean "b"?',
  });
  t.is(error.headline(), 'rules/sudo.toml:1:1: FIELD: Unknown field "a". Did you mean "b"?');
});

test('a long line is shown as a window around the caret, control characters made visible', (t) => {
  const source = createSource('x', `${'a'.repeat(500)}\u0000\u001b[31m${'b'.repeat(500)}`);
  const shown = new RuleError('Bad.', { code: 'X', source, span: { start: 500, end: 501 } }).render();
  const [, line = '', caret = ''] = shown.split('\n');
  t.true(line.length < 120);
  t.is(line[caret.indexOf('^')], '\u{fffd}');
  t.false(shown.includes('\u001b'));
});

test('a near word is suggested, a far one is not', (t) => {
  const words = ['process.name', 'process.pid', 'file.path'];
  t.is(suggest('proces.name', words), 'Did you mean "process.name"?');
  t.is(suggest('dns.question', words), undefined);
  t.is(suggest('x'.repeat(10_000), words), undefined);
});
