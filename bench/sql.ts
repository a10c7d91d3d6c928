/**
 * Rules as SQL: how much of them SQL decides, how many recorded events pass, and how long SQLite takes over 100,000
 * rows of process_events with one merged query, beside one query for each rule.
 *
 *     node bench/sql.ts [--rows N] [--json | --markdown]
 *
 * Times are CPU time. The rows are the recordings', again and again, in a table of SQLite's own: what it costs osquery
 * to read its events, once for each query, is not in them. The queries are those of `pack-sql.conf`.
 */
import { cpus } from 'node:os';
import Database from 'better-sqlite3';
import { readOptions } from '../scripts/options.ts';
import { planRules } from '../src/agent/index.ts';
import type { Rule } from '../src/rule/index.ts';
import { createSchema, type TableSpec } from '../src/schema/index.ts';
import { candidateQueries, type RuleSieve, ruleSieves, sqlPackFor } from '../src/sql/index.ts';
import { type RecordedRow, wholeRecording } from '../test/events/recording.ts';
import { corpusIsThere, corpusRules, packagedRules } from '../test/sql/rule-sets.ts';

const RECORDINGS = ['seed', 'attack', 'everyday'] as const;
const MERGED_RUNS = 5;

interface TableFigures {
  readonly rules: number;
  readonly exact: number;
  readonly narrows: number;
  readonly all: number;
  /** Rules that are not in the pack, as nearly every row may match. */
  readonly leftOut: number;
}

interface ShareFigures {
  /** By recording: of its rows, those that the merged query gives. */
  readonly merged: Readonly<Record<string, number>>;
  /** Over rules: of all recorded rows, those that the rule's own query gives. */
  readonly medianOfRules: number;
}

interface TimeFigures {
  readonly rows: number;
  readonly rules: number;
  readonly mergedMs: number;
  readonly perRuleMs: number;
  readonly ratio: number;
}

interface Figures {
  readonly machine: string;
  readonly corpora: Readonly<Record<string, TableFigures>>;
  readonly tables: Readonly<Record<string, TableFigures>>;
  readonly share: ShareFigures;
  readonly time: TimeFigures;
  readonly packBytes: Readonly<Record<'merged' | 'perRule', number>>;
}

const values = readOptions(import.meta.filename, {
  rows: { type: 'string', default: '100000' },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
});
const schema = createSchema('linux');
const processes = schema.tables.get('process_events')!;
if (!corpusIsThere)
  console.error("Elastic's rules are not beside the checkout: the packaged rules are measured.");
const figures = await measure(Number(values.rows));
if (values.json) console.log(JSON.stringify(figures, null, 2));
else console.log(values.markdown ? toMarkdown(figures) : toText(figures));

