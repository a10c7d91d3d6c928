import { parseArgs } from 'node:util';
import { type RuleReport, reportRules } from '../agent/index.ts';
import { loadRules, type RuleSet } from '../lang/index.ts';
import { createSchema, type Platform } from '../schema/index.ts';
import { type Command, UsageError } from './command.ts';
import { PLATFORMS, platformOf } from './options.ts';
import { columns, createStyle, oneLine, type Style } from './style.ts';

export const check: Command = {
  name: 'check',
  summary: 'say of each rule whether and how it runs on osquery, and what it needs',
  help: `Usage: osquery-detect check [OPTIONS] PATH…

Reads rules from files, folders and globs and judges each: it runs as meant, runs with caveats, is unsupported
because of what no osquery table carries, or is broken. Names the tables and osqueryd's flags that the rules need.

  --platform NAME   linux, darwin or windows; repeatable (default: each that a rule is meant for)
  --strict          exit with 1 on an unsupported rule, too
  --json            one JSON document: summary and rules

Exit codes: 0 good, 1 a rule is broken (with --strict: or unsupported), 2 wrong use.
Example: osquery-detect check --platform linux rules/
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        platform: { type: 'string', multiple: true, default: [] },
        strict: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length === 0) throw new UsageError('no rules given; name files, folders or globs');
    const platforms = values.platform.length > 0 ? values.platform.map(platformOf) : PLATFORMS;
    const set = await loadRules(positionals);
    const reports = reportRules(set, platforms.map(createSchema));
    for (const { error } of set.problems.filter(({ kind }) => kind === 'notice')) io.err(error.headline());
    const summary = summarize(set, reports);
    if (values.json) io.out(`${JSON.stringify({ summary, rules: reports.map(toJson) }, null, 1)}\n`);
    else {
      const style = createStyle(io.outIsTerminal);
      for (const report of reports) io.out(block(report, style));
      for (const { error } of set.problems.filter(({ kind }) => kind === 'broken'))
        io.err(`${error.render()}\n`);
      io.out(closing(summary, reports, style));
    }
    return summary.broken > 0 || (values.strict && summary.unsupported > 0) ? 1 : 0;
  },
};

export interface Summary {
  /** Rule documents. */
  readonly rules: number;
  /** Those whose query was parsed. */
  readonly parsed: number;
  readonly runs: number;
  readonly caveats: number;
  readonly unsupported: number;
  readonly broken: number;
}

function summarize(set: RuleSet, reports: readonly RuleReport[]): Summary {
  const count = (verdict: RuleReport['verdict']): number =>
    reports.filter((report) => report.verdict === verdict).length;
  const parsedOnly = set.problems.filter(({ error }) => PARSED.has(error.code)).length;
  return {
    rules: reports.length,
    parsed: set.rules.length + parsedOnly,
    runs: count('runs'),
    caveats: count('caveats'),
    unsupported: count('unsupported'),
    broken: count('broken'),
  };
}

/** What is unsupported in a query was parsed; a rule of an unsupported type was not. */
const PARSED: ReadonlySet<string> = new Set(['EQL_UNSUPPORTED', 'KQL_UNSUPPORTED']);

function toJson(report: RuleReport): object {
  const { id, name, file, type, language, verdict, reasons, tables, platforms, byPlatform } = report;
  const needs = [...byPlatform].map(([platform, judged]) => [
    platform,
    {
      verdict: judged.verdict,
      tables: unique(judged.needs.flatMap((need) => need.tables)),
      flags: unique(judged.needs.flatMap((need) => need.flags)),
    },
  ]);
  const known = { id, name, file, type, language, verdict, reasons, tables, platforms };
  return { ...known, by_platform: Object.fromEntries(needs) };
}

const LONGEST_NAME = 90;

/** A line for the rule, and one for each reason. */
function block({ name, file, verdict, reasons, tables, platforms }: RuleReport, style: Style): string {
  const colour = { runs: style.green, caveats: style.yellow, unsupported: style.red, broken: style.red }[
    verdict
  ];
  const where =
    platforms.length === 0 ? '' : `  ${style.dim(`${platforms.join(', ')}: ${tables.join(', ')}`)}`;
  const head = `${colour(verdict.padEnd(11))}  ${style.bold(oneLine(name ?? file, LONGEST_NAME))}${where}\n`;
  return head + reasons.map((reason) => `${' '.repeat(13)}${oneLine(reason, 400)}\n`).join('');
}

function closing(summary: Summary, reports: readonly RuleReport[], style: Style): string {
  const { rules, runs, caveats, unsupported, broken } = summary;
  const total = `${rules} rules: ${runs} run, ${caveats} run with caveats, ${unsupported} unsupported, ${broken} broken`;
  const needs = PLATFORMS.flatMap((platform) => needsOn(platform, reports, style));
  return `\n${needs.join('')}${style.bold(total)}\n`;
}

/** What osqueryd needs on a platform for all rules that run there: tables with the rules that ask for each, flags. */
function needsOn(platform: Platform, reports: readonly RuleReport[], style: Style): readonly string[] {
  const needs = reports.map(({ byPlatform }) => byPlatform.get(platform)?.needs ?? []);
  const counts = new Map<string, number>();
  for (const need of needs) {
    for (const table of unique(need.map(({ tables }) => tables[0] ?? ''))) {
      counts.set(table, (counts.get(table) ?? 0) + 1);
    }
  }
  if (counts.size === 0) return [];
  const { tables } = createSchema(platform);
  const rows = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([table, count]) => [`  ${table}`, `${count} rules`.padStart(9), tables.get(table)?.cost ?? '']);
  const flags = unique(needs.flat().flatMap((need) => need.flags));
  return [
    `${style.bold(`${platform}: what the rules need of osqueryd`)}\n`,
    columns(rows),
    wrap(flags, WIDTH).join(''),
    '\n',
  ];
}

const WIDTH = 110;

/** The words in lines of at most `width`, indented. */
function wrap(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.map((line) => `${line}\n`);
}

function unique<T>(values: Iterable<T>): readonly T[] {
  return [...new Set(values)];
}
