import test from 'ava';
import fc from 'fast-check';
import { textsIn } from '../../../src/match/condition/regex-texts.ts';
import { compileRegex } from '../../../src/rule/index.ts';

/** A piece of a regular expression, and texts that fit it. */
interface Piece {
  readonly pattern: string;
  readonly fits: readonly string[];
}

const atoms: readonly Piece[] = [
  { pattern: 'a', fits: ['a'] },
  { pattern: 'b', fits: ['b'] },
  { pattern: '\\.', fits: ['.'] },
  { pattern: '.', fits: ['a', 'x', '/'] },
  { pattern: '[ab]', fits: ['a', 'b'] },
  { pattern: '[^a]', fits: ['b', 'x'] },
  { pattern: '(ab|b)', fits: ['ab', 'b'] },
  { pattern: '(a(b)?)', fits: ['a', 'ab'] },
  { pattern: '\\d', fits: ['1', '9'] },
  { pattern: '/', fits: ['/'] },
];
const signs: readonly { readonly sign: string; readonly times: readonly number[] }[] = [
  { sign: '', times: [1] },
  { sign: '?', times: [0, 1] },
  { sign: '*', times: [0, 1, 3] },
  { sign: '+', times: [1, 3] },
  { sign: '{2}', times: [2] },
  { sign: '{0,2}', times: [0, 2] },
];

const part = fc
  .record({ atom: fc.constantFrom(...atoms), sign: fc.constantFrom(...signs), at: fc.nat(), times: fc.nat() })
  .map(({ atom, sign, at, times }) => ({
    pattern: atom.pattern + sign.sign,
    text: atom.fits[at % atom.fits.length]!.repeat(sign.times[times % sign.times.length]!),
  }));

for (const dialect of ['lucene', 're2'] as const) {
  test(`${dialect}: whatever a regular expression fits has the texts that it cannot do without`, (t) => {
    let sure = 0;
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (some) => {
        const pattern = some.map((one) => one.pattern).join('');
        const text = some.map((one) => one.text).join('');
        const fits = compileRegex(pattern, { dialect, ignoreCase: false });
        if (typeof fits === 'object') return;
        t.true(fits(text), `${pattern} on ${text}`);
        const { parts, isPrefix } = textsIn(pattern, dialect);
        sure += parts.length;
        for (const one of parts) t.true(text.includes(one), `${pattern} on ${text}: ${one}`);
        if (isPrefix) t.true(text.startsWith(parts[0]!), `${pattern} on ${text}: begins with ${parts[0]}`);
      }),
      { numRuns: 2000 },
    );
    t.true(sure > 500);
  });
}

test('alternatives outside of groups are left alone', (t) => {
  t.deepEqual(textsIn('ab|c', 'lucene').parts, []);
  t.deepEqual(textsIn('.*[0-9]{1,3}:[0-9]{1,5}', 'lucene').parts, [':']);
});
