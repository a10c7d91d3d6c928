import type { LineForm } from './args.ts';
import type { Origin, Signature } from './process.ts';
import type { ForkPids, ProcessRecord } from './record.ts';
import type { Unplaced } from './unplaced.ts';

/** Grows when the form of a saved tree changes. */
export const VERSION = 4;

export const ORIGINS: readonly Origin[] = ['exec', 'fork', 'seed', 'inferred'];
export const FORMS: readonly LineForm[] = ['audit', 'plain', 'windows', 'quoted'];
export const FORK_PIDS: readonly ForkPids[] = ['unknown', 'doubtful', 'foreign', 'global'];

/** What a tree knows beside its records. */
export interface TreeState {
  readonly lastPid: number;
  readonly era: number;
  readonly forkRows: boolean;
  /** The last programs started, oldest first. */
  readonly recent: readonly ProcessRecord[];
  readonly unplaced: readonly Unplaced[];
}

/** The facts of a record that are numbers, or told by one. */
export const NUMBER_FACTS = [
  ...(['pid', 'parentPid', 'startMs', 'era', 'openForks'] as const),
  /** Places in `ORIGINS`, `FORMS` and `FORK_PIDS`. */
  ...(['origin', 'form', 'forkPids'] as const),
  /** 1 or 0; `current`: whether it is the one of its pid. */
  ...(['forked', 'exited', 'current'] as const),
  /** Numbers of records, -1 for none. */
  ...(['parent', 'previous'] as const),
] as const;
export type NumberFact = (typeof NUMBER_FACTS)[number];

/** The facts that are texts, which many records have in common. */
export const TEXT_FACTS = ['path', 'title', 'commandLine', 'workingDirectory', 'userId', 'groupId'] as const;
export type TextFact = (typeof TEXT_FACTS)[number];

/**
 * Records as JSON values: a list for each fact, with one number for each record, so that tens of thousands of
 * records are a few lists to be made, told and read. Texts are told once, by their place in `texts`.
 *
 * The first `held` records are the tree's own, in order of use. The others it has forgotten, but they are parents of
 * its own, or something else of the same state tells of them.
 */
export interface SavedRecords {
  readonly held: number;
  readonly numbers: Readonly<Record<NumberFact, readonly number[]>>;
  readonly textNumbers: Readonly<Record<TextFact, readonly number[]>>;
  readonly texts: readonly string[];
  readonly places: readonly string[];
  /** Of the few records that have them, with the record's number. */
  readonly words: readonly (readonly [number, readonly string[]])[];
  readonly signatures: readonly (readonly [number, Signature])[];
}
