const NON_ASCII = /[^\x00-\x7f]/;

/**
 * Gives the text that all spellings of a text which differ in case alone have in common: Unicode's simple case
 * folding, the C and S mappings of https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt, as Lucene
 * does it for case-insensitive regular expressions (`ß` is `ẞ` but not `ss`; Turkish has no rules of its own).
 * One code point becomes one code point of the same length in UTF-16, so offsets stay what they were.
 */
export function foldCase(text: string): string {
  return NON_ASCII.test(text) ? foldUnicode(text) : text.toLowerCase();
}

function foldUnicode(text: string): string {
  let folded = '';
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

const folds = new Map<string, string>();
const MOST_REMEMBERED = 4096;

function foldCharacter(character: string): string {
  if (character < '\x80') return character.toLowerCase();
  let folded = folds.get(character);
  if (folded === undefined) {
    folded = computeFold(character);
    if (folds.size < MOST_REMEMBERED) folds.set(character, folded);
  }
  return folded;
}

/**
 * Where folding is not the small letter of the capital letter: Cherokee folds to its capitals (added later than
 * its small letters), `İ` has no simple folding, `ı` has a capital in ASCII but no folding, and three pairs
 * share a full folding only.
 */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['\u0130', '\u0130'],
  ['\u0131', '\u0131'],
  ['\u1fd3', '\u0390'],
  ['\u1fe3', '\u03b0'],
  ['\ufb05', '\ufb06'],
]);

function computeFold(character: string): string {
  const exception = EXCEPTIONS.get(character);
  if (exception !== undefined) return exception;
  const upper = character.toUpperCase();
  if (isCherokee(character)) return upper;
  const lower = (isOne(upper) ? upper : character).toLowerCase();
  return isOne(lower) ? lower : character;
}

function isCherokee(character: string): boolean {
  return (character >= '\u13a0' && character <= '\u13ff') || (character >= '\uab70' && character <= '\uabbf');
}

function isOne(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xffff);
}

let forms: Map<string, string[]> | undefined;
const LAST_CASED_PLANE = 0x1ffff;

/** Every code point that folds to what this one folds to, itself among them. */
export function caseForms(character: string): readonly string[] {
  forms ??= collectForms();
  return forms.get(foldCharacter(character)) ?? [character];
}

/** Only what has another case can fold; to ask all code points one by one would take a tenth of a second. */
function collectForms(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const every = Array.from({ length: LAST_CASED_PLANE + 1 }, (_, code) => String.fromCodePoint(code)).join(
    '',
  );
  for (const [character] of every.matchAll(/\p{Changes_When_Casemapped}/gu)) {
    const folded = computeFold(character);
    if (folded === character) continue;
    const others = found.get(folded);
    if (others === undefined) found.set(folded, [folded, character]);
    else others.push(character);
  }
  return found;
}
