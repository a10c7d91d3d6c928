/** Where a row stands in its stream. `late`: fills a gap; `duplicate`: taken before; `reset`: the first after eids began again. */
export type Placement = 'next' | 'gap' | 'late' | 'duplicate' | 'reset';

/** Follows one table's rows by `eid`. A row that is `duplicate` must not be read again; all others are new. */
export interface StreamOrder {
  place(serial: number, timeMs: number): Placement;
  /** Ranges of eids that were never seen, oldest first, both ends included; bounded. */
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly afterMs: number }[];
  /** Gives a gap up: its rows are lost and counted. */
  abandon(from: number, to: number): void;
  readonly position: number;
  readonly health: StreamOrderHealth;
  save(): unknown;
  load(state: unknown): boolean;
}

export interface StreamOrderHealth {
  readonly rows: number;
  readonly missing: number;
  readonly filled: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly resets: number;
  /** Rows whose time was before that of the row before. */
  readonly timeBackwards: number;
}

export declare function createStreamOrder(): StreamOrder;
