const QUOTE = 0x22;

/** What to write for a byte, where that is not the byte itself. */
const ESCAPES: readonly (Buffer | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const short = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' }[byte];
  if (short !== undefined) return Buffer.from(short);
  return byte < 0x20 ? Buffer.from(`\\u${byte.toString(16).toUpperCase().padStart(4, '0')}`) : undefined;
});

/**
 * A JSON string of these bytes, quotes included, escaped as rapidjson does it: short escapes where JSON has them, else
 * four hexadecimal digits in upper case. Bytes that are no UTF-8 stay as they are, as core writes them.
 * A batch of events is megabytes: loops over indices, for an iterator or a replacement costs seven times as much.
 */
export function writeJsonText(value: Uint8Array): Buffer {
  let length = value.length + 2;
  for (let at = 0; at < value.length; at++) {
    const written = ESCAPES[value[at]!];
    if (written !== undefined) length += written.length - 1;
  }
  const out = Buffer.allocUnsafe(length);
  out[0] = QUOTE;
  let end = 1;
  for (let at = 0; at < value.length; at++) {
    const byte = value[at]!;
    const written = ESCAPES[byte];
    if (written === undefined) out[end++] = byte;
    else for (let part = 0; part < written.length; part++) out[end++] = written[part]!;
  }
  out[end] = QUOTE;
  return out;
}
