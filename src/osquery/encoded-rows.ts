import { RowWriter } from './row-writer.ts';
import { MessageReader } from './thrift/reader.ts';

/** A block ends with the row that reaches so much: about what a UNIX socket takes at once. */
const BLOCK_BYTES = 1 << 17;

/** Writes the cells of one row; those that it leaves out are NULL. */
export type WriteRow = (at: number, row: RowWriter) => void;

/**
 * Rows in the very bytes in which they go over the wire, made block by block while they are sent. A table of tens of
 * thousands of rows answers with these: as objects, each row and its numbers' texts would be made to be read once;
 * as one piece, the answer would be tens of megabytes of new memory, which the system takes longer to hand out than
 * it takes to write the rows.
 *
 *     new EncodedRows(['pid', 'path'], processes.length, (at, row) => {
 *       row.integer(0, processes[at].pid);
 *       row.text(1, processes[at].path);
 *     });
 *
 * The first block is made at once, so that what fails at any row mostly fails there, and in time to be told.
 */
export class EncodedRows {
  /** How many rows there are in all. */
  readonly length: number;
  readonly #write: WriteRow;
  readonly #writer: RowWriter;
  /** How many rows were written. */
  #written = 0;
  #isTaken = false;

  constructor(columns: readonly string[], length: number, write: WriteRow) {
    this.length = length;
    this.#write = write;
    this.#writer = new RowWriter(columns);
    this.#fill();
  }

  /** Whether all rows not taken yet are in the next block. */
  get isLast(): boolean {
    return this.#written === this.length;
  }

  /** The next rows as elements of a Thrift list of maps, to be read before the next are taken; null after the last. */
  take(): Buffer | null {
    if (this.#isTaken) {
      if (this.isLast) return null;
      this.#fill();
    }
    this.#isTaken = true;
    return this.#writer.bytes;
  }

  /** The rows as objects, where none were taken. */
  toRows(): readonly Readonly<Record<string, string>>[] {
    const rows: Readonly<Record<string, string>>[] = [];
    for (let block = this.take(); block !== null; block = this.take()) {
      const reader = new MessageReader(block, 'text');
      while (rows.length < this.#written) {
        const cells: [string, string][] = [];
        for (let left = reader.readMapBegin().size; left > 0; left -= 1) {
          cells.push([reader.readString(), reader.readString()]);
        }
        rows.push(Object.fromEntries(cells));
      }
    }
    return rows;
  }

  #fill(): void {
    const writer = this.#writer;
    writer.clear();
    while (this.#written < this.length && writer.size < BLOCK_BYTES) {
      writer.begin();
      this.#write(this.#written, writer);
      writer.end();
      this.#written += 1;
    }
  }
}
