/** Tables of logs, whose fields are parts of one text: what SQL cannot see of it must pass every prefilter. */
import test from 'ava';
import fc from 'fast-check';
import { compileCondition } from '../../src/match/index.ts';
import { printCondition } from '../../src/rule/index.ts';
import { createSchema, type Platform } from '../../src/schema/index.ts';
import { prefilter } from '../../src/sql/index.ts';
import type { Cell, Row } from './arbitrary.ts';
import { tableConditions } from './arbitrary-conditions.ts';
import { eventTable } from './event-table.ts';

const text = (row: Readonly<Record<string, Cell | string>>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, typeof cell === 'string' ? Buffer.from(cell) : cell]),
  );

const record = (eventid: number, data: object, provider = 'Microsoft-Windows-Security-Auditing'): Row =>
  text({
    ...{ source: 'Security', provider_name: provider, computer_name: 'PC', eventid, level: 0 },
    ...{ keywords: '0x8020000000000000', data: JSON.stringify({ EventData: data }) },
  });

const TABLES: readonly {
  readonly platform: Platform;
  readonly name: string;
  readonly rows: readonly Row[];
}[] = [
  {
    platform: 'linux',
    name: 'syslog_events',
    rows: [
      text({
        facility: 'auth',
        severity: 6,
        tag: 'sshd[3402]',
        message: 'Accepted password for bob from ::1 port 22 ssh2',
      }),
      text({ facility: 'kern', severity: 4, tag: 'kernel', message: 'sh: segfault at 0' }),
      text({
        facility: 'authpriv',
        severity: 6,
        tag: 'useradd',
        message: 'new user: name=sh, UID=1000, GID=1000',
      }),
      text({ facility: '', severity: null, tag: '', message: '' }),
    ],
  },
  {
    platform: 'linux',
    name: 'apparmor_events',
    rows: [
      text({
        apparmor: 'DENIED',
        operation: 'open',
        name: '/root/x.sh',
        pid: 7,
        comm: 'sh',
        requested_mask: 'w',
        fsuid: 0,
      }),
      text({ apparmor: 'STATUS', operation: 'profile_load', name: 'sh', pid: 7, comm: 'apparmor_parser' }),
      text({ apparmor: '', operation: '', name: '', pid: null, comm: '' }),
    ],
  },
  {
    platform: 'windows',
    name: 'windows_events',
    rows: [
      record(4624, {
        TargetUserName: 'sh',
        LogonType: '3',
        IpAddress: '10.0.0.1',
        IpPort: '22',
        ProcessName: 'C:\\x\\sh',
      }),
      record(5145, { ShareName: 'x', RelativeTargetName: 'x.sh', SubjectUserName: 'exec' }),
      record(
        13,
        { Image: 'C:\\sh', TargetObject: 'HKLM\\a\\b', Details: 'DWORD (0x00000001)' },
        'Microsoft-Windows-Sysmon',
      ),
      record(10, { SourceImage: 'C:\\root', TargetImage: 'sh' }, 'Microsoft-Windows-Sysmon'),
      record(10, {}, 'Someone'),
      text({ eventid: null, data: '{' }),
    ],
  },
];

for (const { platform, name, rows } of TABLES) {
  test(`on rows of ${name}, what a random condition is true of passes its prefilter`, (t) => {
    const schema = createSchema(platform);
    const table = schema.tables.get(name)!;
    const { db, events } = eventTable(schema, table, rows);
    fc.assert(
      fc.property(tableConditions(schema, table, { db, events }), (condition) => {
        const { from, where, sure } = prefilter(condition, table);
        const matches = compileCondition(condition, schema.fields);
        const sql = `SELECT CAST(eid AS INTEGER) AS eid, (${where}) AS passes, (${sure}) AS sure FROM ${from}`;
        for (const row of db.prepare<[], { eid: number; passes: number; sure: number }>(sql).all()) {
          const event = events.get(row.eid);
          if (event === undefined || event === null) continue;
          const matched = matches(event);
          t.false(matched && !row.passes, `lost: ${printCondition(condition)}`);
          t.false(!matched && Boolean(row.sure), `not sure: ${printCondition(condition)}`);
        }
      }),
      { seed: 1, numRuns: 600 },
    );
  });
}
