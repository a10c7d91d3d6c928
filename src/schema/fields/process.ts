import type { Process } from '../../process/index.ts';
import type { Value } from '../../rule/index.ts';
import { ancestorsOf, entityId } from '../ancestry.ts';
import { type Definition, hiddenWords, listOrNull, outside, several } from '../definition.ts';
import type { RowEvent } from '../row-event.ts';
import type { Fidelity } from '../table.ts';

type Of = (event: RowEvent) => Process | null;
type ReadProcess = (process: Process, event: RowEvent) => Value;

/** What a family of fields says of itself in the field map. */
interface Family {
  readonly of: Of;
  readonly columns: readonly string[];
  readonly fidelity: Fidelity;
  readonly note: string;
}

/** Each field of a process that the tree knows, by the end of its name; `cache`: dear, and asked for by many rules. */
const FIELDS: Readonly<
  Record<
    string,
    { readonly read: ReadProcess; readonly type?: 'number'; readonly list?: true; readonly cache?: true }
  >
> = {
  name: { read: (process) => listOfOne(process.names) },
  executable: { read: executablesOf, cache: true },
  command_line: { read: (process) => several(process.commandLine, process.args.line), cache: true },
  args: { read: argumentsOf, list: true, cache: true },
  args_count: { read: (process) => process.args.words.length || null, type: 'number' },
  pid: { read: (process) => process.pid, type: 'number' },
  entity_id: { read: (process, event) => entityId(event.host.id, process) },
  working_directory: { read: (process) => process.workingDirectory || null },
  'user.id': { read: (process) => process.userId || null },
  'user.name': { read: (process, event) => event.host.userName(process.userId) },
  'group.id': { read: (process) => process.groupId || null },
  'group.name': { read: (process, event) => event.host.groupName(process.groupId) },
};

export function processFamily(
  prefix: string,
  names: readonly string[],
  family: Family,
): readonly Definition[] {
  return names.map((name) => {
    const field = FIELDS[name]!;
    return outside(
      `${prefix}.${name}`,
      family.columns,
      (event) => {
        const process = family.of(event);
        return process === null ? null : field.read(process, event);
      },
      {
        type: field.type ?? 'keyword',
        fidelity: family.fidelity,
        note: family.note,
        list: field.list === true,
        cache: field.cache === true && !prefix.endsWith('_leader'),
      },
    );
  });
}

/**
 * What the tree says of the acting process's parent, ancestors and leaders. `parentPid` is what the row itself tells,
 * where the tree knows no parent; null elsewhere.
 */
export function kinFields(
  pidColumns: readonly string[],
  parentPid: (event: RowEvent) => number | null = () => null,
): readonly Definition[] {
  const family = { columns: pidColumns, fidelity: 'approximate' } as const;
  const pidOfParent = (event: RowEvent): Value => {
    if (event.parent !== null) return event.parent.pid;
    const pid = parentPid(event);
    return Number.isSafeInteger(pid) && pid! > 0 && pid !== event.process?.pid ? pid : null;
  };
  const leader = {
    ...family,
    note: 'guessed from the ancestry: rows tell of no session and no process group',
  };
  return [
    hiddenWords('process.parent.words', (event) => event.parent?.wordTexts ?? null),
    ...processFamily('process.parent', OF_PARENT, {
      ...{ ...family, of: (event) => event.parent },
      note: 'from the process tree; inferred where no row told of the parent (the alert says so)',
    }),
    outside('process.parent.pid', pidColumns, pidOfParent, {
      ...{ type: 'number', fidelity: 'approximate' },
      note: 'from the process tree, or where that knows no parent from the row itself',
    }),
    ...processFamily('process.entry_leader', LEADER, {
      ...leader,
      of: (event) => event.leaders?.entry ?? null,
    }),
    ...processFamily('process.session_leader', LEADER, {
      ...leader,
      of: (event) => event.leaders?.session ?? null,
    }),
    ...processFamily('process.group_leader', LEADER, {
      ...leader,
      of: (event) => event.leaders?.group ?? null,
    }),
    outside(
      'process.entry_leader.entry_meta.type',
      pidColumns,
      (event) => event.leaders?.entryType ?? null,
      leader,
    ),
    outside('process.Ext.ancestry', pidColumns, ancestryOf, {
      ...{ fidelity: 'partial', list: true, note: 'entity ids of the ancestors that the process tree knows' },
    }),
    outside('process.previous.executable', pidColumns, (event) => event.process?.previous?.path || null, {
      ...{ fidelity: 'partial', note: 'what ran in this pid before, its fork included' },
    }),
    outside('process.previous.args', pidColumns, (event) => wordsOf(event.process?.previous ?? null), {
      ...{ fidelity: 'partial', list: true, note: 'what ran in this pid before, its fork included' },
    }),
  ];
}

/** The pid is the row's where the tree knows no parent. */
const OF_PARENT = Object.keys(FIELDS).filter((name) => name !== 'pid');

const LEADER = [
  'name',
  'executable',
  'command_line',
  'args',
  'pid',
  'entity_id',
  'working_directory',
  'user.id',
  'user.name',
  'group.id',
];

/** The file, and the first word of the command line when it is a path. */
export function executablesOf(process: Process): Value {
  const first = process.firstWord;
  return several(process.path, /^(?:\/|[A-Za-z]:\\)/.test(first) ? first : null);
}

/** The words, and what a shell was given to run as the one argument that it was. */
export function argumentsOf(process: Process): Value {
  const { words, script } = process.args;
  return listOrNull(script === null ? words : [...words, script]);
}

export function listOfOne(values: readonly string[]): Value {
  return values.length === 1 ? values[0]! : listOrNull(values);
}

function wordsOf(process: Process | null): Value {
  return process === null ? null : listOrNull(process.args.words);
}

function ancestryOf(event: RowEvent): Value {
  if (event.parent === null) return null;
  return ancestorsOf(event.parent).map((process) => entityId(event.host.id, process));
}

/** Of the process whose exec or fork the row tells. */
export function entityIdField(options: { readonly note?: string } = {}): Definition {
  return outside(
    'process.entity_id',
    ['pid', 'eid'],
    (event) => (event.process === null ? null : entityId(event.host.id, event.process)),
    options,
  );
}
