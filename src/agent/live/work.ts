import type { PlacedRow, Stream } from './stream.ts';

/** Rows of a stream on their way to the detector. */
export interface Piece {
  readonly stream: Stream;
  readonly columns: readonly string[];
  readonly rows: readonly PlacedRow[];
  /** When the scan that brought them came; null for rows that were read again, which say nothing of the present. */
  readonly arrivedMs: number | null;
  /** The rows before this are read. */
  at: number;
  done(): void;
}
