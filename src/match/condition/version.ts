const MOST_IDENTIFIERS = 32;
const LONGEST_NUMBER = 127;
const NUMBER = '\x01';
const BEFORE_RELEASE = '\x02';
const RELEASE = '\x03';

/**
 * Gives a text that orders as Elasticsearch's `version` field does (`VersionEncoder`): numbers by value, a
 * pre-release (`-rc.1`) before its release, a build (`+5`) after it by its characters. What is no version comes
 * after all versions, by its characters.
 */
export function versionKey(text: string): string {
  const [withoutBuild, build] = cut(text, '+');
  const [main, preRelease] = cut(withoutBuild, '-');
  if (!isMain(main) || !isPreRelease(preRelease) || !isBuild(build)) return text === '' ? RELEASE : text;
  const release = preRelease === '' ? RELEASE : BEFORE_RELEASE + encodePreRelease(preRelease);
  return encodeNumbers(main) + release + build;
}

/** Splits before the first separator that is not the first character. */
function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at > 0 ? [text.slice(0, at), text.slice(at)] : [text, ''];
}

function isMain(main: string): boolean {
  return identifiers(main).every((part) => /^(0|[1-9]\d*)$/.test(part)) && isShort(main);
}

function isPreRelease(preRelease: string): boolean {
  const legal = /^(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)$/;
  return (
    preRelease === '' ||
    (isShort(preRelease) && identifiers(preRelease.slice(1)).every((part) => legal.test(part)))
  );
}

function isBuild(build: string): boolean {
  return (
    build === '' ||
    (isShort(build) && identifiers(build.slice(1)).every((part) => /^[0-9a-zA-Z-]+$/.test(part)))
  );
}

function identifiers(text: string): string[] {
  return text.split('.', MOST_IDENTIFIERS + 1);
}

function isShort(text: string): boolean {
  return identifiers(text).length <= MOST_IDENTIFIERS && !new RegExp(`\\d{${LONGEST_NUMBER + 1}}`).test(text);
}

function encodePreRelease(preRelease: string): string {
  const parts = identifiers(preRelease.slice(1)).map((part) =>
    /^\d+$/.test(part) ? encodeNumbers(part) : part,
  );
  return `-${parts.join('.')}`;
}

/** Puts the count of digits before each number, so that longer numbers come later. */
function encodeNumbers(text: string): string {
  return text.replace(/\d+/g, (digits) => NUMBER + String.fromCharCode(0x80 | digits.length) + digits);
}
