import type { Node } from '../../sqlite/index.ts';
import { shownAs } from './resolved-names.ts';
import { allComparisonsOf, around, type Block, comparisonsOf, isColumnOf } from './statement.ts';
import type { EventUse, Subject, Trap, Trapped } from './trap.ts';

/** Events read for a while by another query of the same name, and none that has the pointer of its own. */
export const SQL_TRAPS: readonly Trap[] = [
  {
    name: 'time-constraint',
    remedy:
      'Take the constraint out: osquery gives each event to each scheduled query once. To bound what is kept, bound an expression, such as (time + 0) > ….',
    find: ({ query, events }) =>
      query.use !== 'scheduled'
        ? []
        : events.flatMap((use) =>
            timeConstraints(use).map(({ start }) => ({
              what: `A constraint on time switches off the pointer to the events that were read: each run reads ${use.table.name} anew, and logs the same events again.`,
              at: start,
            })),
          ),
  },
  {
    name: 'ad-hoc-without-time',
    remedy: "Add a constraint on time, such as time > strftime('%s', 'now') - 3600.",
    find: ({ query, events }) =>
      query.use !== 'adHoc'
        ? []
        : events
            .filter((use) => timeConstraints(use).length === 0)
            .map(({ table }) => ({
              what: `Run beside the schedule and without a constraint on time, it can move the pointer of a scheduled query over ${table.name}, which then misses events.`,
              at: table.source.start,
            })),
  },
  {
    name: 'two-event-tables',
    remedy: 'Make a query of its own for each event table.',
    find({ query, events }) {
      const [first, ...more] = events;
      const second = more.find(({ table }) => table.name !== first?.table.name);
      if (first === undefined || second === undefined || query.use !== 'scheduled') return [];
      const what = `${first.table.name} and ${second.table.name} share the query's one pointer: what was read of the one counts as read of the other, and is passed over.`;
      return [{ what, at: second.table.source.start }];
    },
  },
  {
    name: 'parents-from-processes',
    remedy:
      'Ask the table detections, whose process tree keeps parents that have exited, or keep exec and fork rows and join them later.',
    find({ blocks, events }) {
      const [first] = events;
      const processes = blocks.flatMap(({ tables }) => tables).find(({ name }) => name === 'processes');
      if (first === undefined || processes === undefined) return [];
      const what = `processes holds what runs when the query does: a parent that has exited by then has no row, or its number has another process, so that events of ${first.table.name} are lost or wrongly told.`;
      return [{ what, at: processes.source.start }];
    },
  },
  {
    name: 'resolved-path',
    remedy:
      "Test the first word of cmdline as well, such as cmdline LIKE 'rmmod %'; the table detections does so for process.name.",
    find: ({ events }) => events.flatMap(resolvedPaths),
  },
  {
    name: 'limit-without-order',
    remedy: 'Order by eid DESC before the LIMIT: then all is read, and the newest rows are kept.',
    find: ({ query, events }) => (query.use === 'scheduled' ? events.flatMap(earlyLimits) : []),
  },
  {
    name: 'unbounded-scan',
    remedy: 'Read from (SELECT json_array(…) AS r FROM … ORDER BY eid DESC LIMIT 20000).',
    find: ({ events }) =>
      events.flatMap(({ block, table }) => {
        const all = around(block);
        const at = all.findIndex(({ tables }) => tables.some(({ name }) => name === 'detections'));
        if (at < 0 || [block, ...all.slice(0, at)].some(({ limit }) => limit !== undefined)) return [];
        const what = `After an outage the whole backlog of ${table.name} goes over in one piece: about 1.6 kB of memory an event, and the watchdog ends the worker at 200 MB.`;
        return [{ what, at: table.source.start }];
      }),
  },
  {
    name: 'events-in-list',
    remedy: 'Hand the events over as one text: batch < (SELECT json_group_array(…) …).',
    find: ({ blocks, events }) => blocks.flatMap((block) => eventLists(block, events)),
  },
  {
    name: 'discovery-of-extension',
    remedy:
      'Leave it out: while the extension is missing the query fails, its pointer stays, and nothing is lost. Label or policy can tell which hosts lack it.',
    find: ({ query, blocks }) =>
      query.use !== 'discovery'
        ? []
        : blocks
            .flatMap(({ tables }) => tables)
            .filter(({ name }) => OF_EXTENSIONS.has(name))
            .map(({ source }) => ({
              what: 'The answer is kept for an hour: when osqueryd asks before the extension is registered, as it may at each start, the pack is off for that long.',
              at: source.start,
            })),
  },
  {
    name: 'gone-table',
    remedy: 'Ask process_events or socket_events, which audit fills.',
    find: ({ events }) =>
      events
        .filter(({ table }) => table.name.startsWith('bpf_'))
        .map(({ table }) => ({
          what: `osquery has no ${table.name} since 2026: newer hosts fail the query.`,
          at: table.source.start,
        })),
  },
];

