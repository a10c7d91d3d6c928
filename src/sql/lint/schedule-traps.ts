import { WATCHING } from '../pack/file-paths.ts';
import { type EventUse, type Setting, type Subject, specOf, type Trap, type Trapped } from './trap.ts';

/** Says of a scheduled query over events what its options do, once, at its first event table. */
function whenScheduled(
  find: (subject: Subject, first: EventUse, setting: Setting) => readonly string[],
): Trap['find'] {
  return (subject, setting): readonly Trapped[] => {
    const [first] = subject.events;
    if (first === undefined || subject.query.use !== 'scheduled') return [];
    return find(subject, first, setting).map((what) => ({ what, at: first.table.source.start }));
  };
}

const EVENTS_EXPIRY = 3600;

/** How a query is scheduled, and what the host must do for it to see events. */
export const SCHEDULE_TRAPS: readonly Trap[] = [
  {
    name: 'removed-rows',
    remedy: 'Set "removed": false; in Fleet, logging: differential_ignore_removals.',
    find: whenScheduled(({ query }, { table }) =>
      query.snapshot || !query.removed
        ? []
        : [
            `Events do not go away: "removed" rows of ${table.name} say only that the last run had others, and are logged too.`,
          ],
    ),
  },
  {
    name: 'snapshot-of-events',
    remedy:
      'Leave out "snapshot" and set "removed": false; in Fleet, logging: differential_ignore_removals with automations_enabled: true.',
    find: whenScheduled(({ query }, { table }) =>
      query.snapshot
        ? [
            query.manager === 'fleet'
              ? `Fleet keeps the rows of the last run alone, and each run gives only what is new in ${table.name}: what earlier runs found is overwritten.`
              : `All events of a run become one line of the snapshot log, which results are not looked for in; each run gives only what is new in ${table.name}.`,
          ]
        : [],
    ),
  },
  {
    name: 'denylisting',
    remedy: 'Set "denylist": false.',
    find: whenScheduled(({ query }, { table }) =>
      query.denylist
        ? [
            `When the watchdog kills osqueryd's worker while this query runs, it is not run again for a day, and the events of ${table.name} go by.`,
          ]
        : [],
    ),
  },
  {
    name: 'not-sent',
    remedy: 'Set automations_enabled: true.',
    find: whenScheduled(({ query }, { table }) =>
      query.sent || query.snapshot
        ? []
        : [`Fleet does not send on what it finds in ${table.name}: without automations the rows go nowhere.`],
    ),
  },
  {
    name: 'interval-against-expiry',
    remedy: 'Run it at least three times within --events_expiry, or raise that flag.',
    find: whenScheduled(({ query: { intervalSeconds } }, { table }, { flags }) => {
      const expiry = Number(flags?.get('events_expiry') ?? EVENTS_EXPIRY);
      return 3 * intervalSeconds <= expiry
        ? []
        : [
            `It runs every ${intervalSeconds} s, and events of ${table.name} are kept for ${expiry} s: one late or failed run loses some.`,
          ];
    }),
  },
  {
    name: 'missing-flag',
    remedy: 'Add the flags to osqueryd’s flagfile, or in Fleet to command_line_flags.',
    find: ({ query, events }, { flags }) => {
      if (flags === null || query.use === 'discovery') return [];
      return firstUses(events).flatMap(({ table }) => {
        const missing = (specOf(table.name, query.platform)?.flags ?? []).filter(
          (flag) => !isSet(flag, flags),
        );
        if (missing.length === 0) return [];
        return [{ what: `${table.name} stays empty without ${missing.join(' ')}.`, at: table.source.start }];
      });
    },
  },
  {
    name: 'missing-file-paths',
    remedy: 'Add "file_paths" with the files to watch to the configuration.',
    find: ({ query, events }, { hasFilePaths }) => {
      if (hasFilePaths !== false || query.use === 'discovery') return [];
      return firstUses(events)
        .filter(({ table }) => WATCHING.has(table.name))
        .map(({ table }) => ({
          what: `${table.name} tells only of files that "file_paths" names, and no configuration given has it.`,
          at: table.source.start,
        }));
    },
  },
];

function firstUses(events: readonly EventUse[]): readonly EventUse[] {
  return events.filter(
    ({ table }, at) => events.findIndex((other) => other.table.name === table.name) === at,
  );
}

function isSet(flag: string, flags: ReadonlyMap<string, string>): boolean {
  const [, name = '', value = 'true'] = /^--(\w+)(?:=(.*))?$/.exec(flag) ?? [];
  return plainValue(flags.get(name)) === value;
}

/** gflags takes several spellings of a boolean. */
function plainValue(value: string | undefined): string | undefined {
  if (value !== undefined && /^(?:true|t|yes|y|1)$/i.test(value)) return 'true';
  return value !== undefined && /^(?:false|f|no|n|0)$/i.test(value) ? 'false' : value;
}
