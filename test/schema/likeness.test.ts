import test from 'ava';
import fc from 'fast-check';
import { createArgsRefiner } from '../../src/process/index.ts';
import type { Field, Frame, Likeness } from '../../src/rule/index.ts';
import type { OsqueryEvent, Platform, Schema } from '../../src/schema/index.ts';
import { everyday, recording } from '../events/recording.ts';
import { execRow, reading } from './reading.ts';

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];

/** What an event says in fields that are told by their kinds, by their names. */
function valuesOf(event: OsqueryEvent, fields: readonly Field[]): ReadonlyMap<string, string> {
  return new Map(fields.map(({ name, slot }) => [name, JSON.stringify(event.get(slot))]));
}

/** Fields in which some event differs from the first of its kind, and how many were like an earlier one. */
class Watch<Kind extends object> {
  readonly differences: string[] = [];
  again = 0;
  readonly #fields: readonly Field[];
  readonly #first = new Map<Kind, ReadonlyMap<string, string>>();

  constructor({ fields }: Schema, isSteady: (field: Field) => boolean) {
    this.#fields = [...fields.names()].map((name) => fields.find(name)!).filter(isSteady);
  }

  see(event: OsqueryEvent, kind: Kind): void {
    const before = this.#first.get(kind);
    const values = valuesOf(event, this.#fields);
    if (before === undefined) {
      this.#first.set(kind, values);
      return;
    }
    this.again += 1;
    for (const [name, value] of values) {
      if (before.get(name) !== value)
        this.differences.push(`${event.table} ${name}: ${before.get(name)}, ${value}`);
    }
  }
}

/** Watches likenesses and frames. */
function watch(schema: Schema) {
  const likenesses = new Watch<Likeness>(schema, ({ ofTheMoment }) => ofTheMoment !== true);
  const frames = new Watch<Frame>(
    schema,
    ({ ofTheMoment, ofTheLine }) => ofTheMoment !== true && ofTheLine !== true,
  );
  const see = (event: OsqueryEvent | null): void => {
    const likeness = event?.likeness ?? null;
    if (event === null || likeness === null) return;
    likenesses.see(event, likeness);
    frames.see(event, likeness.frame);
  };
  return { likenesses, frames, see };
}

test('most recorded events are like an earlier one, and say the same in all fields but those of the moment', (t) => {
  const { reader, schema } = reading();
  const { likenesses, frames, see } = watch(schema);
  const rows = [...recording('seed'), ...recording('attack'), ...everyday()];
  for (const { table, columns } of rows) see(reader.read(table, columns));
  t.deepEqual(likenesses.differences.slice(0, 3), []);
  t.deepEqual(frames.differences.slice(0, 3), []);
  const share = `${likenesses.again} of ${rows.length} recorded events say what an earlier one said`;
  t.log(`${share}, ${frames.again} of them but for command lines`);
  t.true(likenesses.again > rows.length / 2, share);
  t.true(frames.again > likenesses.again);
});

/** What tells a table what kind of row it is. */
const ACTS: Readonly<Record<string, readonly string[]>> = {
  syscall: ['execve', 'clone', 'kill'],
  event_type: ['exec', 'fork', 'exit', 'write'],
  type: ['ProcessStart', 'ProcessStop', 'USER_AUTH', 'USER_LOGIN'],
  action: ['CREATED', 'MOVED_FROM', 'MOVED_TO', 'connect', 'accept'],
  operation: ['open', 'rename', 'write'],
};
const PIDS = ['1', '2', '3', 4, 0, null];
const TEXTS = ['', '1', '/bin/sh', '/tmp/a', 'sh -c a', 'busybox rm a', '127.0.0.1', 7, null];

function textsOf(column: string): readonly (string | number | null)[] {
  return ACTS[column] ?? (/pid$|^parent$/.test(column) ? PIDS : TEXTS);
}

/** Command lines that differ in the words after the name, which they give or not. */
const LINES = [
  'sh -c a',
  'sh -c b',
  'sh b a',
  'busybox rm a',
  'busybox rm b',
  'busybox ls a',
  '/bin/sh',
  '"sh" "b"',
];

/**
 * A table and up to two of its columns that are other ones than in the row before; or an exec with another command line.
 */
const changes = fc.record({
  line: fc.option(fc.constantFrom(...LINES), { freq: 3 }),
  table: fc.nat(),
  columns: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 2 }),
  learns: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

for (const platform of PLATFORMS) {
  test(`${platform}: whatever rows say, events of one likeness differ in fields of the moment alone`, (t) => {
    let [again, more] = [0, 0];
    fc.assert(
      fc.property(fc.array(changes, { minLength: 20, maxLength: 60 }), (all) => {
        const { reader, schema, host } = reading(platform);
        const { likenesses, frames, see } = watch(schema);
        const tables = [...schema.tables.values()].map(({ name, reads }) => ({
          ...{ name, reads },
          row: Object.fromEntries(reads.map((column) => [column, textsOf(column)[1]!])) as Record<
            string,
            unknown
          >,
        }));
        const withLines = tables.filter(({ reads }) => reads.includes('cmdline'));
        for (const [eid, { table, columns, learns, line }] of all.entries()) {
          const some = line === null ? tables : withLines;
          const { name, reads, row } = some[table % some.length]!;
          if (line !== null)
            Object.assign(row, { cmdline: line }, name === 'process_events' && { syscall: 'execve' });
          for (const [at, value] of columns) {
            const column = reads[at % reads.length]!;
            row[column] = textsOf(column)[value % textsOf(column).length];
          }
          Object.assign(row, { eid: String(eid), time: String(1_795_490_000 + eid) });
          if (learns) host.learn('users', [{ uid: '1', username: `user${eid}` }]);
          see(reader.read(name, { ...row }));
        }
        t.deepEqual(likenesses.differences, []);
        t.deepEqual(frames.differences, []);
        again += likenesses.again;
        more += frames.again - likenesses.again;
      }),
      { numRuns: 200 },
    );
    t.true(
      again > 100 && more > 100,
      `${again} were like an earlier one, ${more} more but for command lines`,
    );
  });
}

test('events are told apart by what their processes were given, also when that is known later', async (t) => {
  const { reader, tree } = reading();
  reader.read('process_events', execRow({ pid: '900', path: '/bin/sh', cmdline: 'sh a b' }));
  const row = (eid: string) => execRow({ eid, pid: eid });
  const before = reader.read('process_events', row('1001'))!.likeness;
  t.is(reader.read('process_events', row('1002'))!.likeness, before);
  const refiner = createArgsRefiner({
    proc: {
      cmdline: async () => Buffer.from('sh\0a b\0'),
      stat: async () => `900 (sh) ${Array.from({ length: 30 }, (_, i) => i).join(' ')}`,
    },
    find: (pid) => tree.find(pid),
  });
  refiner.want(tree.find(900)!);
  t.is(await refiner.run(), 1);
  t.not(reader.read('process_events', row('1003'))!.likeness, before);
});

test('what is too long, or no text, has no likeness', (t) => {
  const { reader } = reading();
  t.is(reader.read('process_events', execRow({ cmdline: 'x'.repeat(3000) }))!.likeness, null);
  t.is(reader.read('process_events', execRow({ cmdline: { a: 1 } }))!.likeness, null);
  t.not(reader.read('process_events', execRow({ uid: 7, gid: null }))!.likeness, null);
});

test('of many unlike rows only the last are remembered', (t) => {
  const { reader } = reading();
  const likenessOf = (i: number) => {
    const columns = { eid: String(i), pid: String(i + 1000), cmdline: `${i % 3000} `.repeat(350) };
    return reader.read('process_events', execRow(columns))?.likeness;
  };
  const first = likenessOf(0);
  t.is(likenessOf(3000), first);
  for (let i = 1; i < 3000; i += 1) t.truthy(likenessOf(i));
  t.not(likenessOf(6000), first);
});
