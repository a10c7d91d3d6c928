import { createDeflate } from 'node:zlib';

/** Characters of JSON that are made between two moments for other work, and compressed in them, in another thread. */
const SLICE_CHARACTERS = 1 << 16;
/** Elements of a long list that are made at once, and numbers. */
const RUN = 32;
const NUMBERS_RUN = 4096;
/** What is deeper is made in one piece. */
const PIECE_DEPTH = 8;

/**
 * A JSON value as text, deflated; null when the text is longer than `mostCharacters`. The text is never there as a
 * whole: state of tens of megabytes is saved again and again, and what is large and short-lived is what lets memory
 * grow.
 */
export async function packJson(value: unknown, mostCharacters: number): Promise<Uint8Array | null> {
  const packed: Buffer[] = [];
  const deflate = createDeflate({ level: 1 });
  deflate.on('data', (chunk: Buffer) => packed.push(chunk));
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      deflate.write(text, (error) => (error ? reject(error) : resolve()));
    });
  try {
    let [text, characters] = ['', 0];
    for (const piece of jsonPieces(value, 0)) {
      text += piece;
      characters += piece.length;
      if (characters > mostCharacters) return null;
      if (text.length < SLICE_CHARACTERS) continue;
      await write(text);
      text = '';
    }
    const ended = new Promise((resolve, reject) => deflate.once('end', resolve).once('error', reject));
    deflate.end(text);
    await ended;
    return Buffer.concat(packed);
  } finally {
    deflate.destroy();
  }
}

/** The same text as `JSON.stringify`, in pieces. */
function* jsonPieces(value: unknown, depth: number): Generator<string> {
  if (typeof value !== 'object' || value === null || depth >= PIECE_DEPTH) {
    yield JSON.stringify(value) ?? 'null';
  } else if (Array.isArray(value)) {
    yield '[';
    yield* value.length > RUN ? runs(value) : elements(value, depth);
    yield ']';
  } else {
    let separator = '{';
    for (const [name, one] of Object.entries(value)) {
      if (one === undefined) continue;
      yield `${separator}${JSON.stringify(name)}:`;
      yield* jsonPieces(one, depth + 1);
      separator = ',';
    }
    yield separator === '{' ? '{}' : '}';
  }
}

/** A long list is one of small things. */
function* runs(list: readonly unknown[]): Generator<string> {
  const run = typeof list[0] === 'number' ? NUMBERS_RUN : RUN;
  for (let at = 0; at < list.length; at += run) {
    const text = JSON.stringify(list.slice(at, at + run)).slice(1, -1);
    yield at > 0 ? `,${text}` : text;
  }
}

function* elements(list: readonly unknown[], depth: number): Generator<string> {
  for (const [index, one] of list.entries()) {
    if (index > 0) yield ',';
    yield* jsonPieces(one, depth + 1);
  }
}
