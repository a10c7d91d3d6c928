import { createProcessTree } from '../../src/process/index.ts';
import type { Value } from '../../src/rule/index.ts';
import {
  createHost,
  createReader,
  createSchema,
  type OsqueryEvent,
  type Platform,
} from '../../src/schema/index.ts';

type Row = Readonly<Record<string, unknown>>;

/** A reader with its tree and host, and a short way to ask an event for a field. */
export function reading(platform: Platform = 'linux') {
  const schema = createSchema(platform);
  const tree = createProcessTree();
  const host = createHost('host-1');
  const reader = createReader({ schema, tree, host });
  const get = (event: OsqueryEvent | null, field: string): Value => {
    const found = schema.fields.find(field);
    return event === null || found === undefined ? null : event.get(found.slot);
  };
  return { schema, tree, host, reader, get };
}

/** An exec row of Linux. */
export function execRow(row: Row = {}): Row {
  return {
    ...{ eid: '0000000010', time: '1795490000', syscall: 'execve', pid: '1000', parent: '900' },
    ...{
      path: '/usr/bin/true',
      cmdline: 'true',
      cwd: '"/root"',
      uid: '1000',
      euid: '0',
      gid: '1000',
      egid: '0',
    },
    ...{ auid: '4294967295', ...row },
  };
}
