const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** rapidjson's escapes: short ones where JSON has them, else four hexadecimal digits in upper case; no other byte is touched. */
const ESCAPES: readonly (Buffer | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE || byte === BACKSLASH) return Buffer.from(`\\${String.fromCharCode(byte)}`);
  if (byte >= 0x20) return undefined;
  const short = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r' }[byte];
  return Buffer.from(
    short === undefined ? `\\u${byte.toString(16).toUpperCase().padStart(4, '0')}` : `\\${short}`,
  );
});

/** A JSON string of these bytes, quotes included. */
export function writeJsonText(value: Uint8Array): Buffer {
  let length = value.length + 2;
  for (const byte of value) length += (ESCAPES[byte]?.length ?? 1) - 1;
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  out[at++] = QUOTE;
  for (const byte of value) {
    const escaped = ESCAPES[byte];
    if (escaped === undefined) out[at++] = byte;
    else at += escaped.copy(out, at);
  }
  out[at] = QUOTE;
  return out;
}
