import test from 'ava';
import fc from 'fast-check';
import { argsOf } from '../../src/process/index.ts';

/** Words as osquery joins them: in the order of the names a0, a1, a10, a11, … a2. */
function scramble(words: readonly string[]): string {
  return words
    .map((word, index) => ({ word, name: `a${index}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ word }) => word)
    .join(' ');
}

/** Any text without a space, and what command lines are full of; no interpreter, whose scripts have a test of their own. */
const word = fc
  .oneof(
    { weight: 3, arbitrary: fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }) },
    fc.constantFrom(
      '-c',
      '-e',
      '-ce',
      '--',
      '-',
      '"',
      '""',
      '10',
      '0',
      '/usr/bin/find',
      '{}',
      ';',
      '\\',
      '=',
      '16000',
    ),
  )
  .filter(
    (text) => !text.includes(' ') && !/(?:sh|python|perl|ruby|php|node|lua|busybox|osascript)/.test(text),
  );

test('every command line of 2 to 60 words without spaces comes back in order', (t) => {
  const words = fc.array(word, { minLength: 2, maxLength: 60 }).filter(([first]) => !first!.startsWith('"'));
  fc.assert(
    fc.property(words, (wanted) => {
      const args = argsOf(scramble(wanted), 'audit');
      t.deepEqual(args.words, wanted);
      t.is(args.fidelity, wanted.length > 10 ? 'reordered' : 'split');
      t.is(args.line, wanted.join(' '));
    }),
    { numRuns: 1_000 },
  );
});

test('the scrambled echo of fourteen words that osquery logged is put in order', (t) => {
  const args = argsOf('/bin/echo a0x 9 10 11 12 13 1 2 3 4 5 6 7 8', 'audit');
  t.is(args.line, '/bin/echo a0x 1 2 3 4 5 6 7 8 9 10 11 12 13');
});

test('a script given to a shell keeps its order and is an argument of its own', (t) => {
  const script = 'for i in 1 2 3; do echo $i; done; ls -la /tmp /var';
  const args = argsOf(`/bin/sh -c ${script}`, 'audit');
  t.is(args.fidelity, 'split');
  t.is(args.script, script);
  t.deepEqual(args.words.slice(0, 3), ['/bin/sh', '-c', 'for']);
  t.is(argsOf('grep -c one two', 'audit').script, null);
  t.is(argsOf(`sudo bash -lc ${script}`, 'audit').script, script);
});

test('empty arguments are dropped after they were counted for the order', (t) => {
  const words = ['echo', 'one', '', ...Array.from({ length: 9 }, (_, index) => `w${index}`)];
  const args = argsOf(scramble(words), 'audit');
  t.deepEqual(
    args.words,
    words.filter((one) => one !== ''),
  );
});

const long = (length: number): string => 'x'.repeat(length);
const cutCases: readonly { name: string; line: string; fidelity: string; last?: string }[] = [
  { name: 'an argument of 7,000 bytes', line: `echo ${long(7_000)}`, fidelity: 'split', last: long(7_000) },
  {
    name: 'an argument that was cut, and its length',
    line: `echo ${long(3_700)} 16000`,
    fidelity: 'cut',
    last: long(3_700),
  },
  {
    name: 'a plain argument that was cut',
    line: `echo ${long(7_380)} 8000`,
    fidelity: 'cut',
    last: long(7_380),
  },
  {
    name: '500 short arguments',
    line: scramble(Array.from({ length: 580 }, (_, i) => `w${i}`)),
    fidelity: 'cut',
  },
  {
    name: 'a script of 4,000 bytes, which audit writes in hexadecimal',
    line: `sh -c ${'echo hi; '.repeat(440)}`,
    fidelity: 'cut',
  },
  { name: 'a usual line', line: 'ls -l /tmp', fidelity: 'split' },
  { name: 'a number at the end', line: 'sleep 16000', fidelity: 'split', last: '16000' },
];
for (const { name, line, fidelity, last } of cutCases) {
  test(`${name}: ${fidelity}`, (t) => {
    const args = argsOf(line, 'audit');
    t.is(args.fidelity as string, fidelity);
    if (last !== undefined) t.is(args.words.at(-1), last);
  });
}

test('a cut line of many arguments is in order as far as it goes', (t) => {
  const words = Array.from({ length: 580 }, (_, index) => `w${index}`);
  t.deepEqual(argsOf(scramble(words), 'audit').words, words);
});

test('the quotes and hexadecimal of older osquery are undone', (t) => {
  const args = argsOf('"/bin/sh" "-c" 6563686F206869 "a b"', 'audit');
  t.deepEqual(args.words, ['/bin/sh', '-c', 'echo hi', 'a b']);
  t.deepEqual(argsOf('"half open', 'audit').words, ['"half', 'open']);
});

test('quoted lines of macOS and lines of Windows are split as they were joined', (t) => {
  t.deepEqual(argsOf('/bin/sh -c "echo \\"hi\\" there" x ', 'quoted').words, [
    '/bin/sh',
    '-c',
    'echo "hi" there',
    'x',
  ]);
  t.deepEqual(argsOf('"C:\\Program Files\\a.exe" /c "say \\"hi\\"" C:\\dir\\ x', 'windows').words, [
    ...['C:\\Program Files\\a.exe', '/c', 'say "hi"', 'C:\\dir\\', 'x'],
  ]);
});

test('any text is split, also one of a megabyte, and nothing is thrown', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('audit', 'plain', 'quoted', 'windows'),
      (line, form) => {
        t.false(argsOf(line, form).words.includes(''));
      },
    ),
  );
  for (const line of [
    ' '.repeat(1_000_000),
    '"'.repeat(1_000_000),
    'a '.repeat(500_000),
    '\\'.repeat(1_000_000),
  ]) {
    for (const form of ['audit', 'plain', 'quoted', 'windows'] as const)
      t.is(argsOf(line, form).fidelity, 'cut');
  }
});
