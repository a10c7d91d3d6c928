import test from 'ava';
import { compileRegex, type RegexProblem } from '../../src/rule/index.ts';

function fits(pattern: string, text: string, ignoreCase = false): boolean | RegexProblem {
  const compiled = compileRegex(pattern, { dialect: 'lucene', ignoreCase });
  return typeof compiled === 'function' ? compiled(text) : compiled;
}

/** After Lucene's `RegExp`: pattern, texts that fit, texts that do not. */
const fitting: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['abc', ['abc'], ['abcd', 'xabc', 'ABC', '']],
  ['', [''], ['a']],
  ['()', [''], ['a']],
  ['a.c', ['abc', 'a\nc', 'a😀c'], ['ac', 'abbc']],
  ['a|bc|d', ['a', 'bc', 'd'], ['b', 'ad']],
  ['a?b*c+', ['c', 'abbcc', 'bc'], ['ab', 'aac']],
  ['.*?net1[ ]+x', ['net1 x', 'a net1   x'], ['net1x']],
  ['a+?', ['', 'a', 'aa'], ['b']],
  ['a{2}', ['aa'], ['a', 'aaa']],
  ['a{2,}', ['aa', 'aaaa'], ['a']],
  ['a{1,2}b{0}', ['a', 'aa'], ['', 'aaa', 'ab']],
  ['[a-cx]', ['a', 'b', 'x'], ['d', '-']],
  ['[^a-c]', ['d', '\n', '😀'], ['a', '']],
  ['[]a]', [']', 'a'], ['b']],
  ['[.*]+', ['.*', '.'], ['a']],
  ['[\\]\\-]', [']', '-'], ['\\']],
  ['^a$', ['^a$'], ['a']],
  ['a\\.b\\*', ['a.b*'], ['axbb']],
  ['"a.b*"c', ['a.b*c'], ['axbc']],
  ['\\d\\D\\s\\S\\w\\W', ['1a b_-'], ['aa b_-']],
  ['[\\d\\s]+', ['1 2\t3'], ['a']],
  ['@', ['', 'any\nthing'], []],
  ['a@b', ['ab', 'axxb'], ['a']],
  ['#', [], ['', '#']],
  ['\\#\\@\\&\\~', ['#@&~'], []],
  ['<1-100>', ['1', '57', '100', '007'], ['0', '101', 'x']],
  ['<001-100>', ['001', '057', '100'], ['57', '101', '0057']],
  ['<95-1203>', ['95', '99', '100', '999', '1203', '01000'], ['94', '1204', '9']],
  ['<9-2>', ['2', '9'], ['1', '10']],
  ['a<0-9>b', ['a0b', 'a9b'], ['ab', 'a10b', 'a00b']],
  ['}]', ['}]'], []],
  ['(a|(b|c)d)*', ['', 'abdcd'], ['b']],
  ['\u{1f600}+', ['😀😀'], ['\ud83d']],
];

for (const [pattern, yes, no] of fitting) {
  test(`Lucene's ${pattern === '' ? 'empty expression' : pattern} fits whole texts`, (t) => {
    for (const text of yes) t.true(fits(pattern, text), text);
    for (const text of no) t.false(fits(pattern, text), text);
  });
}

test('without case, single characters fit all their forms and ranges only themselves, as in Lucene', (t) => {
  t.true(fits('abck', 'ABC\u212a', true));
  t.true(fits('[xk]', 'X', true));
  t.true(fits('"abc"', 'aBc', true));
  t.false(fits('[a-z]', 'X', true));
  t.false(fits('[^k]', 'K', true));
});

const refused: readonly (readonly [string, RegexProblem['kind'], string, number])[] = [
  ['a|', 'malformed', 'Expected a character, found the end.', 2],
  ['(ab', 'malformed', 'Expected ")", found the end.', 3],
  ['ab)', 'malformed', 'Expected the end, found ")".', 2],
  ['[ab', 'malformed', 'Expected "]", found the end.', 3],
  ['x[b-a]', 'malformed', 'A range is out of order.', 2],
  ['a{x}', 'malformed', 'Expected a number, found "x".', 2],
  ['a{2,1}', 'malformed', 'Repetition counts are out of order.', 2],
  ['a{2', 'malformed', 'Expected "}", found the end.', 3],
  ['"ab', 'malformed', 'Expected a closing quote (").', 3],
  ['a\\q', 'malformed', 'There is no "\\q".', 1],
  ['<1-', 'malformed', 'Expected ">".', 3],
  ['<1-x>', 'malformed', 'Expected a range of numbers such as "<1-9>".', 0],
  ['a~b', 'unsupported', 'Unsupported: complement ("~"). Put a backslash before it for the character.', 1],
  ['a&b', 'unsupported', 'Unsupported: intersection ("&"). Put a backslash before it for the character.', 1],
  ['<name>', 'unsupported', 'Unsupported: a named automaton ("<name>").', 0],
  ['a{5000}', 'unsupported', 'Unsupported: more than 1000 repetitions.', 2],
  ['('.repeat(300) + ')'.repeat(300), 'unsupported', 'Unsupported: groups nested more than 200 deep.', 200],
];

for (const [pattern, kind, message, offset] of refused) {
  test(`${pattern.slice(0, 20)} is ${kind}`, (t) =>
    t.deepEqual(fits(pattern, ''), { kind, message, offset }));
}

test('repetitions of repetitions that RE2 refuses are unsupported', (t) => {
  t.is((fits('(a{1000}){1000}', '') as RegexProblem).kind, 'unsupported');
});

test('expressions that kill backtracking engines end', (t) => {
  t.false(fits('(a+)+b', 'a'.repeat(10_000)));
  t.false(fits('(a|a)*b', 'a'.repeat(100_000)));
  t.false(fits('(.*a){12}b', 'a'.repeat(100_000)));
  t.true(fits('(a*)*', 'a'.repeat(100_000)));
});

test("Sigma's expressions are RE2's and fit anywhere", (t) => {
  const compiled = compileRegex('^b+$|x', { dialect: 're2', ignoreCase: true });
  t.true(typeof compiled === 'function' && compiled('aXa') && compiled('BB') && !compiled('abba'));
  t.is((compileRegex('(', { dialect: 're2', ignoreCase: false }) as RegexProblem).kind, 'malformed');
});
