import { type FSWatcher, watch } from 'node:fs';
import { type Footprint, footprintOf, type RuleSet } from '../lang/index.ts';
import type { Log } from '../osquery/index.ts';

export interface ReloaderOptions {
  /** Where the rules come from now; a relative or a missing path is followed as well. */
  readonly paths: () => readonly string[];
  readonly read: () => Promise<RuleSet>;
  /** Puts a set that was read in the place of the one before. */
  readonly apply: (set: RuleSet) => void;
  readonly log: Log;
  readonly nowMs?: () => number;
}

export interface ReloadHealth {
  /** Sets taken since the start, and sets refused. */
  readonly reloads: number;
  readonly refusals: number;
  /** When the rules that run were read, Unix milliseconds. */
  readonly loadedMs: number;
  /** Why the set that was read last is not the one that runs; null when it is. */
  readonly refusal: string | null;
}

/** How long the files must lie still before they are read: who copies a folder writes one file after the other. */
const SETTLE_MS = 500;
/** Problems named in a refusal. */
const MOST_NAMED = 3;

/**
 * Takes rules that have changed, all or nothing: a set with a document that is broken is refused, and the one
 * before goes on.
 *
 * What the system tells of changes only says when to look; whether anything has changed, the files themselves tell
 * (`footprintOf`). So a change that is not told, on a network's file system or behind a link, is found by the
 * next `check`, and one that is told a hundred times is read once. An overlay that expires changes the rules too.
 */
export class RuleReloader {
  readonly #options: ReloaderOptions;
  readonly #nowMs: () => number;
  #seen: string;
  #expiryMs: number | null = null;
  #watchers: FSWatcher[] = [];
  #watched = '';
  #timer: NodeJS.Timeout | undefined;
  #turns: Promise<void> = Promise.resolve();
  #health: ReloadHealth;

  /** `set` is what runs already, and `hash` that of the footprint that was taken before it was read. */
  constructor(options: ReloaderOptions, set: RuleSet, hash: string) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#seen = hash;
    this.#expiryMs = set.nextExpiryMs;
    this.#health = { reloads: 0, refusals: 0, loadedMs: this.#nowMs(), refusal: null };
  }

  get health(): ReloadHealth {
    return this.#health;
  }

  /** Watches the files from now on, and takes what has changed until now. */
  start(): Promise<void> {
    return this.check();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#unwatch();
  }

  /** Reads the rules again when a file has changed, or an overlay has expired, since they were read last. */
  check(): Promise<void> {
    return this.#inTurn(async () => {
      const { hash } = await this.#look();
      if (hash !== this.#seen || (this.#expiryMs !== null && this.#expiryMs <= this.#nowMs()))
        await this.#read();
    });
  }

  /** Reads the rules again, changed or not. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#read());
  }

  /** Counts as a refusal: what was to be read cannot even be asked for. */
  refuse(reason: string): void {
    const { refusals } = this.#health;
    this.#health = { ...this.#health, refusals: refusals + 1, refusal: reason };
    this.#options.log.error({ reason }, 'changed rules refused, those before go on');
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    this.#turns = this.#turns.then(act).catch((error: unknown) => {
      this.refuse(error instanceof Error ? error.message : String(error));
    });
    return this.#turns;
  }

  async #look(): Promise<Footprint> {
    const paths = this.#options.paths();
    const footprint = await footprintOf(paths);
    // What changed before the watching began is not told.
    return this.#watch(footprint.folders) ? footprintOf(paths) : footprint;
  }

  async #read(): Promise<void> {
    const { read, apply, log } = this.#options;
    this.#seen = (await this.#look()).hash;
    const set = await read();
    const broken = set.problems.filter(({ kind }) => kind === 'broken');
    this.#expiryMs = set.nextExpiryMs;
    if (broken.length > 0) {
      const named = broken.slice(0, MOST_NAMED).map(({ error }) => error.headline());
      const more = broken.length - named.length;
      this.refuse(more > 0 ? `${named.join(' ')} And ${more} more.` : named.join(' '));
      return;
    }
    apply(set);
    this.#health = {
      ...this.#health,
      ...{ reloads: this.#health.reloads + 1, loadedMs: this.#nowMs(), refusal: null },
    };
    log.info({ rules: set.rules.length }, 'rules taken');
  }

  /** Whether other folders are watched than before. One that cannot be watched is looked at by `check`. */
  #watch(folders: readonly string[]): boolean {
    const wanted = folders.join('\0');
    if (wanted === this.#watched) return false;
    this.#unwatch();
    this.#watched = wanted;
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#changed());
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch (error) {
        this.#options.log.debug({ folder, err: error }, 'not watched');
      }
    }
    return true;
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.check(), SETTLE_MS);
    this.#timer.unref();
  }
}
