import test from 'ava';
import fc from 'fast-check';
import { execRow, reading } from './reading.ts';

const hostile: readonly {
  name: string;
  table: string;
  row: Readonly<Record<string, unknown>>;
  rejected?: string;
  repaired?: string;
}[] = [
  { name: 'no columns', table: 'process_events', row: {}, repaired: 'pid' },
  {
    name: 'empty texts',
    table: 'process_events',
    row: { syscall: '', pid: '', parent: '', path: '' },
    rejected: 'no known act',
  },
  {
    name: 'a system call of no name',
    table: 'process_events',
    row: execRow({ syscall: '435' }),
    rejected: 'no known act',
  },
  { name: 'pid 0', table: 'process_events', row: execRow({ pid: '0' }), repaired: 'pid' },
  { name: 'a negative parent', table: 'process_events', row: execRow({ parent: '-1' }) },
  { name: 'its own parent', table: 'process_events', row: execRow({ parent: '1000' }) },
  {
    name: 'huge numbers',
    table: 'process_events',
    row: execRow({ pid: '9'.repeat(40), parent: '9'.repeat(400) }),
    repaired: 'pid',
  },
  { name: 'no time', table: 'process_events', row: execRow({ time: '' }), repaired: 'time' },
  {
    name: 'a time of another age',
    table: 'process_events',
    row: execRow({ time: '9'.repeat(20) }),
    repaired: 'time',
  },
  { name: 'no eid', table: 'process_events', row: execRow({ eid: '' }), repaired: 'eid' },
  { name: 'an eid that is no number', table: 'process_events', row: execRow({ eid: 'x' }), repaired: 'eid' },
  { name: 'a megabyte', table: 'process_events', row: execRow({ cmdline: 'a b '.repeat(250_000) }) },
  {
    name: 'broken texts',
    table: 'process_events',
    row: execRow({ cmdline: 'a \ud800 \ufffd \0 \n', path: '\udfff' }),
  },
  {
    name: 'lists and objects',
    table: 'process_events',
    row: execRow({ cmdline: [1], path: { a: 1 }, pid: null }),
    repaired: 'pid',
  },
  { name: 'an unknown table', table: 'no_such_events', row: execRow(), rejected: 'unknown table' },
];
for (const { name, table, row, rejected, repaired } of hostile) {
  test(`a row with ${name} throws nothing and is counted`, (t) => {
    const { reader, schema } = reading();
    const event = reader.read(table, row);
    t.is(event === null, rejected !== undefined);
    if (event !== null) {
      for (const field of schema.fields.names()) event.get(schema.fields.find(field)!.slot);
      t.notThrows(() => JSON.stringify(event.toEcs()));
      t.notThrows(() => JSON.stringify(reader.beginSave().save(event)));
    }
    t.deepEqual(reader.health.rejected, rejected === undefined ? {} : { [rejected]: 1 });
    if (repaired !== undefined) t.is(reader.health.repaired[repaired], 1);
  });
}

test('rows that make a circle of parents end at some ancestor', (t) => {
  const { reader, schema } = reading();
  const read = (row: Readonly<Record<string, unknown>>) => reader.read('process_events', execRow(row));
  for (const [at, [pid, parent]] of [
    ['5', '7'],
    ['6', '5'],
    ['7', '6'],
    ['5', '7'],
    ['6', '5'],
  ].entries()) {
    const event = read({ pid, parent, eid: String(at + 1) });
    for (const field of schema.fields.names()) event?.get(schema.fields.find(field)!.slot);
    t.notThrows(() => JSON.stringify(event?.toEcs()));
  }
});

test('times that run backwards are those of their rows, and reorder no process', (t) => {
  const { reader, get } = reading();
  const read = (row: Readonly<Record<string, unknown>>) => reader.read('process_events', execRow(row));
  read({ eid: '1', pid: '5', path: '/bin/sh', cmdline: 'sh', time: '1795490100' });
  const child = read({ eid: '2', pid: '6', parent: '5', time: '1795490000' });
  t.is(child?.timeMs, 1_795_490_000_000);
  t.is(get(child, 'process.parent.name'), 'sh');
});

test('what is no row is counted', (t) => {
  const { reader } = reading();
  const read = reader.open('process_events', ['pid'])!;
  for (const wrong of [null, undefined, 3, 'row', {}]) t.is(read(wrong as unknown as unknown[]), null);
  t.is(reader.read('process_events', null as unknown as Record<string, unknown>), null);
  t.is(reader.health.rejected['not a row'], 6);
});

test('a time that is missing is that of the row before', (t) => {
  const { reader } = reading();
  const read = reader.open('process_events', Object.keys(execRow()))!;
  read(Object.values(execRow()));
  t.is(read(Object.values(execRow({ time: 'never' })))?.timeMs, 1_795_490_000_000);
});

test('a command line that audit cut is counted and told', (t) => {
  const { reader } = reading();
  const event = reader.read('process_events', execRow({ cmdline: `echo ${'x'.repeat(3_700)} 16000` }));
  t.is(event?.argsFidelity, 'cut');
  t.is(reader.health.cut, 1);
});

for (const platform of ['linux', 'darwin', 'windows'] as const) {
  test(`${platform}: any row of any table is read without throwing, and every field has a value of its type`, (t) => {
    const { reader, schema } = reading(platform);
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '',
        '0',
        '1',
        '-1',
        '1000',
        '1795490000',
        '/usr/bin/bash',
        'bash -c x',
        'exec',
        'execve',
        'clone',
      ),
      fc.constantFrom(
        'fork',
        'exit',
        'ProcessStart',
        'ProcessStop',
        'connect',
        'MOVED_TO',
        '::ffff:1.2.3.4',
        '1112',
      ),
    );
    const value = fc.oneof(
      { weight: 8, arbitrary: text },
      fc.constantFrom(null, 7, -1, 1.5, true, undefined, {}),
    );
    const table = fc.constantFrom(...schema.tables.values());
    const row = table.chain(({ name, reads }) =>
      fc.tuple(
        fc.constant(name),
        fc.subarray([...reads]),
        fc.array(value, { minLength: reads.length, maxLength: reads.length }),
      ),
    );
    const TYPES: Readonly<Record<string, string>> = { number: 'number', boolean: 'boolean' };
    fc.assert(
      fc.property(row, ([name, columns, values]) => {
        const event = reader.open(name, columns)!(values);
        if (event === null) return;
        for (const field of schema.fields.names()) {
          const { slot, type } = schema.fields.find(field)!;
          const got = event.get(slot);
          t.deepEqual(event.get(slot), got, field);
          if (got === null) continue;
          const list = [got].flat();
          t.true(list.length > 0, field);
          for (const one of list) {
            t.is(typeof one as string, TYPES[type] ?? 'string', field);
            t.not(one as unknown, '', field);
          }
        }
        JSON.stringify(event.toEcs());
        JSON.stringify(reader.beginSave().save(event));
      }),
      { numRuns: 60 },
    );
  });
}
