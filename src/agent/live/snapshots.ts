import { promisify } from 'node:util';
import { deflateSync, inflate, type ZlibOptions } from 'node:zlib';
import type { Snapshot, Store } from '../../store/index.ts';
import { packJson } from './pack-json.ts';

const decompress: (body: Uint8Array, options: ZlibOptions) => Promise<Buffer> = promisify(inflate);

/** State by name, each a JSON value. They belong together: all are of one moment. */
export type State = Readonly<Record<string, unknown>>;

export interface SnapshotHealth {
  /** When the state was last saved; 0 when it never was. */
  readonly savedMs: number;
  /** How long it held up everything else, and its size in the store. */
  readonly tookMs: number;
  readonly bytes: number;
  /** What became of the state of the process before: `none` was there, it was `loaded`, or `refused`. */
  readonly restored: 'none' | 'loaded' | 'refused';
  /** Parts of it that could not be used: the ids of rules that have changed, or `tree`. */
  readonly refused: readonly string[];
}

export interface SnapshotsOptions {
  readonly store: Store;
  readonly nowMs: () => number;
  save(): State;
  /** Events in the state that the next scans take out of it. */
  waiting(): number;
}

/**
 * Rows after which the state is saved, how often at the most, and how often at the least while rows come. What is
 * read after it is read again after a crash, from osquery's own buffer, so it need not be often.
 */
const AFTER_ROWS = 5_000;
const LEAST_MS = 60_000;
const MOST_MS = 600_000;
/** What takes more bytes than this is saved less often, in proportion, but every five minutes. */
const SMALL_BYTES = 300_000;
const MOST_PAUSE_MS = 300_000;
/** For a moment in which fewer events wait, saving is put off so long: they are most of a state, and soon gone. */
const FEW_WAITING = 2000;
const MOST_PUT_OFF_MS = 60_000;
/** A part that is larger is not saved. */
const MOST_CHARACTERS = 1 << 26;

/** Saves state in the store now and then. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  #rows = 0;
  #lastMs: number;
  #pauseMs = LEAST_MS;
  #saving: Promise<void> | null = null;
  #health: SnapshotHealth = { savedMs: 0, tookMs: 0, bytes: 0, restored: 'none', refused: [] };

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#lastMs = options.nowMs();
  }

  /** Gives the state of the process before to `load`, which says what of it could not be used. Never rejects. */
  async restore(load: (state: State) => readonly string[]): Promise<void> {
    const snapshot = this.#options.store.loadSnapshot();
    if (snapshot === null) return;
    // What is read again counts from there: a process that is killed again and again saves in time, too.
    this.#lastMs = snapshot.savedMs;
    this.#health = { ...this.#health, bytes: sizeOf(snapshot.parts) };
    try {
      const refused = load(await unpack(snapshot));
      this.#health = { ...this.#health, restored: 'loaded', refused };
    } catch {
      this.#health = { ...this.#health, restored: 'refused' };
    }
  }

  /** Counts rows that were read since the last snapshot. */
  count(rows: number): void {
    this.#rows += rows;
  }

  /** Saves when it is time to; never two at once. */
  saveWhenDue(): void {
    const passedMs = this.#options.nowMs() - this.#lastMs;
    if (this.#saving !== null || this.#rows === 0 || (passedMs >= 0 && passedMs < this.#pauseMs)) return;
    const mayPutOff = passedMs >= 0 && passedMs < this.#pauseMs + MOST_PUT_OFF_MS;
    if (mayPutOff && this.#options.waiting() > FEW_WAITING) return;
    // Time that passed backwards says nothing of how long it was.
    if (this.#rows >= AFTER_ROWS || passedMs < 0 || passedMs >= MOST_MS) void this.save();
  }

  /** Saves what is not saved yet. Never rejects. */
  async save(): Promise<void> {
    await this.#saving;
    if (this.#rows === 0) return;
    this.#saving = this.#save();
    await this.#saving;
    this.#saving = null;
  }

  /** A stream begins: a position of it must be there to go on from. Small state is saved before this returns. */
  saveFirst(): void {
    if (this.#saving !== null || this.#health.bytes > SMALL_BYTES) {
      this.#rows++;
      void this.save();
      return;
    }
    const { store, nowMs, save } = this.#options;
    const parts = new Map<string, Uint8Array>();
    for (const [name, value] of Object.entries(save())) {
      parts.set(name, deflateSync(JSON.stringify(value), { level: 1 }));
    }
    if (store.saveSnapshot(parts)) this.#health = { ...this.#health, savedMs: nowMs(), bytes: sizeOf(parts) };
  }

  get health(): SnapshotHealth {
    return this.#health;
  }

  async #save(): Promise<void> {
    const { store, nowMs, save } = this.#options;
    const sinceMs = performance.now();
    const rows = this.#rows;
    const savedMs = nowMs();
    this.#lastMs = savedMs;
    try {
      const state = save();
      this.#rows = 0;
      const tookMs = performance.now() - sinceMs;
      const parts = await pack(state);
      if (!store.saveSnapshot(parts)) throw new Error('not written');
      const bytes = sizeOf(parts);
      this.#pauseMs = Math.min(LEAST_MS * Math.max(bytes / SMALL_BYTES, 1), MOST_PAUSE_MS);
      this.#health = { ...this.#health, savedMs, tookMs, bytes };
    } catch {
      // The store says in its own health what is wrong; the next turn tries again.
      this.#rows += rows;
    }
  }
}

function sizeOf(parts: ReadonlyMap<string, Uint8Array>): number {
  return [...parts.values()].reduce((sum, { length }) => sum + length, 0);
}

/** Each part as JSON, compressed. A part that is too large is left out. */
async function pack(state: State): Promise<ReadonlyMap<string, Uint8Array>> {
  const parts = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries(state)) {
    const packed = await packJson(value, MOST_CHARACTERS);
    if (packed !== null) parts.set(name, packed);
  }
  return parts;
}

async function unpack({ parts }: Snapshot): Promise<State> {
  const state: Record<string, unknown> = {};
  for (const [name, body] of parts) {
    state[name] = JSON.parse((await decompress(body, { maxOutputLength: 4 * MOST_CHARACTERS })).toString());
  }
  return state;
}
