import test from 'ava';
import fc from 'fast-check';
import { createTextIndex } from '../../../src/match/candidates/text-index.ts';
import { foldCase } from '../../../src/rule/index.ts';

const letters = fc.string({
  unit: fc.constantFrom('a', 'b', 'A', 'É', 'é', '"'),
  minLength: 1,
  maxLength: 3,
});
/** As rules make them: a word, its beginning, its end or a part of it. */
const keys = fc
  .tuple(fc.boolean(), letters, fc.boolean())
  .map(([begins, word, ends]) => `${begins ? ' ' : ''}${word}${ends ? ' ' : ''}`);
const texts = fc
  .array(fc.oneof({ weight: 3, arbitrary: letters }, fc.constantFrom('', 'x'.repeat(5000))), { maxLength: 8 })
  .map((words) => words.join(' '));

test('words are found in each text, wherever and whenever they come', (t) => {
  fc.assert(
    fc.property(fc.array(keys, { minLength: 1, maxLength: 6 }), fc.array(texts), (wanted, lines) => {
      const index = createTextIndex(
        wanted.map((text, code) => [{ kind: 'word', slot: 0, text, folded: true }, code]),
      );
      for (const line of [...lines, ...lines]) {
        const found = new Set<number>();
        index.lookUp(line, (codes) => {
          for (const code of codes) found.add(code);
        });
        const among = foldCase(` ${line} `);
        const expected = wanted.flatMap((text, code) => (among.includes(foldCase(text)) ? code : []));
        t.deepEqual([...found].sort(), expected, JSON.stringify({ wanted, line: line.slice(0, 50) }));
      }
    }),
    { numRuns: 2000 },
  );
});

test('words are found across the places where a long text is cut to be scanned', (t) => {
  const index = createTextIndex([[{ kind: 'word', slot: 0, text: ' word ', folded: true }, 7]]);
  const finds = (text: string): boolean => {
    let found = false;
    index.lookUp(text, (codes) => {
      found ||= codes.includes(7);
    });
    return found;
  };
  for (let at = 16_370; at < 16_390; at += 1) {
    const text = `${'x'.repeat(at)} WORD ${'y'.repeat(20_000)}`;
    t.true(finds(text), `at ${at}`);
    t.false(finds(text.replace('WORD', 'WO RD')), `at ${at}`);
    // No longer ASCII, wherever that shows first.
    t.true(finds(`${text}é`));
    t.true(finds(`${text.slice(0, 16_383)}é${text.slice(16_384, 40_000)} word`));
    t.false(finds(text.replace('WORD', 'WÖRD')));
  }
});
