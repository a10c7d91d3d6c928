import { type Args, argsOf, exactArgs, type LineForm, NO_ARGS, showsWords } from './args.ts';
import { imageOf, programOf } from './image.ts';
import { callingOf, programNames } from './names.ts';
import type { Image, Origin, Process, Signature } from './process.ts';

/** What a record is made of. */
export interface RecordParts {
  readonly pid: number;
  readonly parentPid: number;
  readonly origin: Origin;
  readonly place: string;
  readonly startMs: number;
  readonly path: string;
  readonly name?: string;
  readonly commandLine: string;
  readonly form: LineForm;
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly signature?: Signature | null;
}

/** The texts kept of one process are bounded, whatever a row holds. */
const MOST_CHARACTERS = 32_768;

/**
 * Whether the pids that a process's fork rows carry are the host's: unknown, doubtful (one did not fit), foreign
 * (of a PID namespace, shown by a child's exec), or global (shown likewise).
 */
export type ForkPids = 'unknown' | 'doubtful' | 'foreign' | 'global';

/** A process as the tree keeps it. */
export class ProcessRecord implements Process {
  readonly pid: number;
  readonly parentPid: number;
  readonly origin: Origin;
  readonly place: string;
  readonly startMs: number;
  readonly path: string;
  readonly commandLine: string;
  readonly form: LineForm;
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly signature: Signature | null;
  readonly #name: string;
  #args: Args | null = null;
  exactWords: readonly string[] | null = null;
  #names: readonly string[] | null = null;
  #wordTexts: readonly string[] | null = null;
  #image: Image | null = null;
  #program: Image | null = null;
  parent: ProcessRecord | null = null;
  previous: ProcessRecord | null = null;

  forkPids: ForkPids = 'unknown';
  /** Its own fork row was seen. */
  forked = false;
  /** Fork rows of it that no child's exec, or inferred child, has answered. */
  openForks = 0;
  exited = false;
  /** How often the pids had wrapped around when it was made. */
  era = 0;

  /** Neighbours in the order of use, and when it was last used; -1 when evicted. */
  older: ProcessRecord | null = null;
  newer: ProcessRecord | null = null;
  usedAt = -1;

  /** Its number among the records that were last saved with it; whoever saves gives it. */
  number = -1;

  constructor(parts: RecordParts) {
    this.pid = finite(parts.pid);
    this.parentPid = finite(parts.parentPid);
    this.origin = parts.origin;
    this.place = parts.place;
    this.startMs = finite(parts.startMs);
    this.path = bounded(parts.path);
    this.commandLine = bounded(parts.commandLine);
    this.form = parts.form;
    this.workingDirectory = bounded(parts.workingDirectory);
    this.userId = parts.userId;
    this.groupId = parts.groupId;
    this.signature = parts.signature ?? null;
    this.#name = parts.name ?? '';
  }

  get args(): Args {
    this.#args ??= this.commandLine === '' ? NO_ARGS : argsOf(this.commandLine, this.form);
    return this.#args;
  }

  get names(): readonly string[] {
    this.#names ??= programNames({
      path: this.path,
      first: this.firstWord,
      words: () => this.args.words,
      fallback: this.#name,
    });
    return this.#names;
  }

  get firstWord(): string {
    if (this.#args === null && showsWords(this.commandLine, this.form)) {
      const end = this.commandLine.indexOf(' ');
      if (end !== 0) return end < 0 ? this.commandLine : this.commandLine.slice(0, end);
    }
    return this.args.words[0] ?? '';
  }

  get wordTexts(): string | readonly string[] {
    if (this.#args?.fidelity !== 'exact' && showsWords(this.commandLine, this.form)) return this.commandLine;
    this.#wordTexts ??= [this.commandLine, this.args.line, this.args.words.join(' ')];
    return this.#wordTexts;
  }

  get image(): Image {
    this.#image ??= imageOf(this);
    return this.#image;
  }

  get calling(): string {
    return callingOf({ first: this.firstWord, words: () => this.args.words });
  }

  get program(): Image {
    this.#program ??= programOf(this);
    return this.#program;
  }

  /** The name that `processes` gave; empty unless it is all that is known. */
  get title(): string {
    return this.#name;
  }

  /** Takes the images over from a record of the same texts, where they are known. */
  looksLike(other: ProcessRecord): void {
    if (other.exactWords !== null || this.userId !== other.userId || this.groupId !== other.groupId) return;
    this.#image = other.#image;
    this.#program = other.#program;
  }

  /** Takes the arguments as `/proc` has them. */
  setExact(words: readonly string[]): void {
    this.exactWords = words;
    this.#args = exactArgs(words);
    this.#names = null;
    this.#wordTexts = null;
    this.#image = null;
    this.#program = null;
  }

  /** Characters held, for the tree's bound. */
  get weight(): number {
    return this.path.length + this.commandLine.length + this.workingDirectory.length;
  }
}

function bounded(text: string): string {
  return text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
