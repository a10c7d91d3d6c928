import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Alert, judgeRule, type ReplaySummary, replay as replayLines } from '../agent/index.ts';
import { loadRules, type RuleSet } from '../lang/index.ts';
import { createSchema, type Platform, type Schema } from '../schema/index.ts';
import { suggest } from '../text/index.ts';
import { alertBlock } from './alert-block.ts';
import { type Command, UsageError } from './command.ts';
import { openInput, tellProblems } from './inputs.ts';
import { platformOf } from './options.ts';
import { loadPackagedRules } from './packaged-rules.ts';
import { ProgressBar } from './progress.ts';
import { columns, createStyle, oneLine } from './style.ts';

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
    const platform = platformOf(values.platform);
    const style = createStyle(io.outIsTerminal);
    const { lines, progress } = openInput(positionals);
    const bar = io.errIsTerminal ? new ProgressBar(progress, (text) => process.stderr.write(text)) : null;
    const alerts = new Map<string, number>();
    const onAlert = (alert: Alert): void => {
      bar?.clear();
      alerts.set(alert.ruleId, (alerts.get(alert.ruleId) ?? 0) + 1);
      io.out(values.json ? `${JSON.stringify(toJson(alert))}\n` : `${alertBlock(alert.document, style)}\n`);
    };
    const summary = await replayLines(bar === null ? lines : bar.over(lines), {
      rules: set.rules,
      platform,
      tables: tablesOf(values.table, createSchema(platform)),
      ...(values.processes !== undefined && { processes: readProcesses(values.processes) }),
      onAlert,
    });
    // With --json, standard output holds alerts alone.
    const say = values.json ? (text: string) => io.err(text.trimEnd()) : (text: string) => io.out(text);
    for (const { rule, error } of summary.faults) {
      io.err(`rule "${rule.name}" left out: ${error instanceof Error ? error.message : String(error)}`);
    }
    for (const text of describeSummary(summary, alerts)) say(text);
    for (const text of describeSilence(set, platform)) say(text);
    return broken || alerts.size > 0 || summary.faults.length > 0 ? 1 : 0;
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

function tablesOf(given: readonly string[], { tables, platform }: Schema): ReadonlyMap<string, string> {
  return new Map(
    given.map((pair) => {
      const at = pair.lastIndexOf('=');
      const [query, table] = [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)];
      if (query === '' || table === '') throw new UsageError(`--table takes QUERY=TABLE, not "${pair}"`);
      if (tables.has(table)) return [query, table];
      const hint = suggest(table, tables.keys()) ?? `Tables are ${[...tables.keys()].join(', ')}.`;
      throw new UsageError(`--table ${pair}: no table "${table}" is read on ${platform}. ${hint}`);
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

/** Of each rule that matched its alerts and matches; then what was read, and what of it could not be used. */
function describeSummary(
  { lines, rows, foreign, unknown, repeated, hosts, rules }: ReplaySummary,
  alerts: ReadonlyMap<string, number>,
): readonly string[] {
  const fired = rules
    .filter(({ matched }) => matched > 0)
    .map(({ rule, matched }) => ({ rule, matched, told: alerts.get(rule.id) ?? 0 }))
    .sort((a, b) => b.told - a.told || b.matched - a.matched);
  const table = [
    ['alerts', 'matches', 'rule'],
    ...fired.map(({ rule, matched, told }) => [
      String(told).padStart(6),
      String(matched).padStart(7),
      oneLine(rule.name, 90),
    ]),
  ];
  const total = [...alerts.values()].reduce((sum, count) => sum + count, 0);
  const said = [
    ...(fired.length > 0 ? [columns(table)] : []),
    `${lines} lines, ${rows} rows, ${rules.length} rules, ${total} alerts\n`,
  ];
  if (hosts > 1) said.push(`${hosts} hosts, each looked at on its own\n`);
  if (repeated > 0) said.push(`${repeated} rows came more than once and were read once\n`);
  if (foreign > 0) said.push(`${foreign} lines were no result lines of osquery\n`);
  for (const [query, count] of unknown) {
    const name = oneLine(query, 90);
    said.push(
      `${count} rows of "${name}" were passed over: its table is not known; say it with --table "${name}"=TABLE\n`,
    );
  }
  return said;
}

/** Rules of which no alert may be expected, so that their silence is not taken for good news. */
function describeSilence({ rules, problems }: RuleSet, platform: Platform): readonly string[] {
  const schema = createSchema(platform);
  const enabled = rules.filter((rule) => rule.enabled);
  const off = rules.length - enabled.length;
  const mute =
    problems.filter(({ kind }) => kind === 'unsupported').length +
    enabled.filter((rule) => judgeRule(rule, schema).verdict === 'unsupported').length;
  const learning = enabled.filter(({ type }) => type === 'newTerms').length;
  const said: string[] = [];
  if (off > 0) said.push(`${off} rules are not enabled\n`);
  if (mute > 0) {
    said.push(`${mute} rules cannot find anything on ${platform}: "osquery-detect check" says why\n`);
  }
  if (learning > 0) {
    said.push(`${learning} rules for new terms find nothing in the first day: they learn what is usual\n`);
  }
  return said;
}
