import { type FSWatcher, watch } from 'node:fs';
import { type Footprint, footprintOf, type RuleSet } from '../lang/index.ts';
import type { Log } from '../osquery/index.ts';

export interface ReloaderOptions {
  /** Where the rules come from now; a relative or a missing path is followed as well. */
  readonly paths: () => readonly string[];
  readonly read: () => Promise<RuleSet>;
  /** Puts a set that was read in the place of the one before. */
  readonly apply: (set: RuleSet) => Promise<void>;
  readonly log: Log;
  readonly nowMs?: () => number;
}

export interface ReloadHealth {
  /** Sets taken since the start, and sets refused. */
  readonly reloads: number;
  readonly refusals: number;
  /** When the rules that run were read, Unix milliseconds; 0 while none run. */
  readonly loadedMs: number;
  /** Why the set that was read last is not the one that runs; null when it is. */
  readonly refusal: string | null;
}

/** How long the files must lie still before they are read: who copies a folder writes one file after the other. */
const SETTLE_MS = 500;
/** Problems named in a refusal. */
const MOST_NAMED = 3;

/**
 * Takes rules, and those that have changed, all or nothing: a set with a document that is broken is refused, and the
 * one before goes on. As long as there is none before, what is good in a set runs. One without any rule is refused
 * in any case.
 *
 * What the system tells of changes only says when to look; whether anything has changed, the files themselves tell
 * (`footprintOf`). So a change that is not told, on a network's file system or behind a link, is found by the
 * next `check`, and one that is told a hundred times is read once. An overlay that expires changes the rules too.
 */
export class RuleReloader {
  readonly #options: ReloaderOptions;
  readonly #nowMs: () => number;
  #seen: string | null = null;
  #expiryMs: number | null = null;
  #watchers: FSWatcher[] = [];
  #watched = '';
  #timer: NodeJS.Timeout | undefined;
  #turns: Promise<void> = Promise.resolve();
  #health: ReloadHealth;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#health = { reloads: 0, refusals: 0, loadedMs: 0, refusal: null };
  }

  get health(): ReloadHealth {
    return this.#health;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#unwatch();
  }

  /**
   * Reads the rules when that was not done yet, a file has changed, or an overlay has expired, since they were read
   * last; the files are watched from then on.
   */
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
    const { refusals, loadedMs } = this.#health;
    this.#health = { ...this.#health, refusals: refusals + 1, refusal: reason };
    const what = loadedMs > 0 ? 'changed rules refused, those before go on' : 'no rules, nothing is detected';
    this.#options.log.error({ reason }, what);
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
    this.#expiryMs = set.nextExpiryMs;
    const { reloads, loadedMs } = this.#health;
    const isFirst = loadedMs === 0;
    const reason = reasonAgainst(set, isFirst);
    if (reason !== null) {
      this.refuse(reason);
      return;
    }
    await apply(set);
    this.#health = {
      ...this.#health,
      ...{ reloads: reloads + Number(!isFirst), loadedMs: this.#nowMs(), refusal: null },
    };
    if (!isFirst) log.info({ rules: set.rules.length }, 'rules taken');
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

/** Why a set is not taken; null when it is. */
function reasonAgainst({ rules, problems }: RuleSet, isFirst: boolean): string | null {
  const broken = problems.filter(({ kind }) => kind === 'broken');
  if (rules.length > 0 && (isFirst || broken.length === 0)) return null;
  const told = broken.length > 0 ? broken : problems;
  if (told.length === 0) return 'No rule was found where the settings say that there are rules.';
  const named = told.slice(0, MOST_NAMED).map(({ error }) => error.headline());
  const more = told.length - named.length;
  return more > 0 ? `${named.join(' ')} And ${more} more.` : named.join(' ');
}
