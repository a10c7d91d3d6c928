import { inflateSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { packJson } from '../../../src/agent/live/pack-json.ts';

const MOST = 1 << 24;

test('a packed value is the text that JSON.stringify makes of it', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 12 }), async (value) => {
      const packed = await packJson(value, MOST);
      t.is(inflateSync(packed!).toString(), JSON.stringify(value));
    }),
  );
});

const LONG = Array.from({ length: 10_000 }, (_, at) => [
  at,
  `text ${at} \u{1f600}"\n`,
  null,
  { at, none: undefined },
]);

test('lists that are long, and what JSON cannot say, are packed alike', async (t) => {
  for (const value of [
    LONG,
    { records: LONG, none: undefined, deep: [[LONG]] },
    [undefined, Number.NaN],
    [],
  ]) {
    const packed = await packJson(value, MOST);
    t.is(inflateSync(packed!).toString(), JSON.stringify(value));
  }
});

test('what is too large is left out', async (t) => {
  t.is(await packJson(LONG, 1_000), null);
});