async function measure(rowCount: number): Promise<Figures> {
  const packaged = running(await packagedRules());
  const rules = corpusIsThere ? running(await corpusRules()) : packaged;
  const evented = [...schema.tables.values()].filter((table) => table.evented);
  const sieves = new Map(evented.map((table) => [table.name, ruleSieves(rules, table)]));
  return {
    machine: `${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
    corpora: {
      ...(corpusIsThere ? { elastic: overall([...sieves.values()].flat()) } : {}),
      packaged: overall(evented.flatMap((table) => ruleSieves(packaged, table))),
    },
    tables: Object.fromEntries([...sieves].map(([name, own]) => [name, countsOf(own)])),
    share: shares(sieves.get(processes.name)!),
    time: times(sieves.get(processes.name)!, rowCount),
    packBytes: {
      merged: JSON.stringify(sqlPackFor(rules, schema), null, 2).length,
      perRule: JSON.stringify(sqlPackFor(rules, schema, { perRule: true }), null, 2).length,
    },
  };
}

/** The rules that run, as they run. */
function running(rules: readonly Rule[]): readonly Rule[] {
  return planRules(rules, schema).rules.map(({ rule }) => rule);
}

function countsOf(sieves: readonly RuleSieve[]): TableFigures {
  const count = (passes: (sieve: RuleSieve) => boolean): number => sieves.filter(passes).length;
  return {
    rules: sieves.length,
    exact: count(({ fidelity }) => fidelity === 'exact'),
    narrows: count(({ fidelity }) => fidelity === 'narrows'),
    all: count(({ fidelity }) => fidelity === 'all'),
    leftOut: count(({ wide }) => wide),
  };
}

/** A rule that can have events in several tables counts as what it is in the one where SQL says the least of it. */
function overall(sieves: readonly RuleSieve[]): TableFigures {
  const rank = { none: 0, exact: 1, narrows: 2, all: 3 };
  const worst = new Map<string, RuleSieve>();
  for (const sieve of sieves) {
    const before = worst.get(sieve.rule.id);
    if (before === undefined || rank[sieve.fidelity] > rank[before.fidelity]) worst.set(sieve.rule.id, sieve);
  }
  return countsOf([...worst.values()]);
}

function shares(sieves: readonly RuleSieve[]): ShareFigures {
  const rules = sieves.filter(({ wide }) => !wide).map(({ rule }) => rule);
  const rows = RECORDINGS.map((name) => wholeRecording(name).filter(({ table }) => table === processes.name));
  const merged = RECORDINGS.map((name, index) => {
    const own = rows[index]!;
    const db = tableOf(processes, own, own.length);
    const given = candidateQueries(rules, processes, { batch: own.length });
    const eids = new Set(
      given.flatMap((sql) =>
        db
          .prepare(sql)
          .raw()
          .all()
          .map((row) => (row as unknown[])[0]),
      ),
    );
    return [name, eids.size / own.length];
  });
  const all = rows.flat();
  const db = tableOf(processes, all, all.length);
  const own = rules.map((rule) => {
    const [sql] = candidateQueries([rule], processes, { batch: all.length });
    return db.prepare(sql!).raw().all().length / all.length;
  });
  return { merged: Object.fromEntries(merged), medianOfRules: median(own) };
}

/** The merged query is run between the others, so that both meet the machine in the same moods. */
function times(sieves: readonly RuleSieve[], rowCount: number): TimeFigures {
  const rules = sieves.filter(({ wide }) => !wide).map(({ rule }) => rule);
  const rows = RECORDINGS.flatMap(wholeRecording).filter(({ table }) => table === processes.name);
  const db = tableOf(processes, rows, rowCount);
  const whole = candidateQueries(rules, processes);
  const single = rules.flatMap((rule) => candidateQueries([rule], processes));
  const merged: number[] = [];
  let perRuleMs = 0;
  single.forEach((sql, index) => {
    if (index % Math.ceil(single.length / MERGED_RUNS) === 0)
      merged.push(whole.reduce((sum, one) => sum + cpuMs(db, one), 0));
    perRuleMs += cpuMs(db, sql);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${index + 1} of ${single.length} queries`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const mergedMs = median(merged);
  return { rows: rowCount, rules: rules.length, mergedMs, perRuleMs, ratio: perRuleMs / mergedMs };
}

/** Of preparing the query and reading what it gives. */
function cpuMs(db: Database.Database, sql: string): number {
  const before = process.cpuUsage();
  db.prepare(sql).raw().all();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The table with so many rows, those that are given again and again, numbered anew. */
function tableOf(
  { name, columns }: TableSpec,
  rows: readonly RecordedRow[],
  count: number,
): Database.Database {
  const db = new Database(':memory:');
  db.function('inet_aton', { deterministic: true }, () => null);
  db.exec(`CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')})`);
  const insert = db.prepare(`INSERT INTO ${name} VALUES (${columns.map(() => '?').join(', ')})`);
  db.transaction(() => {
    for (let index = 0; index < count; index++) {
      const row = rows[index % rows.length]!.columns;
      const eid = String(index).padStart(10, '0');
      insert.run(columns.map((column) => (column.name === 'eid' ? eid : (row[column.name] ?? ''))));
    }
  })();
  return db;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 2 : 1)} %`;
}

function counted({ rules, exact, narrows, all, leftOut }: TableFigures): string {
  return `${rules} rules: ${exact} exact, ${narrows} narrow, ${all} all; ${leftOut} left out`;
}

function toText({ machine, corpora, tables, share, time, packBytes }: Figures): string {
  return [
    machine,
    ...Object.entries(corpora).map(([name, one]) => `${name}: ${counted(one)}`),
    ...Object.entries(tables).map(([name, one]) => `  ${name}: ${counted(one)}`),
    `share of process_events that the merged query gives: ${sharesOf(share)}`,
    `share that one rule's query gives, median of the rules: ${percent(share.medianOfRules)}`,
    `${time.rules} rules on ${time.rows} rows: merged ${(time.mergedMs / 1000).toFixed(2)} s, one query each ${(time.perRuleMs / 1000).toFixed(1)} s: ${time.ratio.toFixed(1)} times`,
    `pack-sql.conf: ${packBytes.merged} bytes, with --per-rule ${packBytes.perRule}`,
  ].join('\n');
}

function sharesOf({ merged }: ShareFigures): string {
  const each = Object.entries(merged).map(([name, one]) => `${name} ${percent(one)}`);
  return `${each.join(', ')}; median ${percent(median(Object.values(merged)))}`;
}

function toMarkdown({ machine, corpora, tables, share, time, packBytes }: Figures): string {
  const kinds = Object.entries({ ...corpora, ...tables }).map(
    ([name, { rules, exact, narrows, all, leftOut }]) =>
      `| ${name in corpora ? name : `\`${name}\``} | ${[rules, exact, narrows, all, leftOut].join(' | ')} |`,
  );
  const number = (value: number): string => value.toLocaleString('en-US');
  return [
    `\`node bench/sql.ts --rows ${time.rows} --markdown\`, measured on ${machine.split(', ').at(-1)}, CPU time on two slow cores that had other work:`,
    '',
    '| rules that run | number | exact | narrows | all rows | left out |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...kinds,
    '',
    `- Of the recorded rows of process_events the merged query gives ${sharesOf(share)}; a rule's own query ${percent(share.medianOfRules)} in the median.`,
    `- ${time.rules} rules on ${number(time.rows)} rows: ${(time.mergedMs / 1000).toFixed(1)} s with one merged query, ${(time.perRuleMs / 1000).toFixed(0)} s with one query for each rule: ${time.ratio.toFixed(0)} times as long, and ${time.rules} scans of the table instead of one.`,
    `- \`pack-sql.conf\` has ${number(packBytes.merged)} bytes, with \`--per-rule\` ${number(packBytes.perRule)}.`,
  ].join('\n');
}
