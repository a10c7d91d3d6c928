import test from 'ava';
import fc from 'fast-check';
import { createArgsRefiner } from '../../src/process/index.ts';
import type { Event, Fields, Value } from '../../src/rule/index.ts';
import { createSchema, type OsqueryEvent, type Platform } from '../../src/schema/index.ts';
import { everyday, recording } from '../events/recording.ts';
import { execRow, reading } from './reading.ts';

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];
const LONG = 40_000;

function wordsOf(value: Value): readonly string[] {
  const texts = value === null ? [] : Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => (typeof text === 'string' ? text.split(' ') : []));
}

/** The words that a field has and the field that is to have them lacks. */
function lackingWords(event: Event, fields: Fields): readonly string[] {
  return [...fields.names()].flatMap((name) => {
    const { slot, wordsIn } = fields.find(name)!;
    if (wordsIn === undefined) return [];
    const known = new Set(wordsOf(event.get(wordsIn.slot)));
    const wanted = wordsOf(event.get(slot)).filter((word) => word !== '' && !known.has(word));
    return wanted.map((word) => `${name}: ${word.slice(0, 40)}`);
  });
}

test('words are looked for in arguments and command lines of processes and their parents', (t) => {
  const { fields } = createSchema('linux');
  const names = [...fields.names()].filter((name) => fields.find(name)?.wordsIn !== undefined);
  t.deepEqual(names.toSorted(), [
    ...['process.args', 'process.command_line', 'process.parent.args', 'process.parent.command_line'],
    'process.title',
  ]);
  t.deepEqual(
    [...fields.names()].filter((name) => name.endsWith('.words')),
    [],
  );
});

test('every recorded event has the words of its arguments and command lines where they are looked for', (t) => {
  const { reader, schema } = reading();
  let events = 0;
  for (const { table, columns } of [...everyday(), ...recording('attack'), ...recording('seed')]) {
    const event = reader.read(table, columns);
    if (event === null) continue;
    events += 1;
    t.deepEqual(lackingWords(event, schema.fields), []);
  }
  t.true(events > 1000);
});

const lines = fc
  .array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.constantFrom('sh', '-c', 'a', '"b', 'c"', '"b c"', '\\', '', '"', '4142', 'b\tc'),
      },
      fc.integer({ min: LONG - 10, max: LONG }).map((length) => 'x'.repeat(length)),
      fc.constantFrom('16000', 'y'.repeat(3700)),
    ),
    { maxLength: 15 },
  )
  .map((words) => words.join(' '));

for (const platform of PLATFORMS) {
  test(`${platform}: whatever a command line holds, its words are where they are looked for`, (t) => {
    fc.assert(
      fc.property(lines, lines, (parent, own) => {
        const { reader, schema } = reading(platform);
        const events = [...schema.tables.keys()].flatMap((table) => [
          reader.read(table, rowOf({ pid: '900', parent: '1', cmdline: parent })),
          reader.read(table, rowOf({ cmdline: own })),
          reader.read(table, rowOf({ cmdline: own, syscall: 'fork', event_type: 'fork', child_pid: '7' })),
        ]);
        for (const event of events) {
          if (event !== null) t.deepEqual(lackingWords(event, schema.fields), []);
        }
      }),
      { numRuns: 60 },
    );
  });
}

/** A row that means an exec to every table. */
function rowOf(columns: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return execRow({ event_type: 'exec', type: 'ProcessStart', ppid: columns['parent'] ?? '900', ...columns });
}

test('words of exact arguments that the row lacked are where they are looked for', async (t) => {
  const { reader, schema, tree, get } = reading();
  const cut = `prog ${'z'.repeat(7600)}`;
  reader.read('process_events', execRow({ pid: '900', cmdline: cut }));
  const stat = `900 (prog) ${Array.from({ length: 30 }, (_, i) => i).join(' ')}`;
  const refiner = createArgsRefiner({
    proc: {
      cmdline: async () => Buffer.from(`${cut.replace(' ', '\0')}\0the end\0`),
      stat: async () => stat,
    },
    find: (pid) => tree.find(pid),
  });
  refiner.want(tree.find(900)!);
  t.is(await refiner.run(), 1);
  const child = reader.read('process_events', execRow()) as OsqueryEvent;
  t.true((get(child, 'process.parent.args') as readonly string[]).includes('the end'));
  t.deepEqual(lackingWords(child, schema.fields), []);
});
