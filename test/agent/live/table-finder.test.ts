import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { createTableFinder } from '../../../src/agent/live/table-finder.ts';
import { createSchema, type Platform } from '../../../src/schema/index.ts';
import { recording, SHARED } from '../../events/recording.ts';

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];
const find = createTableFinder(createSchema('linux'));

/** As core sent it, captured from a live osqueryd. */
const CAPTURED =
  '{"action":"CREATED","atime":"1795489253","category":"t","ctime":"1795489253","eid":"0000000002","gid":"0","hashed":"1","inode":"2204778","md5":"401b30e3b8b5d629635a5c613cdb7919","mode":"0644","mtime":"1795489253","sha1":"6fcf9dfbd479ed82697fee719b9f8c610a11ff2a","sha256":"73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac","size":"2","target_path":"/var/fe/w1","time":"1795489253","transaction_id":"0","uid":"0"}';

test('a row that core sent is of the table that it came from', (t) => {
  t.is(find(Object.keys(JSON.parse(CAPTURED))), 'file_events');
});

test('every recorded row is of its table', (t) => {
  const wrong = (['seed', 'attack', 'everyday'] as const)
    .flatMap(recording)
    .filter(({ table, columns }) => find(Object.keys(columns)) !== table);
  t.deepEqual(wrong.slice(0, 3), []);
});

test('a row that lacks some columns, or has some more, is of its table still', (t) => {
  const tables = new Map(
    createSchema('linux')
      .tablesOf(null)
      .map(({ name, columns }) => [name, columns]),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...tables.keys()),
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.nat({ max: 4 }),
      (name, dropped, more) => {
        const names = tables.get(name)!.map((column) => column.name);
        const some = Math.floor(names.length / 5);
        for (const at of dropped.slice(0, some)) names.splice(at % names.length, 1);
        for (let n = 0; n < Math.min(more, some); n += 1) names.push(`new_${n}`);
        return find(names) === name;
      },
    ),
  );
  t.pass();
});

const SCHEMA = join(SHARED, 'osquery', 'schema.json');

/** Where osquery's whole schema is at hand: also the event tables that we do not read. */
(existsSync(SCHEMA) ? test : test.skip)(
  'no row of another event table of osquery is taken for one of ours',
  (t) => {
    const { tables } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as {
      tables: { name: string; columns: { name: string }[] }[];
    };
    const evented = tables.filter(({ name }) => name.endsWith('_events') && name !== 'osquery_events');
    t.true(evented.length > 10);
    for (const platform of PLATFORMS) {
      const schema = createSchema(platform);
      const findOn = createTableFinder(schema);
      for (const { name, columns } of evented) {
        const names = [...new Set([...columns.map((column) => column.name), 'time', 'eid'])];
        t.is(findOn(names), schema.tables.has(name) ? name : null, `${platform} ${name}`);
      }
    }
  },
);
