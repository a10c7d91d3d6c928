/**
 * `npm run soak`: the extension's own process under a host's load, for hours if need be.
 *
 *     npm run soak -- --minutes 30                            1,000 execs a second
 *     npm run soak -- --minutes 30 --events-per-second 5000
 *     npm run soak -- --rules my-rules/ --json
 *     npm run soak -- --node-flag=--cpu-prof                  runs the extension with flags of Node's
 *
 * Recorded rows, renumbered so that a host could have made them, go at the pace given to an extension with the rules;
 * in the first five minutes also to one with none, in the next five to one that only parses what it is handed. The
 * extension is bundled first, as it is for hosts. CPU time is the process's own (all threads), so that others on the
 * machine do not count but for the caches that they take. Ends with 1 when the alert of a canary did not come, or when
 * the extension itself tells of events or alerts that it lost.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSchema } from '../src/schema/index.ts';
import { bundle, ROOT } from './bundle.ts';
import { NODE_FLAGS } from './node-flags.ts';
import { readOptions } from './options.ts';
import { Feed } from './soak/feed.ts';
import { isGood, type Minute, type Plan, printHead, printMinute, printSummary } from './soak/report.ts';
import { Soak, type Subjects } from './soak/run.ts';
import { Subject } from './soak/subject.ts';

const CORPUS = ['linux', 'cross-platform'].map((name) =>
  join(ROOT, '..', 'shared', 'corpus', 'elastic', name),
);
const CANARY = join(import.meta.dirname, 'soak', 'canary.toml');
/** What one scan hands over at the most. */
const BATCH = 20_000;

const values = readOptions(import.meta.filename, {
  minutes: { type: 'string', default: '2' },
  'execs-per-second': { type: 'string', default: '1000' },
  'events-per-second': { type: 'string' },
  interval: { type: 'string', default: '10' },
  rules: { type: 'string', multiple: true },
  'node-flag': { type: 'string', multiple: true, default: [] },
  json: { type: 'boolean', default: false },
});

const feed = new Feed(createSchema('linux'));
const rules = values.rules ?? (CORPUS.every(existsSync) ? CORPUS : [join(ROOT, 'packs', 'rules')]);
const plan = planOf();
const folder = mkdtempSync(join(tmpdir(), 'soak-'));
const main = join(folder, 'osquery-detect.cjs');
try {
  process.exitCode = await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function planOf(): Plan {
  const minutes = Number(values.minutes);
  const eventsPerSecond =
    values['events-per-second'] === undefined
      ? Math.round(Number(values['execs-per-second']) / feed.execShare)
      : Number(values['events-per-second']);
  const intervalSeconds = Math.min(Number(values.interval), Math.floor(BATCH / eventsPerSecond));
  if (!(minutes > 0 && eventsPerSecond > 0 && intervalSeconds >= 1)) {
    process.stderr.write(`soak: some minutes, and from 1 to ${BATCH} events a second\n`);
    process.exit(2);
  }
  return {
    ...{ minutes, eventsPerSecond, intervalSeconds },
    execsPerSecond: Math.round(eventsPerSecond * feed.execShare),
    rules: rules.map((path) => path.split('/').slice(-2).join('/')).join(', '),
  };
}

async function run(): Promise<number> {
  const minutes: Minute[] = [];
  writeFileSync(main, (await bundle('embedded')).script, { mode: 0o600 });
  const subjects = await startAll();
  try {
    if (!values.json) console.log(printHead());
    const soak = new Soak({
      ...{ subjects, feed, ...plan },
      canaryId: /^id = "(.*)"$/m.exec(readFileSync(CANARY, 'utf8'))![1]!,
      onMinute(minute) {
        minutes.push(minute);
        if (!values.json) console.log(printMinute(minute));
      },
    });
    const measured = await soak.run();
    console.log(
      values.json ? JSON.stringify({ plan, measured, minutes }, null, 2) : printSummary(plan, measured),
    );
    return isGood(measured) ? 0 : 1;
  } finally {
    for (const subject of Object.values(subjects) as Subject[]) await subject.stop();
  }
}

async function startAll(): Promise<Subjects> {
  return {
    whole: await startExtension('whole', [CANARY, ...rules]),
    noRules: await startExtension('no-rules', [nothingToFind()]),
    decode: await start('decode', [process.execPath, join(import.meta.dirname, 'soak', 'decode-only.ts')]),
  };
}

/** The extension as osqueryd starts it, its store in a file, once its rules are at work. */
async function startExtension(name: string, paths: readonly string[]): Promise<Subject> {
  const settings = join(folder, `${name}.toml`);
  writeFileSync(settings, `store = ${JSON.stringify(join(folder, name, 'store.db'))}\n`, { mode: 0o600 });
  const named = paths.flatMap((path) => ['--rules', path]);
  const command = [...NODE_FLAGS, ...values['node-flag'], main, 'extension', '--allow-unsafe', ...named];
  const subject = await start(name, [process.execPath, ...command], settings);
  await subject.running();
  return subject;
}

function start(
  name: string,
  command: readonly [string, ...string[]],
  settings = '/dev/null',
): Promise<Subject> {
  const processes = JSON.parse(readFileSync(join(ROOT, 'test', 'events', 'processes.json'), 'utf8'));
  const env = { OSQUERY_DETECT_CONFIG: settings };
  return Subject.start({ name, command, env, folder: join(folder, name), processes });
}

/** Rules must be named, or the packaged ones run: one that no row can match. */
function nothingToFind(): string {
  const file = join(folder, 'nothing.toml');
  const text = readFileSync(CANARY, 'utf8').replaceAll('soak-canary', 'no-such-program');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
