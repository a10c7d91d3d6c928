/**
 * Writes a text of ASCII alone; `bytes` has room for it at `at`. False for any other text: what was written there
 * means nothing then. For brief texts faster than a call of Node's own encoder.
 */
export function writeAscii(bytes: Uint8Array, at: number, text: string): boolean {
  const { length } = text;
  let units = 0;
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i);
    units |= unit;
    bytes[at + i] = unit;
  }
  return units <= 0x7f;
}
