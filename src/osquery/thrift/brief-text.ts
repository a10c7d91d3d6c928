/**
 * Writes a text of ASCII alone with its length of four bytes before it; the text has fewer than 256 characters, and
 * `bytes` has room at `at`. False for any other text: what was written there means nothing then.
 */
export function writeBriefText(bytes: Uint8Array, at: number, text: string): boolean {
  const { length } = text;
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    bytes[at + 4 + i] = unit;
  }
  bytes[at] = 0;
  bytes[at + 1] = 0;
  bytes[at + 2] = 0;
  bytes[at + 3] = length;
  return true;
}
