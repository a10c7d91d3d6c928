import { compileRuleText } from '../../src/lang/index.ts';
import { createEngine } from '../../src/match/index.ts';
import { createProcessTree } from '../../src/process/index.ts';
import { createHost, createReader, createSchema } from '../../src/schema/index.ts';
import { CpuClock, heapMegabytes } from './cpu.ts';

const KEYS = 50_000;
const RULE = `sequence by process.pid with maxspan=1h
  [process where event.action == "exec" and process.name == "opens"]
  [process where event.action == "exec" and process.name == "closes"]`;

/**
 * Sequences that 50,000 keys have begun at any time: each key's second event comes 50,000 keys after its first.
 * The events are rows of process_events, read as the detector reads them, with a full process tree.
 */
export function measureSequences(events: number): Readonly<Record<string, number>> {
  const schema = createSchema('linux');
  const tree = createProcessTree();
  const reader = createReader({ schema, tree, host: createHost('bench') });
  const read = reader.open('process_events', schema.tables.get('process_events')!.reads)!;
  const engine = createEngine({
    rules: [compileRuleText(RULE)],
    fields: schema.fields,
    mostHeld: KEYS + 10_000,
  });
  const clock = new CpuClock();
  const before = heapMegabytes();
  let found = 0;
  let most = 0;
  let mostResident = 0;
  let number = 0;
  const count = (): void => {
    found += 1;
  };
  for (let at = 0; at < events; at += 1000) {
    const rows: unknown[][] = JSON.parse(JSON.stringify(Array.from({ length: 1000 }, () => row(number++))));
    const some = rows.map((values) => read(values)!);
    clock.run(() => {
      for (const event of some) engine.push(event, count);
    });
    if (at % 100_000 === 0) {
      most = Math.max(most, heapMegabytes() - before);
      mostResident = Math.max(mostResident, process.memoryUsage.rss() / 1e6);
    }
  }
  const [counters] = engine.counters;
  const megabytes = Math.max(most, heapMegabytes() - before);
  return {
    events,
    held: counters!.held,
    evicted: counters!.evicted,
    found,
    processes: tree.health.held,
    megabytes,
    residentMegabytes: Math.max(mostResident, process.memoryUsage.rss() / 1e6),
    microsecondsPerEvent: (clock.seconds / events) * 1e6,
  };
}

/** Opening and closing in turn, the closing one of the key that was opened 50,000 openings before. */
function row(number: number): readonly string[] {
  const opens = number % 2 === 0;
  const opening = number >> 1;
  const pid = 100 + (opens ? opening : Math.max(0, opening - KEYS));
  const name = opens ? 'opens' : 'closes';
  const texts = {
    eid: String(number + 1).padStart(10, '0'),
    time: String(1_795_490_000 + Math.floor(number / 1000)),
    line: `/usr/bin/${name} --with-some-arguments /as/programs/have/them ${number}`,
  };
  return [
    ...[texts.eid, texts.time, 'execve', String(pid), '99', `/usr/bin/${name}`, texts.line, '"/root"'],
    ...['0', '0', '0', '0', '4294967295'],
  ];
}
