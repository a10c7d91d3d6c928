import test from 'ava';
import fc from 'fast-check';
import { RecentTexts } from '../../src/text/index.ts';

test('what was remembered for a text comes back for it and for no other', (t) => {
  const text = fc.string({ maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), text), { maxLength: 60 }), (acts) => {
      const recent = new RecentTexts<string>();
      const given = new Set<string>();
      for (const [isSet, one] of acts) {
        if (isSet) {
          recent.set(one, `of ${one}`);
          given.add(one);
          t.is(recent.get(one), `of ${one}`, 'the last one is there');
        }
        t.true([undefined, `of ${one}`].includes(recent.get(one)));
        if (!given.has(one)) t.is(recent.get(one), undefined);
      }
    }),
  );
});

test('an empty text is a text like others', (t) => {
  const recent = new RecentTexts<number>();
  t.is(recent.get(''), undefined);
  recent.set('', 1);
  t.is(recent.get(''), 1);
});

test('texts without end are not kept', (t) => {
  const recent = new RecentTexts<number>();
  const long = 'x'.repeat(100_000);
  recent.set(long, 1);
  t.is(recent.get(long), undefined);
});

test('of command lines that differ in one word most are remembered', (t) => {
  const recent = new RecentTexts<number>();
  const lines = Array.from(
    { length: 300 },
    (_, i) => `/usr/lib/gcc/cc1 -quiet -I. file${i}.c -O2 -o /tmp/a.s`,
  );
  for (const [i, line] of lines.entries()) recent.set(line, i);
  const known = lines.filter((line, i) => recent.get(line) === i).length;
  t.true(known > 150, `${known}`);
});
