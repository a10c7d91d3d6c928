import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'smol-toml';
import { compileEql } from '../../src/lang/eql/index.ts';
import { compileCondition, type Predicate } from '../../src/match/index.ts';
import { createProcessTree } from '../../src/process/index.ts';
import { createHost, createReader, createSchema, type OsqueryEvent } from '../../src/schema/index.ts';
import { createSource } from '../../src/text/index.ts';
import { labels, recording, SHARED } from '../events/recording.ts';

/** The seed rule as it was first given; `and` binds tighter than `or`. */
const CARD = `process where event.action in ("exec", "exec_event") and event.type == "start" and
  process.name == "rmmod" or (process.name == "modprobe" and process.args in ("--remove", "-r")) and
  process.parent.name in ("sudo", "bash", "dash", "ash", "sh", "tcsh", "csh", "zsh", "ksh", "fish")`;
const CURRENT = join(SHARED, 'corpus', 'elastic', 'linux', 'defense_evasion_kernel_module_removal.toml');

const { fields } = createSchema('linux');

function compile(query: string): Predicate {
  const { query: compiled } = compileEql(createSource('seed.eql', query), { fields });
  if (compiled.kind !== 'event') throw new Error('not an event query');
  return compileCondition(compiled.condition, fields);
}

/** All events of the seed set, each as it was when its row was read. */
function events(): readonly OsqueryEvent[] {
  const reader = createReader({
    schema: createSchema('linux'),
    tree: createProcessTree(),
    host: createHost('recorder'),
  });
  return recording('seed').flatMap(({ table, columns }) => reader.read(table, columns) ?? []);
}

const read = events();

function fires(rule: Predicate, first: string, last: string): boolean {
  return read.some(
    (event) => event.table === 'process_events' && first <= event.eid && event.eid <= last && rule(event),
  );
}

const VERSIONS = [
  { name: 'card', query: () => CARD, there: true },
  {
    name: 'current',
    query: () => (parse(readFileSync(CURRENT, 'utf8')) as { rule: { query: string } }).rule.query,
    there: existsSync(CURRENT),
  },
] as const;

for (const { name, query, there } of VERSIONS) {
  (there ? test : test.skip)(
    `the seed rule's ${name} version fires as each of the 26 cases is labelled`,
    (t) => {
      const rule = compile(query());
      const cases = labels().filter(({ set }) => set === 'seed');
      t.is(cases.length, 26);
      for (const { id, name: title, first_eid, last_eid, expect } of cases) {
        // The label leaves open whether an applet named by busybox's first argument counts; here it does.
        const wanted = expect![name] ?? true;
        t.is(fires(rule, first_eid, last_eid), wanted, `${id}: ${title}`);
      }
    },
  );
}
