import type { SeedFacts } from './process.ts';
import type { ProcessRecord } from './record.ts';

/** Windows' pids go up to 2^32; Linux' and macOS' are smaller. */
const GREATEST_PID = 0xffff_ffff;
/** How far up an ancestry is followed. */
export const DEPTH = 64;

export function isPid(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && pid <= GREATEST_PID;
}

export function sameProgram(a: ProcessRecord, b: ProcessRecord): boolean {
  return a.path === b.path && a.commandLine === b.commandLine;
}

/** Whether `upper` is above `lower`; also true when the ancestry is too long to tell. */
export function isAncestor(upper: ProcessRecord | null, lower: ProcessRecord): boolean {
  let one = lower.parent;
  for (let depth = 0; one !== null && depth < DEPTH; depth++, one = one.parent)
    if (one === upper) return true;
  return one !== null;
}

/** Whether `processes` knows better: what was guessed, or a process that took the pid later. */
export function isOutdated(before: ProcessRecord, facts: SeedFacts): boolean {
  if (before.exited || before.origin === 'inferred') return true;
  if (before.path === facts.path && before.commandLine === facts.commandLine) return false;
  return before.origin === 'seed' || facts.startMs > before.startMs + 2_000;
}

/** Whether a record comes from a row after the one at a place. */
export function isNewer(record: ProcessRecord, place: string): boolean {
  return record.place.length === place.length && record.place > place;
}

/** What ran in a record's pid when the row at a place was written; null when that is not known. */
export function asOf(record: ProcessRecord | null, place: string): ProcessRecord | null {
  let one = record;
  while (one !== null && isNewer(one, place)) one = one.previous;
  return one;
}
