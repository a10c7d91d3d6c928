import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { startSandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { ROOT } from '../events/recording.ts';

const GUIDE = readFileSync(join(ROOT, 'docs/try-with-osqueryd.md'), 'utf8');
/** What stands indented below the list's text. */
const QUERIES = [...GUIDE.matchAll(/^ +SELECT .*\n(?: {8}.*\n)*/gm)].map(([text]) => text.trim());
const FAULT = /process\.name'/;

test('the queries that the guide names run, and the one with a fault says where it is', async (t) => {
  t.true(QUERIES.length >= 8);
  const sandbox = await startSandbox({
    schema: [...createSchema('linux').tables.values()].map(({ name, columns }) => ({ name, columns })),
    rows: { processes: [{ pid: 2, parent: 1, path: '/usr/bin/bash', cmdline: '-bash' }] },
    config: { packs: { 'osquery-detect': JSON.parse(readFileSync(join(ROOT, 'packs/linux.conf'), 'utf8')) } },
    flags: { disable_events: 'false' },
    startTime: 1_795_500_000,
    watchIntervalMs: 0,
    extension: {
      command: [
        process.execPath,
        join(ROOT, 'src/cli/main.ts'),
        'extension',
        '--rules',
        join(ROOT, 'packs/rules'),
      ],
    },
    onExtensionOutput: () => {},
  });
  t.teardown(() => sandbox.stop());
  await sandbox.registered('osquery_detect');
  for (const sql of QUERIES.filter((text) => !FAULT.test(text))) {
    const rows = await sandbox.query(sql).catch((error: Error) => error);
    t.true(Array.isArray(rows), `${sql}\n${rows}`);
    if (!/detection_alerts|detection_processes/.test(sql))
      t.true((rows as readonly object[]).length > 0, sql);
  }
  const [faulty] = QUERIES.filter((text) => FAULT.test(text));
  await t.throwsAsync(sandbox.query(faulty!), { message: /rule:1:\d+: EQL_SYNTAX: Expected/ });
});
