import test from 'ava';
import { EVENTS, trapsOf } from './linting.ts';

const scan = (columns: string): string =>
  `SELECT * FROM detections WHERE stream = 'process_events' AND batch < (SELECT json_group_array(json(r)) FROM (SELECT ${columns} AS r FROM process_events ORDER BY eid DESC LIMIT 20000))`;

/** For each trap that a query's SQL can fall into: queries that do, and near ones that do not. */
const SQL: readonly {
  readonly trap: string;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}[] = [
  {
    trap: 'time-constraint',
    bad: [
      `${EVENTS} WHERE time > 5`,
      `${EVENTS} WHERE 5 < time AND uid = 0`,
      `${EVENTS} WHERE uid = 0 AND (time BETWEEN 1 AND 2)`,
      `${EVENTS} e WHERE e.time >= strftime('%s', 'now') - 60`,
      `${EVENTS} WHERE "time" > (SELECT unix_time - 60 FROM time)`,
      'SELECT * FROM (SELECT * FROM process_events WHERE time > 5)',
      'WITH recent AS (SELECT path FROM process_events WHERE [time] > 5) SELECT * FROM recent',
      `SELECT 1 UNION ALL ${EVENTS} WHERE time > 5`,
      `/* time */ ${EVENTS} -- WHERE\n WHERE time > 5`,
      `SELECT u.username FROM users u JOIN process_events p ON p.uid = u.uid AND p.time > 5`,
    ],
    good: [
      EVENTS,
      `${EVENTS} -- WHERE time > 5`,
      `${EVENTS} /* WHERE time > 5 */`,
      `${EVENTS} WHERE cmdline = 'x WHERE time > 5'`,
      `${EVENTS} WHERE time + 0 > 5`,
      `${EVENTS} WHERE +time > 5`,
      `${EVENTS} WHERE datetime(time, 'unixepoch') > '2030'`,
      'SELECT time FROM process_events ORDER BY time',
      'SELECT * FROM last WHERE time > 5',
      'SELECT p.path, l.time FROM process_events p JOIN last l ON l.pid = p.pid AND l.time > 5',
    ],
  },
  {
    trap: 'two-event-tables',
    bad: [
      'SELECT * FROM process_events p JOIN socket_events s ON s.pid = p.pid',
      'SELECT * FROM process_events, socket_events',
      'SELECT * FROM (process_events p JOIN socket_events s ON s.pid = p.pid)',
      `${EVENTS} WHERE pid IN (SELECT pid FROM socket_events)`,
      `${EVENTS} UNION ALL SELECT path FROM socket_events`,
      'WITH s AS (SELECT pid FROM socket_events) SELECT path FROM process_events JOIN s USING (pid)',
      `SELECT (SELECT count(*) FROM file_events), path FROM process_events`,
    ],
    good: [
      EVENTS,
      'WITH socket_events AS (SELECT 1 AS pid) SELECT path FROM process_events JOIN socket_events USING (pid)',
      'SELECT * FROM process_events p JOIN users u USING (uid)',
      "SELECT * FROM process_events WHERE cmdline LIKE '%socket_events%'",
      'SELECT socket_events.name FROM process_events JOIN osquery_events AS socket_events',
    ],
  },
  {
    trap: 'parents-from-processes',
    bad: [
      'SELECT p.path, pp.name FROM process_events p JOIN processes pp ON pp.pid = p.parent',
      'SELECT path, (SELECT name FROM processes WHERE pid = parent) FROM process_events',
      'SELECT * FROM processes WHERE pid IN (SELECT parent FROM process_events)',
      'SELECT * FROM process_events LEFT JOIN "processes" ON processes.pid = process_events.parent',
    ],
    good: [EVENTS, 'SELECT * FROM processes', "SELECT * FROM process_events WHERE cmdline = 'processes'"],
  },
  {
    trap: 'resolved-path',
    bad: [
      `${EVENTS} WHERE path LIKE '%/rmmod'`,
      `${EVENTS} WHERE path = '/sbin/modprobe'`,
      `${EVENTS} WHERE uid = 0 OR (path IN ('/bin/ls', '/bin/sh'))`,
      `${EVENTS} WHERE path NOT LIKE '%/sh'`,
      `${EVENTS} e WHERE e.path GLOB '*/backup.sh'`,
      "SELECT executable FROM process_file_events WHERE executable = '/usr/bin/vi'",
    ],
    good: [
      `${EVENTS} WHERE path LIKE '%/kmod'`,
      `${EVENTS} WHERE cmdline LIKE 'rmmod %'`,
      `${EVENTS} WHERE path LIKE '/usr/bin/%'`,
      "SELECT path FROM processes WHERE path LIKE '%/rmmod'",
      "SELECT path FROM es_process_events WHERE path LIKE '%/sh'",
      "SELECT e.path FROM process_events e JOIN file f ON f.inode = e.uid AND f.path = '/bin/sh'",
    ],
  },
  {
    trap: 'limit-without-order',
    bad: [
      `${EVENTS} LIMIT 100`,
      `SELECT * FROM (SELECT path FROM process_events) LIMIT 100`,
      `SELECT * FROM (SELECT path FROM process_events LIMIT 5) ORDER BY path`,
      `SELECT DISTINCT path FROM process_events LIMIT 5`,
      'SELECT path FROM process_events UNION ALL SELECT path FROM file LIMIT 5',
    ],
    good: [
      `${EVENTS} ORDER BY eid DESC LIMIT 100`,
      'SELECT count(*) FROM process_events LIMIT 1',
      'SELECT path, count(*) FROM process_events GROUP BY path LIMIT 10',
      `SELECT * FROM (SELECT path FROM process_events ORDER BY eid) LIMIT 100`,
      `SELECT * FROM users WHERE uid IN (SELECT uid FROM process_events) LIMIT 5`,
      `${EVENTS} LIMIT -1`,
      'SELECT * FROM users LIMIT 5',
    ],
  },
  {
    trap: 'unbounded-scan',
    bad: [
      "SELECT * FROM detections WHERE stream = 'process_events' AND batch < (SELECT json_group_array(json_array(eid)) FROM process_events)",
      'SELECT * FROM detections d WHERE d.batch < (SELECT json_group_array(json(r)) FROM (SELECT json_array(eid) AS r FROM process_events ORDER BY eid))',
    ],
    good: [scan('json_array(eid, time)'), 'SELECT json_group_array(json_array(eid)) FROM process_events'],
  },
  {
    trap: 'events-in-list',
    bad: [
      'SELECT * FROM detections WHERE event IN (SELECT json_array(eid) FROM process_events ORDER BY eid DESC LIMIT 20000)',
      'SELECT * FROM detections WHERE event = (SELECT json_array(eid) FROM process_events ORDER BY eid DESC LIMIT 1)',
    ],
    good: [
      scan('json_array(eid, time)'),
      "SELECT * FROM detections WHERE rule_id IN ('a', 'b') AND batch < '[]'",
    ],
  },
  { trap: 'gone-table', bad: ['SELECT path FROM bpf_process_events'], good: [EVENTS] },
  {
    trap: 'unreadable',
    bad: [`${EVENTS} WHERE (uid = 0`, `${EVENTS} WHERE path = 'x`],
    good: [EVENTS, `${EVENTS};`],
  },
];

for (const { trap, bad, good } of SQL) {
  test(`${trap}: it is found where it is, and only there`, (t) => {
    for (const query of bad) t.deepEqual(trapsOf(query), [trap], query);
    for (const query of good) t.deepEqual(trapsOf(query), [], query);
  });
}

test('queries that nest without end are refused, and do no harm', (t) => {
  const deep = `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)} FROM process_events`;
  t.deepEqual(trapsOf(deep), ['unreadable']);
  const long = `${EVENTS} WHERE ${Array.from({ length: 20_000 }, (_, i) => `uid = ${i}`).join(' OR ')}`;
  t.deepEqual(trapsOf(long), []);
});
