import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createSchema, type Platform } from '../../src/schema/index.ts';
import { SHARED } from '../events/recording.ts';

interface Declared {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly hidden?: boolean }[];
  readonly extended?: Readonly<Partial<Record<Platform, Declared['columns']>>>;
  readonly platforms: readonly string[];
  readonly attributes?: readonly string[];
}

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];
const FILE = join(SHARED, 'osquery', 'schema.json');

for (const platform of PLATFORMS) {
  const { tables } = createSchema(platform);

  test(`${platform}: every column is read, or named as unused with a reason, and no column twice`, (t) => {
    for (const { name, columns, reads, unused } of tables.values()) {
      const known = [...reads, ...Object.keys(unused)];
      t.deepEqual(known.toSorted(), columns.map((column) => column.name).toSorted(), name);
      for (const [column, reason] of Object.entries(unused)) t.true(reason.length > 5, `${name}.${column}`);
    }
  });

  test(`${platform}: fields are derived from columns that are read`, (t) => {
    for (const { name, reads, fields } of tables.values()) {
      for (const { field, derivation } of fields.values()) {
        const columns =
          'columns' in derivation ? derivation.columns : 'column' in derivation ? [derivation.column] : [];
        t.deepEqual(
          columns.filter((column) => !reads.includes(column)),
          [],
          `${name}: ${field}`,
        );
      }
    }
  });

  (existsSync(FILE) ? test : test.skip)(`${platform}: tables and columns are osquery's own`, (t) => {
    const all: readonly Declared[] = JSON.parse(readFileSync(FILE, 'utf8')).tables;
    for (const { name, evented, columns } of tables.values()) {
      const declared = all.find((one) => one.name === name && one.platforms.includes(platform));
      t.truthy(declared, name);
      const wanted = [...declared!.columns, ...(declared!.extended?.[platform] ?? [])];
      t.deepEqual(
        columns,
        wanted.map(
          ({ name: column, type, hidden = false }) => ({ name: column, type, hidden }) as (typeof columns)[0],
        ),
        name,
      );
      t.is(evented, declared!.attributes?.includes('event_subscriber') ?? false, name);
    }
  });
}

test('an event table is scanned with its eid and time first, where it has them', (t) => {
  for (const platform of PLATFORMS) {
    for (const { evented, reads, columns } of createSchema(platform).tables.values()) {
      if (!evented) continue;
      const order = ['eid', 'time'].filter((name) => columns.some((column) => column.name === name));
      t.deepEqual(reads.slice(0, order.length), order);
    }
  }
});
