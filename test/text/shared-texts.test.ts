import test from 'ava';
import fc from 'fast-check';
import { SharedTexts } from '../../src/text/index.ts';

test('a shared text is the text that was given, whatever came before it', (t) => {
  const texts = new SharedTexts();
  const long = fc.integer({ min: 9, max: 1100 }).map((length) => 'x'.repeat(length));
  const alike = fc.tuple(
    fc.constantFrom('/usr/bin/', 'é'.repeat(70), '日本語'.repeat(40)),
    fc.nat({ max: 99 }),
  );
  const text = fc.oneof(
    fc.string(),
    long,
    alike.map(([stem, number]) => `${stem}${number}`),
  );
  t.notThrows(() => fc.assert(fc.property(text, (one) => texts.share(one) === one)));
});
