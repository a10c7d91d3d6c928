/**
 * The engine beside its alternatives, in one run on one core: `npm run bench`.
 *
 *     npm run bench -- --quick       on a smaller scale, in less than a minute
 *     npm run bench -- --json        the figures
 *     npm run bench -- --markdown    the part of README.md between the speed markers
 *     npm run bench -- --check       compares ratios with those in bench/baseline.json; 1 where one got worse
 *     npm run bench -- --save        writes bench/baseline.json
 *     npm run bench -- --only engine,decodeContext
 *
 * Times are CPU time (user and system, all threads), not time on the wall. Each measure runs in a process of its
 * own, one after the other; the sizes of 5. thrice by turns, of which the median is told.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../scripts/options.ts';
import {
  type Figures,
  LEFT_OUT_WHEN_QUICK,
  MEASURED_BY_TURNS,
  MEASURES,
  QUICK,
  TURNS,
  WHOLE,
} from './engine/measures.ts';
import { corpusPaths } from './engine/recordings.ts';
import { compareRatios, type Report, ratiosOf, toMarkdown, toText } from './engine/report.ts';

const BASELINE = join(import.meta.dirname, 'baseline.json');

const values = readOptions(import.meta.filename, {
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  save: { type: 'boolean', default: false },
  only: { type: 'string' },
  measure: { type: 'string' },
});

if (values.measure !== undefined) await measureHere(values.measure);
else report();

/** In a child: one measure, its figures on standard output. */
async function measureHere(name: string): Promise<void> {
  const figures = await MEASURES[name]!(values.quick ? QUICK : WHOLE);
  process.stdout.write(JSON.stringify(figures));
}

function report(): void {
  const all = Object.keys(MEASURES).filter((name) => !(values.quick && LEFT_OUT_WHEN_QUICK.includes(name)));
  const names = values.only?.split(',') ?? all;
  const unknown = names.filter((name) => MEASURES[name] === undefined);
  if (unknown.length > 0)
    fail(`no measure ${unknown.join(', ')}; there are ${Object.keys(MEASURES).join(', ')}`);
  if (corpusPaths() === null)
    note("Elastic's rules are not beside the checkout: the packaged rules are measured.");
  const figures = measureAll(names);
  const result: Report = { machine: machine(), figures, ratios: ratiosOf(figures) };
  if (values.json) console.log(JSON.stringify(result, null, 2));
  else console.log(values.markdown ? toMarkdown(result) : toText(result));
  if (values.save) writeFileSync(BASELINE, `${JSON.stringify(result, null, 2)}\n`);
  if (values.check) check(result);
}

/** What one process compiled, the next need not. */
function measureAll(names: readonly string[]): Report['figures'] {
  const cache = mkdtempSync(join(tmpdir(), 'bench-'));
  const byTurns = values.quick ? [] : names.filter((name) => MEASURED_BY_TURNS.includes(name));
  try {
    const measured = names.map((name): [string, Figures[]] => [name, [measureApart(name, cache)]]);
    for (let turn = 1; turn < TURNS; turn += 1) {
      for (const [name, found] of measured) if (byTurns.includes(name)) found.push(measureApart(name, cache));
    }
    return Object.fromEntries(measured.map(([name, found]) => [name, medianOf(found)]));
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** Of each figure, which may come from another turn than the next. */
function medianOf(found: readonly Figures[]): Figures {
  const median = (name: string): number => {
    const sorted = found.map((one) => one[name]!).sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  };
  return Object.fromEntries(Object.keys(found[0]!).map((name) => [name, median(name)]));
}

function measureApart(name: string, cache: string): Figures {
  if (process.stderr.isTTY) note(`${name} …`);
  const args = ['--expose-gc', import.meta.filename, '--measure', name, ...(values.quick ? ['--quick'] : [])];
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  const output = execFileSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  return JSON.parse(output.toString());
}

function machine(): Report['machine'] {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    load: loadavg()[0]!,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    quick: values.quick,
  };
}

function check(result: Report): void {
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Report;
  const worse = compareRatios(result.ratios, baseline.ratios);
  for (const line of worse) note(line);
  if (worse.length > 0) process.exitCode = 1;
  else note('no ratio got worse');
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fail(text: string): never {
  note(text);
  process.exit(2);
}
