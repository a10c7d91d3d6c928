/** What becomes of Elastic's published rules on osquery, where they lie beside the repository. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RuleReport, reportRules } from '../src/agent/index.ts';
import { loadRules, type RuleSet } from '../src/lang/index.ts';
import { createSchema, type Platform } from '../src/schema/index.ts';

export const CORPUS = join(import.meta.dirname, '..', '..', 'shared', 'corpus', 'elastic');
export const hasCorpus = existsSync(CORPUS);

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];
/** The corpus's folders, and what the rules in them are for. */
const FOLDERS = { linux: 'Linux', 'cross-platform': 'several systems', macos: 'macOS', windows: 'Windows' };
export const LANGUAGES = { eql: 'EQL', kuery: 'KQL' } as const;

export interface FolderCoverage {
  readonly folder: string;
  readonly title: string;
  readonly set: RuleSet;
  readonly reports: readonly RuleReport[];
  /** User CPU that loading and judging took. */
  readonly cpuMs: number;
}

export async function measureCoverage(): Promise<readonly FolderCoverage[]> {
  const measured: FolderCoverage[] = [];
  for (const [folder, title] of Object.entries(FOLDERS)) {
    const started = process.cpuUsage();
    const set = await loadRules([join(CORPUS, folder)]);
    const reports = reportRules(set, PLATFORMS.map(createSchema));
    const cpuMs = Math.round(process.cpuUsage(started).user / 1000);
    measured.push({ folder, title, set, reports, cpuMs });
  }
  return measured;
}

export interface LanguageCounts {
  readonly rules: number;
  readonly parsed: number;
  readonly runs: number;
  readonly caveats: number;
  readonly unsupported: number;
  readonly broken: number;
}

export function countLanguage({ set, reports }: FolderCoverage, language: string): LanguageCounts {
  const own = reports.filter((one) => one.language === language);
  const count = (verdict: RuleReport['verdict']): number =>
    own.filter((one) => one.verdict === verdict).length;
  return {
    rules: own.length,
    parsed: set.rules.filter((rule) => rule.language === language).length,
    ...{ runs: count('runs'), caveats: count('caveats') },
    ...{ unsupported: count('unsupported'), broken: count('broken') },
  };
}

/** What no event table has, each with the number of rules that it is among the causes of, most first. */
export function countBlocks(reports: readonly RuleReport[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const subject of reports.flatMap(({ blockedBy }) => blockedBy)) {
    // `f in ("x")` asks what `f == "x"` asks.
    const key = subject.replace(/ in \(("(?:[^"\\]|\\.)*")\)$/, ' == $1');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

const MOST_BLOCKS = 12;

/** The coverage as the README has it. */
export function coverageMarkdown(measured: readonly FolderCoverage[]): string {
  const rows = measured.flatMap((one) =>
    Object.entries(LANGUAGES).map(([language, name]) => {
      const { rules, parsed, runs, caveats, unsupported } = countLanguage(one, language);
      return `| ${[one.title, name, rules, parsed, runs, caveats, unsupported].join(' | ')} |\n`;
    }),
  );
  const languages = Object.keys(LANGUAGES);
  const others = measured.flatMap(({ reports }) =>
    reports.filter(({ language }) => language === null || !languages.includes(language)),
  );
  const linux = measured.filter(({ folder }) => folder === 'linux' || folder === 'cross-platform');
  const blocks = countBlocks(linux.flatMap(({ reports }) => reports)).slice(0, MOST_BLOCKS);
  return [
    '| rules for | language | rules | parsed | run as meant | run with caveats | unsupported |\n',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |\n',
    ...rows,
    `\n${others.length} more are in ES|QL or for machine learning, and unsupported. What no event table has, by the `,
    'number of rules for Linux and several systems that it keeps from running:\n\n',
    ...blocks.map(([subject, count]) => `- ${count}: \`${subject}\`\n`),
  ].join('');
}
