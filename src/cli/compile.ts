import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Plan, planRules } from '../agent/index.ts';
import { loadRules, printBundle, type RuleSet } from '../lang/index.ts';
import { createSchema, type Platform, type Schema } from '../schema/index.ts';
import { asksTree, filesFor, LONGEST_CONFIG, ruleSieves, tablesOf, watchesOf } from '../sql/index.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { tellProblems } from './inputs.ts';
import { platformOf } from './options.ts';
import { columns, createStyle, oneLine } from './style.ts';
import { type WrittenFile, writeFiles } from './write-files.ts';

export const compile: Command = {
  name: 'compile',
  summary:
    'write what a fleet needs to run rules: packs, Fleet files, flags, file paths, the rules in one file',
  help: `Usage: osquery-detect compile [OPTIONS] PATH… --out DIR

Reads rules from files, folders and globs, and writes for one platform:

  pack.conf        scan queries that hand events to the extension
  pack-sql.conf    the same rules as plain SQL, for hosts without the extension
  rules.json       the rules, for the extension to load
  osquery.flags    osqueryd's flags that the rules need, and which rules need each
  file_paths.conf  the files that the rules watch
  views.conf       views for use by hand: detect_running, detect_recent
  fleet/           reports or queries, a policy and a label for Fleet's GitOps

  --out DIR        where to; other files in it are left alone
  --platform NAME  linux, darwin or windows (default linux)
  --interval N     seconds between two scans (default 10)
  --batch N        rows that one scan hands over at the most, the newest (default 20000)
  --without TABLE  do without a table, and without the rules that need it; repeatable
  --light          hand over only rows that a rule may match; the others are nobody's parents then
  --per-rule       in pack-sql.conf, one query for each rule
  --check          write nothing; exit with 1 when a file is not what it would be
  --json           one JSON document: files, rules, and what was left out

The same rules give the same bytes. A rule that cannot run is left out, with the reason.
Exit codes: 0 good, 1 a rule is broken (the others are compiled), 2 wrong use.
Example: osquery-detect compile rules/ --out build/ --without process_file_events
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: 'string' },
        platform: { type: 'string', default: 'linux' },
        interval: { type: 'string', default: '10' },
        batch: { type: 'string', default: '20000' },
        without: { type: 'string', multiple: true, default: [] },
        light: { type: 'boolean', default: false },
        'per-rule': { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length === 0) throw new UsageError('no rules given; name files, folders or globs');
    if (values.out === undefined) throw new UsageError('no folder given; name one with --out');
    const schema = createSchema(platformOf(values.platform));
    const without = new Set(values.without.map((name) => eventTable(name, schema)));
    const options = {
      intervalSeconds: wholeNumber('--interval', values.interval, 604_800),
      batch: wholeNumber('--batch', values.batch, 1_000_000),
      ...{ light: values.light, perRule: values['per-rule'] },
    };
    const set = await loadRules(positionals);
    const plan = planRules(set.rules, schema, without);
    const texts = new Map(filesFor(plan.rules, schema, options));
    texts.set('rules.json', bundle(set, plan, positionals));
    const files = await writeFiles(values.out, texts, { write: !values.check });
    const broken = tellProblems(set, io);
    const outcome: Outcome = { set, plan, files, platform: schema.platform, light: values.light };
    if (values.json) io.out(`${JSON.stringify(toJson(outcome), null, 1)}\n`);
    else tell(outcome, values.out, io);
    const differs = files.some(({ state }) => state !== 'same');
    return broken || (values.check && differs) ? 1 : 0;
  },
};

/** The files with rules that run, and with what changes rules. */
function bundle(set: RuleSet, { rules }: Plan, paths: readonly string[]): string {
  const kept = new Set(rules.map(({ rule }) => rule.id));
  return printBundle(set, { paths, keeps: ({ id }) => kept.has(id) });
}

function wholeNumber(option: string, text: string, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most)
    throw new UsageError(`${option} takes a whole number from 1 to ${most}, not "${text}"`);
  return number;
}

function eventTable(name: string, { platform, tables }: Schema): string {
  if (tables.get(name)?.evented === true) return name;
  const known = [...tables.values()].filter(({ evented }) => evented).map((table) => table.name);
  throw new UsageError(`--without takes an event table of ${platform}, not "${name}": ${known.join(', ')}`);
}

interface Outcome {
  readonly set: RuleSet;
  readonly plan: Plan;
  readonly files: readonly WrittenFile[];
  readonly platform: Platform;
  readonly light: boolean;
}

interface LeftOut {
  readonly id: string | null;
  readonly name: string | null;
  readonly file: string;
  readonly reasons: readonly string[];
}

/** Rules that cannot run, and documents of which no rule came, by file and name. */
function leftOut({ set, plan }: Outcome): readonly LeftOut[] {
  const rules = plan.left.map(({ rule, reasons }): LeftOut => {
    const { id, name, source } = rule;
    return { id, name, file: source.name, reasons };
  });
  const documents = set.problems
    .filter(({ kind }) => kind !== 'notice')
    .map(({ error, file, ruleId, ruleName, kind }): LeftOut => {
      const reason = kind === 'broken' ? `It is broken: ${error.message}` : error.message;
      return { id: ruleId, name: ruleName, file, reasons: [reason] };
    });
  const keyOf = ({ file, name }: LeftOut): string => `${file}\n${name ?? ''}`;
  return [...rules, ...documents].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}

/** What to know before these files are used, a sentence each. */
function notices({ set, plan, platform, light, files }: Outcome): readonly string[] {
  const { unbounded } = watchesOf(plan.rules, platform);
  const kin = plan.rules.filter(asksTree).map(({ rule }) => rule.id);
  const dear = [...tablesOf(plan.rules)].filter(([table]) => table.cost.startsWith('Dear'));
  return [
    ...dear.map(
      ([table, rules]) =>
        `${table.name} is needed by ${count(rules.length, 'rule')}. ${table.cost} --without ${table.name} does without.`,
    ),
    ...(unbounded.length === 0
      ? []
      : [
          `${count(unbounded.length, 'rule')} look at files anywhere, of which file_paths.conf can watch but a part: it lists them.`,
        ]),
    ...[...tablesOf(plan.rules)].flatMap(([table, rules]) => {
      const wide = ruleSieves(rules, table).filter((sieve) => sieve.wide);
      if (wide.length === 0) return [];
      const ids = wide.map(({ rule }) => rule.id).join(', ');
      return [
        `pack-sql.conf leaves out ${count(wide.length, 'rule')} that nearly every row of ${table.name} may match: ${ids}.`,
      ];
    }),
    ...files
      .filter(({ name, bytes }) => name.startsWith('pack') && bytes > LONGEST_CONFIG)
      .map(
        ({ name, bytes }) =>
          `${name} has ${bytes} bytes; osquery before August 2026 takes ${LONGEST_CONFIG} in all. Fewer rules, or all of a table in one query (no --per-rule), make it shorter.`,
      ),
    ...(light && kin.length > 0
      ? [
          `--light: ${count(kin.length, 'rule')} asking for parents or programs that rows do not tell: known are only those that may be a match themselves, or ran before: ${kin.join(', ')}.`,
        ]
      : []),
    ...(set.nextExpiryMs === null
      ? []
      : [`An overlay expires at ${new Date(set.nextExpiryMs).toISOString()}: compile again then.`]),
  ];
}

function toJson(outcome: Outcome): object {
  const { plan, files } = outcome;
  return {
    platform: outcome.platform,
    files: files.map(({ name, state, bytes }) => ({ name, state, bytes })),
    tables: [...tablesOf(plan.rules)].map(([{ name, flags }, rules]) => ({
      name,
      flags,
      rules: rules.length,
    })),
    rules: plan.rules.map(({ rule, tables }) => ({
      id: rule.id,
      name: rule.name,
      tables: tables.map(({ name }) => name),
    })),
    left_out: leftOut(outcome),
    notices: notices(outcome),
  };
}

function tell(outcome: Outcome, folder: string, io: Io): void {
  const style = createStyle(io.outIsTerminal);
  const { files, plan, platform } = outcome;
  const left = leftOut(outcome);
  for (const { name, file, id, reasons } of left) {
    io.out(`${style.yellow('left out')}  ${oneLine(name ?? id ?? file, 90)}\n`);
    for (const reason of reasons) io.out(`          ${oneLine(reason, 300)}\n`);
  }
  io.out(
    `${left.length > 0 ? '\n' : ''}${columns(files.map(({ name, state, bytes }) => [join(folder, name), `${bytes} bytes`, state]))}`,
  );
  for (const notice of notices(outcome)) io.out(`${style.yellow('note')}  ${notice}\n`);
  const tables = [...tablesOf(plan.rules)].map(([table, rules]) => `${table.name} ${rules.length}`);
  io.out(
    `${style.bold(`${count(plan.rules.length, 'rule')} for ${platform}, ${left.length} left out`)}${tables.length > 0 ? `; ${tables.join(', ')}` : ''}\n`,
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
