import test from 'ava';
import type { Value } from '../../src/rule/index.ts';
import type { Platform } from '../../src/schema/index.ts';
import { reading } from './reading.ts';

/** What `event.action` says of an exec. */
export const EXECS = ['exec', 'exec_event', 'executed', 'start', 'ProcessRollup2', 'process_started'];

/** A row and what the fields of its event must be; of Linux unless another platform is given. */
export interface RowCase {
  readonly name: string;
  readonly platform?: Platform;
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly want: Readonly<Record<string, Value>>;
}

/** Declares a test for each row. */
export function testRows(cases: readonly RowCase[]): void {
  for (const { name, platform, table, row, want } of cases) {
    test(`${table}: ${name}`, (t) => {
      const { reader, get } = reading(platform);
      const event = reader.read(table, row);
      for (const [field, value] of Object.entries(want)) t.deepEqual(get(event, field), value, field);
      t.deepEqual(reader.health.rejected, {});
    });
  }
}
