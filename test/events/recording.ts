import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A row of a recording, with the table it is of. */
export interface RecordedRow {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** A recorded test: what was done, and which process rows it made. */
export interface Label {
  readonly set: 'seed' | 'attack' | 'everyday';
  readonly id: string;
  readonly name: string;
  readonly first_eid: string;
  readonly last_eid: string;
  readonly expect?: { readonly card: boolean | null; readonly current: boolean | null };
}

export const ROOT = join(import.meta.dirname, '..', '..');
/** Corpora and whole recordings, beside the checkout; absent from a clone. */
export const SHARED = join(ROOT, '..', 'shared');

export type RecordingName = 'seed' | 'attack' | 'everyday';

export function recording(name: RecordingName): readonly RecordedRow[] {
  return rowsIn(join(import.meta.dirname, `${name}.results.log.gz`));
}

/** A recording, whole where it is at hand, the part that is kept here otherwise. */
export function wholeRecording(name: RecordingName): readonly RecordedRow[] {
  const whole = join(SHARED, 'events', `${name}.results.log.gz`);
  return existsSync(whole) ? rowsIn(whole) : recording(name);
}

/** The whole everyday recording where it is at hand, the part that is kept here otherwise. */
export function everyday(): readonly RecordedRow[] {
  return wholeRecording('everyday');
}

/** What `processes` said before the everyday recording. */
export function recordedProcesses(): readonly Readonly<Record<string, string>>[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'processes.json'), 'utf8'));
}

export function labels(): readonly Label[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'labels.json'), 'utf8'));
}

/** In order of time, table and eid, as a reader is to get them. */
function rowsIn(file: string): readonly RecordedRow[] {
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { name, columns } = JSON.parse(line) as { name: string; columns: Record<string, string> };
      return { table: name, columns };
    })
    .sort((a, b) => a.table.localeCompare(b.table) || Number(a.columns['eid']) - Number(b.columns['eid']));
}