const OF_EXTENSIONS: ReadonlySet<string> = new Set(['detections', 'osquery_extensions', 'osquery_registry']);

function timeConstraints({ block, table }: EventUse): readonly { readonly start: number }[] {
  return comparisonsOf(block).filter(
    (comparison) => comparison.column.name === 'time' && isColumnOf(comparison, table),
  );
}

/** The tables of Linux whose column says which file runs, as the kernel resolved it. */
const RESOLVED: Readonly<Record<string, string>> = {
  process_events: 'path',
  bpf_process_events: 'path',
  process_file_events: 'executable',
};

function resolvedPaths({ block, table }: EventUse): readonly Trapped[] {
  const column = RESOLVED[table.name];
  return allComparisonsOf(block)
    .filter((comparison) => comparison.column.name === column && isColumnOf(comparison, table))
    .flatMap(({ values, start }) =>
      values.flatMap((value) => {
        const name = baseNameOf(value);
        const shown = name === undefined ? undefined : shownAs(name);
        if (shown === undefined) return [];
        return [
          {
            what: `${column} is the file after all links: for ${name} that is ${shown}, and no row has this name.`,
            at: start,
          },
        ];
      }),
    );
}

/** The name that a text of one string ends in, without what matches anything. */
function baseNameOf(value: readonly Node[]): string | undefined {
  const [only, ...more] = value;
  if (only?.kind !== 'string' || more.length > 0 || !only.text.startsWith("'")) return undefined;
  return only.text
    .slice(1, -1)
    .replaceAll("''", "'")
    .split(/[\\/]/)
    .at(-1)!
    .replace(/^[%*]+|[%*]+$/g, '');
}

/** A LIMIT at the table, or around it through FROM, that stops the reading: no ORDER BY or aggregate reads on. */
function earlyLimits({ block, table }: EventUse): readonly Trapped[] {
  for (let at: Block | undefined = block; at !== undefined; at = at.isSource ? at.parent : undefined) {
    if (at.ordered || at.gathers) return [];
    if (at.limit === undefined) continue;
    const what = `A LIMIT without an ORDER BY stops the reading of ${table.name} early; then the pointer does not move, and each run gives the same oldest events.`;
    return [{ what, at: at.limit.start }];
  }
  return [];
}

function eventLists(block: Block, events: Subject['events']): readonly Trapped[] {
  if (!block.tables.some(({ name }) => name === 'detections')) return [];
  return comparisonsOf(block)
    .filter(({ form, operator }) => form === 'in' || operator === '=' || operator === '==')
    .filter(({ start, end }) =>
      events.some(({ table }) => table.source.start >= start && table.source.end <= end),
    )
    .map(({ start }) => ({
      what: 'SQLite checks that a returned row carries the very bytes that were sent: the alert of a command line with one invalid byte vanishes without a word, and an attacker can choose to write one.',
      at: start,
    }));
}
