import type { Plugin } from './plugin.ts';

/** Bits of the `features` answer: what core also sends to this logger. */
export const LOGGER_FEATURES = Object.freeze({ logStatus: 1, logEvent: 2 });

export interface LoggerOptions {
  readonly name: string;
  /** Bits of `LOGGER_FEATURES`; 0 when absent. */
  readonly features?: number;
  /** A result line. Each text is the bytes core sent. */
  string?(line: Buffer): void;
  snapshot?(line: Buffer): void;
  /** A list of status lines, as JSON. */
  status?(lines: Buffer): void;
  /** An event row as it happens, as JSON, without its table's name. */
  event?(row: Buffer): void;
  /** The start of a worker: its name and the status lines until then, as JSON. */
  init?(name: Buffer, lines: Buffer): void;
}

/** A logger plugin: answers OK at once, always, and only then hands on what it was given. */
export function createLogger(options: LoggerOptions): Plugin {
  throw new Error(`not written yet: ${options}`);
}
