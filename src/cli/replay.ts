import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Alert, type ReplaySummary, replay as replayLines } from '../agent/index.ts';
import { loadRules } from '../lang/index.ts';
import { alertBlock } from './alert-block.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { linesOf, tellProblems } from './inputs.ts';
import { platformOf } from './options.ts';
import { loadPackagedRules } from './packaged-rules.ts';
import { columns, createStyle } from './style.ts';

export const replay: Command = {
  name: 'replay',
  summary: 'run rules over recorded osquery result lines',
  help: `Usage: osquery-detect replay [OPTIONS] EVENTS…

Runs rules over osquery's result log (event, batch and snapshot format; plain or gzip; "-" is standard input),
in order, through the engine that runs live. A query's name says its table when it ends in it, such as
"pack_linux_process_events"; --table says it of others.

  --rules PATH         rule files, folders or globs; repeatable (default: the packaged rules)
  --platform NAME      linux, darwin or windows (default linux)
  --table QUERY=TABLE  the table that a query reads; repeatable
  --processes FILE     JSON list of rows of "processes" from before the recording
  --json               one alert a line: alert_id, rule_id, rule_name, severity, risk_score, time, events, alert

Exit codes: 0 no alert, 1 alerts or broken rules, 2 wrong use.
Example: osquery-detect replay --rules rules/ /var/log/osquery/osqueryd.results.log
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rules: { type: 'string', multiple: true },
        platform: { type: 'string', default: 'linux' },
        table: { type: 'string', multiple: true, default: [] },
        processes: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length === 0)
      throw new UsageError('no events given; name result logs, or - for standard input');
    const set = await (values.rules === undefined ? loadPackagedRules() : loadRules(values.rules));
    const broken = tellProblems(set, io);
    const style = createStyle(io.outIsTerminal);
    let alerts = 0;
    const onAlert = (alert: Alert): void => {
      alerts += 1;
      io.out(values.json ? `${JSON.stringify(toJson(alert))}\n` : `${alertBlock(alert.document, style)}\n`);
    };
    const summary = await replayLines(withProgress(linesOf(positionals), io), {
      rules: set.rules,
      platform: platformOf(values.platform),
      tables: tablesOf(values.table),
      ...(values.processes !== undefined && { processes: readProcesses(values.processes) }),
      onAlert,
    });
    tellSummary(summary, alerts, io, values.json);
    return broken || alerts > 0 || summary.detector.faults.length > 0 ? 1 : 0;
  },
};

function toJson(alert: Alert): object {
  return {
    alert_id: alert.alertId,
    rule_id: alert.ruleId,
    rule_name: alert.ruleName,
    severity: alert.severity,
    risk_score: alert.riskScore,
    time: Math.floor(alert.timeMs / 1000),
    events: alert.events,
    matched: alert.matched,
    alert: alert.document,
  };
}

function tablesOf(given: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    given.map((pair) => {
      const [query, table, ...more] = pair.split('=');
      if (!query || !table || more.length > 0)
        throw new UsageError(`--table takes QUERY=TABLE, not "${pair}"`);
      return [query, table];
    }),
  );
}

function readProcesses(path: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const rows: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (Array.isArray(rows)) return rows;
  } catch (cause) {
    throw new UsageError(`--processes ${path}: ${(cause as Error).message}`);
  }
  throw new UsageError(`--processes ${path}: no JSON list`);
}

/** Counts lines on a terminal while they pass. */
async function* withProgress(lines: AsyncIterable<string>, io: Io): AsyncGenerator<string> {
  let count = 0;
  for await (const line of lines) {
    count += 1;
    if (io.errIsTerminal && count % 10_000 === 0) process.stderr.write(`\r${count} lines`);
    yield line;
  }
  if (io.errIsTerminal && count >= 10_000) process.stderr.write('\r\u001b[K');
}

/** The summary goes to standard error with `--json`, so that standard output holds alerts alone. */
function tellSummary(summary: ReplaySummary, alerts: number, io: Io, json: boolean): void {
  const { lines, rows, foreign, unknown, detector } = summary;
  const say = json ? (text: string) => io.err(text.trimEnd()) : (text: string) => io.out(text);
  for (const { rule, error } of detector.faults)
    io.err(`rule "${rule.name}" left out: ${(error as Error).message}`);
  const fired = detector.counters.filter(({ matched }) => matched > 0).sort((a, b) => b.matched - a.matched);
  if (fired.length > 0)
    say(columns(fired.map(({ rule, matched }) => [String(matched).padStart(6), rule.name])));
  say(`${lines} lines, ${rows} rows, ${detector.counters.length} rules, ${alerts} alerts\n`);
  if (foreign > 0) say(`${foreign} lines were no result lines of osquery\n`);
  for (const [query, count] of unknown) {
    say(
      `${count} rows of "${query}" were passed over: its table is not known; say it with --table ${query}=TABLE\n`,
    );
  }
}
