/** A table as the rewriting needs to know it. `options` are osquery's column options. */
export interface KnownTable {
  readonly name: string;
  readonly kind: 'plain' | 'event' | 'extension';
  readonly columns: readonly KnownColumn[];
}

export interface KnownColumn {
  readonly name: string;
  readonly type: string;
  readonly options: number;
}

/** Bits of osquery's column options. HIDDEN is what `*` leaves out. */
export const INDEX = 1;
export const REQUIRED = 2;
export const ADDITIONAL = 4;
export const OPTIMIZED = 8;
export const HIDDEN = 16;
