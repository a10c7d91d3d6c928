import Database from 'better-sqlite3';
import { createProcessTree } from '../../src/process/index.ts';
import {
  createHost,
  createReader,
  type OsqueryEvent,
  type Schema,
  type TableSpec,
} from '../../src/schema/index.ts';
import type { Cell, Row } from './arbitrary.ts';

/** The same rows twice: as an osquery table in SQLite, and as events. */
export interface EventTable {
  readonly db: Database.Database;
  /** By `eid`; null where the row is no event. */
  readonly events: ReadonlyMap<number, OsqueryEvent | null>;
}

// As in the middle of a batch: a byte order mark is a character.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Puts rows in a table as osquery has it, and reads them as the agent does. */
export function eventTable(schema: Schema, table: TableSpec, rows: readonly Row[]): EventTable {
  const db = new Database(':memory:');
  db.function('inet_aton', { deterministic: true }, inetAton);
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  db.exec(`CREATE TABLE ${table.name} (${[...types].map(([name, type]) => `${name} ${type}`).join(', ')})`);
  const reader = createReader({ schema, tree: createProcessTree(), host: createHost('host') });
  const read = reader.open(table.name, table.reads)!;
  const events = new Map<number, OsqueryEvent | null>();
  rows.forEach((row, index) => {
    const eid = index + 1;
    const full: Row = {
      ...row,
      eid: Buffer.from(String(eid).padStart(10, '0')),
      time: 1_790_000_000 + index,
    };
    const names = Object.keys(full).filter((name) => types.has(name));
    const marks = names.map((name) => (full[name] instanceof Uint8Array ? 'CAST(? AS TEXT)' : '?'));
    db.prepare(`INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${marks.join(', ')})`).run(
      names.map((name) => full[name]),
    );
    events.set(eid, read(table.reads.map((name) => decoded(full[name]))));
  });
  return { db, events };
}

function decoded(cell: Cell | undefined): unknown {
  return cell instanceof Uint8Array ? UTF8.decode(cell) : (cell ?? '');
}

function inetAton(address: unknown): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(String(address));
  if (match === null) return null;
  const octets = match.slice(1).map(Number);
  return octets.some((octet) => octet > 255) ? null : octets.reduce((sum, octet) => sum * 256 + octet, 0);
}
