import { baseName } from '../../process/index.ts';
import type { Value } from '../../rule/index.ts';
import { columnId } from '../column-ids.ts';
import {
  cases,
  column,
  computed,
  constant,
  type Definition,
  hiddenWords,
  several,
  type TableDefinition,
  textOrNull,
} from '../definition.ts';
import { originFields } from '../fields/origin.ts';
import { argumentsOf, entityIdField, executablesOf, kinFields, listOfOne } from '../fields/process.ts';
import { userFields } from '../fields/user.ts';
import type { RowEvent } from '../row-event.ts';

/** The words by which the agents whose rules are run name an exec, and a fork. */
export const EXEC_ACTIONS: readonly string[] = [
  ...['exec', 'exec_event', 'executed', 'start', 'ProcessRollup2', 'process_started'],
];
export const FORK_ACTIONS: readonly string[] = ['fork', 'fork_event'];

const EXECS = ['execve', 'execveat'];
const FORKS = ['fork', 'vfork', 'clone'];
const KILLS = ['kill', 'tkill', 'tgkill'];

const PARENT = columnId('parent');
const PATH = columnId('path');
const CWD = columnId('cwd');
const CMDLINE = columnId('cmdline');

/** What a row of process_events shows. */
export function actOf(syscall: string): 'exec' | 'fork' | 'kill' | null {
  if (EXECS.includes(syscall)) return 'exec';
  if (FORKS.includes(syscall)) return 'fork';
  return KILLS.includes(syscall) ? 'kill' : null;
}

/** The text without the quotes that osquery leaves on audit's `cwd`. */
export function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

export const processEvents: TableDefinition = {
  name: 'process_events',
  platforms: ['linux'],
  evented: true,
  rank: 0,
  categories: ['process'],
  reads: [
    ...['eid', 'time', 'syscall', 'pid', 'parent', 'path', 'cmdline', 'cwd'],
    ...['uid', 'euid', 'gid', 'egid', 'auid'],
  ],
  unused: {
    mode: "the program file's; no rule language asks for it",
    owner_uid: "the program file's; no rule language asks for it",
    owner_gid: "the program file's; no rule language asks for it",
    atime: "the program file's, read after the event: it may be another file by then",
    mtime: "the program file's, read after the event",
    ctime: "the program file's, read after the event",
    btime: 'always 0',
    cmdline_size: 'the size of what is in `cmdline`, also when audit cut it',
    env: 'always empty',
    env_count: 'always 0',
    env_size: 'always 0',
    overflows: 'always empty',
    uptime: 'when the row was stored, as `time` says',
    fsuid: 'follows euid',
    fsgid: 'follows egid',
    suid: 'the saved user; no rule asks for it',
    sgid: 'the saved group; no rule asks for it',
  },
  flags: [
    ...[
      '--disable_events=false',
      '--disable_audit=false',
      '--audit_allow_config=true',
      '--audit_persist=true',
    ],
    ...['--audit_allow_process_events=true', '--audit_allow_fork_process_events=true'],
  ],
  switches: [{ column: 'syscall', texts: KILLS, flag: '--audit_allow_kill_process_events=true' }],
  cost: 'Cheap. Without fork rows more parents must be inferred. No auditd may run beside it.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['process'] },
      datasets: ['endpoint.events.process', 'auditd_manager.auditd'],
      modules: ['endpoint', 'auditd', 'auditd_manager'],
    }),
    // Auditd's integration calls a kill an end; its process is the killer, and rules that ask for ends mean the dead.
    ...bySyscall('event.type', { exec: ['start'], fork: ['start'], kill: null }),
    ...bySyscall('event.action', { exec: EXEC_ACTIONS, fork: FORK_ACTIONS, kill: ['killed-pid'] }),
    constant('event.outcome', 'success', { note: 'osquery gives no row for a call that failed' }),
    column('auditd.data.syscall', 'syscall'),
    ...ownFields(),
    ...kinFields(['pid', 'parent'], (event) => event.number(PARENT)),
    ...userFields({ real: 'uid', effective: 'euid', audit: 'auid', group: 'gid', effectiveGroup: 'egid' }),
  ],
};

function bySyscall(
  field: string,
  { exec, fork, kill }: { exec: Value; fork: Value; kill: Value },
): readonly [Definition] {
  const values = [
    ...EXECS.map((name) => [name, exec] as const),
    ...FORKS.map((name) => [name, fork] as const),
    ...KILLS.map((name) => [name, kill] as const),
  ];
  return [cases(field, 'syscall', Object.fromEntries(values))];
}

function wordsOf(event: RowEvent): Value {
  const line = event.text(CMDLINE);
  const texts = event.executed?.wordTexts ?? line;
  return texts === line ? textOrNull(line) : several(line, ...(typeof texts === 'string' ? [texts] : texts));
}

function ownFields(): readonly Definition[] {
  const words = {
    fidelity: 'approximate',
    note: 'the words of `cmdline`, in order; an argument with a space counts as several',
  } as const;
  const line = (event: RowEvent): Value => {
    const process = event.executed;
    return process === null
      ? textOrNull(event.text(CMDLINE))
      : several(event.text(CMDLINE), process.args.line);
  };
  return [
    column('process.pid', 'pid', { type: 'number' }),
    computed(
      'process.executable',
      ['path', 'cmdline', 'syscall'],
      (event) => {
        const process = event.executed;
        return process === null ? textOrNull(event.text(PATH)) : executablesOf(process);
      },
      { cache: true, note: 'the resolved file, and the first word of `cmdline` where that is a path' },
    ),
    computed(
      'process.name',
      ['path', 'cmdline', 'syscall'],
      (event) => {
        const process = event.executed;
        return process === null ? textOrNull(baseName(event.text(PATH))) : listOfOne(process.names);
      },
      {
        note: 'the name of the resolved file, of the first word of `cmdline`, and of the applet for busybox',
      },
    ),
    hiddenWords('process.words', wordsOf),
    computed('process.command_line', ['cmdline', 'syscall'], line, {
      cache: true,
      ...{
        fidelity: 'approximate',
        note: 'as logged, and put in order when it has more than ten words; cut by audit after 7,500 bytes',
      },
    }),
    computed('process.title', ['cmdline', 'syscall'], line, {
      fidelity: 'approximate',
      note: 'the command line',
    }),
    computed(
      'process.args',
      ['cmdline', 'syscall'],
      (event) => {
        const process = event.executed;
        return process === null ? null : argumentsOf(process);
      },
      { ...words, list: true, cache: true },
    ),
    computed(
      'process.args_count',
      ['cmdline', 'syscall'],
      (event) => event.executed?.args.words.length || null,
      {
        ...words,
        type: 'number',
      },
    ),
    computed('process.working_directory', ['cwd'], (event) => textOrNull(unquote(event.text(CWD)))),
    entityIdField({
      note: 'host, pid, and the place of the exec or fork in its stream: another one after a second exec',
    }),
  ];
}
