import test from 'ava';
import { caseForms } from '../../src/rule/fold.ts';
import { foldCase } from '../../src/rule/index.ts';

/** Every code point that has anything to do with case. */
const cased = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
  .filter((character) =>
    /[\p{Cased}\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]/u.test(character),
  );

/** What the engine's own regular expressions, which use Unicode's simple folding, take for the same character. */
function equals(character: string): RegExp {
  return new RegExp(`\\u{${character.codePointAt(0)!.toString(16)}}`, 'giu');
}

test('two characters fold to the same exactly when regular expressions without case take them for the same', (t) => {
  const all = cased.join('');
  const wrong = cased.filter((character) => {
    const same = new Set(all.match(equals(character)));
    const folded = foldCase(character);
    return cased.some((other) => same.has(other) && foldCase(other) !== folded) || !same.has(folded);
  });
  t.deepEqual(wrong, []);
  t.true(cased.length > 4000);
});

test('folding keeps lengths and is done once', (t) => {
  t.deepEqual(
    cased.filter((character) => foldCase(character).length !== character.length),
    [],
  );
  t.deepEqual(
    cased.filter((character) => foldCase(foldCase(character)) !== foldCase(character)),
    [],
  );
});

for (const { name, text, folded } of [
  { name: 'ASCII', text: 'Hello, World 09', folded: 'hello, world 09' },
  { name: 'the Kelvin sign is a k', text: '\u212a', folded: 'k' },
  { name: 'the capital sharp s is a small one, not two', text: 'STRASSE \u1e9e ß', folded: 'strasse ß ß' },
  { name: 'the final sigma is a sigma', text: 'ΣΑΣ ς', folded: 'σασ σ' },
  { name: 'Turkish letters keep their dots', text: 'İ ı I i', folded: 'İ ı i i' },
  { name: 'Cherokee folds to its capitals', text: '\uab70', folded: '\u13a0' },
  { name: 'letters beyond 16 bits', text: '\u{10400}', folded: '\u{10428}' },
  { name: 'a lone surrogate stays', text: 'A\ud800B', folded: 'a\ud800b' },
]) {
  test(`folding: ${name}`, (t) => t.is(foldCase(text), folded));
}

test('the case forms of a character are all that fold alike', (t) => {
  t.deepEqual([...caseForms('K')].sort(), ['K', 'k', '\u212a']);
  t.deepEqual([...caseForms('1')], ['1']);
});
