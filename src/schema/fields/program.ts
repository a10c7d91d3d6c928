import { baseName } from '../../process/index.ts';
import { columnId } from '../column-ids.ts';
import { column, type Definition, hiddenWords, outside, several } from '../definition.ts';
import { argumentsOf, executablesOf, kinFields, listOfOne, processFamily } from './process.ts';

const TREE = 'from the process tree, when it knows the pid and agrees about the program';

/** The acting process of a table that tells its pid and, in `path`, its program. */
export function actorFields({ pid, path }: { pid: string; path: string | null }): readonly Definition[] {
  const id = path === null ? -1 : columnId(path);
  const columns = path === null ? [pid] : [pid, path];
  const pathIn = (event: { text(id: number): string }): string => (id < 0 ? '' : event.text(id));
  return [
    column('process.pid', pid, { type: 'number' }),
    outside(
      'process.executable',
      columns,
      (event) => (event.process === null ? several(pathIn(event)) : executablesOf(event.process)),
      {
        note: 'the file, and the first word of the command line where that is a path',
      },
    ),
    outside(
      'process.name',
      columns,
      (event) => (event.process === null ? several(baseName(pathIn(event))) : listOfOne(event.process.names)),
      {
        note: 'the name of the file and of the first word of the command line',
      },
    ),
    outside(
      'process.args',
      columns,
      (event) => (event.process === null ? null : argumentsOf(event.process)),
      {
        ...{ list: true, fidelity: 'approximate', note: TREE },
      },
    ),
    ...processFamily('process', ['command_line', 'args_count', 'entity_id', 'working_directory'], {
      ...{ of: (event) => event.process, columns, fidelity: 'approximate', note: TREE },
    }),
    hiddenWords('process.words', (event) => event.process?.wordTexts ?? null),
    ...kinFields(columns),
  ];
}

/** Who acted, where the row does not say: the user that the process tree knows the process by. */
export function actorUser(pid: string): readonly Definition[] {
  const known = { fidelity: 'approximate', note: `the user of the process, ${TREE}` } as const;
  return [
    outside('user.id', [pid], (event) => event.process?.userId || null, known),
    outside('user.name', [pid], (event) => event.host.userName(event.process?.userId ?? ''), known),
  ];
}
