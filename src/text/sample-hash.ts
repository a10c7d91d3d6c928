const SAMPLES = 64;

/** Mixes a text into a hash by its length and at most 64 of its characters, so that a long text costs no more. */
export function sampleHash(text: string, seed: number): number {
  const { length } = text;
  let hash = (Math.imul(seed, 31) + length) | 0;
  if (length <= SAMPLES) {
    for (let at = 0; at < length; at += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    return hash;
  }
  const step = length / SAMPLES;
  for (let at = 0; at < length; at += step) hash = (Math.imul(hash, 31) + text.charCodeAt(at | 0)) | 0;
  return hash;
}

/** The cell of a hash in a table whose size is a power of two. */
export function cellOf(hash: number, cells: number): number {
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (cells - 1);
}
