import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FedRow, readRecordedEvents, type Sandbox, startSandbox } from '../sandbox/index.ts';
import { createSchema } from '../schema/index.ts';
import type { Io } from './command.ts';
import { PACKAGE_ROOT, PACKAGED_RULES } from './paths.ts';
import { describeLog, showResult } from './show-line.ts';
import { createStyle, type Style } from './style.ts';

const EVENTS = join(PACKAGE_ROOT, 'test', 'events');
const PACK = join(PACKAGE_ROOT, 'packs', 'linux.conf');
/** Rows that are fed before each run of the pack. */
const CHUNK = 200;

/** Plays the recording and gives the number of alerts. */
export async function play(io: Io, whole: boolean): Promise<number> {
  const style = createStyle(io.outIsTerminal);
  let alerts = 0;
  const sandbox = await startSandbox({
    schema: [...createSchema('linux').tables.values()].map(({ name, columns }) => ({ name, columns })),
    rows: { processes: JSON.parse(readFileSync(join(EVENTS, 'processes.json'), 'utf8')) as FedRow[] },
    config: { packs: { linux: JSON.parse(readFileSync(PACK, 'utf8')) } },
    flags: { disable_events: 'false', disable_audit: 'false' },
    extension: {
      command: [
        process.execPath,
        join(import.meta.dirname, 'main.ts'),
        'extension',
        '--rules',
        PACKAGED_RULES,
        '--allow-unsafe',
      ],
    },
    onExtensionOutput: (line) => io.out(`${style.dim(`extension  ${describeLog(line)}`)}\n`),
    onResult(line) {
      alerts += 1;
      io.out(`\n${showResult(line, style, whole)}\n`);
    },
    onStatus: ({ message, severity }) => {
      if (severity > 0) io.err(`osqueryd   ${message}`);
    },
    hostIdentifier: 'recorder',
    // The schedule stands still: it would run the pack before the extension is there.
    startTime: Math.floor(Date.now() / 1000),
  });
  try {
    await sandbox.registered('osquery_detect');
    await feedAll(sandbox, io, style);
  } finally {
    await sandbox.stop();
  }
  io.out(
    `\n${style.bold(`${alerts} alerts`)}, each logged by osquery itself. The rules are in packs/rules.\n`,
  );
  return alerts;
}

async function feedAll(sandbox: Sandbox, io: Io, style: Style): Promise<void> {
  let chunk: FedRow[] = [];
  let total = 0;
  const flush = async (): Promise<void> => {
    if (chunk.length === 0) return;
    total += chunk.length;
    io.out(
      `${style.dim(`osqueryd   process_events: ${chunk.length} rows, ${total} in all; the pack runs`)}\n`,
    );
    await sandbox.feed('process_events', chunk);
    chunk = [];
    await sandbox.runNow();
  };
  for await (const { name, row } of readRecordedEvents(join(EVENTS, 'demo.results.log.gz'))) {
    if (name !== 'process_events') continue;
    // The recording is a part of what happened: with its own numbers, the extension would look for the rest.
    const { eid: _, ...unnumbered } = row;
    chunk.push(unnumbered);
    if (chunk.length === CHUNK) await flush();
  }
  await flush();
  // One more run, with no new rows: what a sequence still waited for is certain now.
  await sandbox.runNow();
}
