/**
 * `npm run corpus`: reads the whole corpus of published rules, where it lies beside the repository, and says how
 * much of it is understood, what of it runs on osquery, and what keeps the rest from running. Ends with 1 when a
 * query is not understood or fewer rules run than must.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type RuleReport, reportRules } from '../src/agent/index.ts';
import { loadRules, type RuleSet } from '../src/lang/index.ts';
import { createSchema, type Platform } from '../src/schema/index.ts';

const CORPUS = join(import.meta.dirname, '..', '..', 'shared', 'corpus', 'elastic');
const FOLDERS = ['linux', 'cross-platform', 'macos', 'windows'];
const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];
const VERDICTS = ['runs', 'caveats', 'unsupported', 'broken'] as const;
/** Of the folders `linux` and `cross-platform` together. */
const MUST_RUN = { eql: 300, kuery: 32 } as const;
const MOST_BLOCKS = 40;

if (!existsSync(CORPUS)) console.log(`corpus: skipped, there is no ${CORPUS}`);
else process.exitCode = (await report()) ? 0 : 1;

async function report(): Promise<boolean> {
  let fine = true;
  const reports = new Map<string, readonly RuleReport[]>();
  const startMs = performance.now();
  for (const folder of FOLDERS) {
    const set = await loadRules([join(CORPUS, folder)]);
    const judged = reportRules(set, PLATFORMS.map(createSchema));
    reports.set(folder, judged);
    console.log(`\n${folder}: ${set.documents} files`);
    for (const language of ['eql', 'kuery'] as const) fine = tellLanguage(language, judged, set) && fine;
    const others = judged.filter(({ language }) => language !== 'eql' && language !== 'kuery');
    if (others.length > 0) console.log(`  other languages: ${others.length}, unsupported`);
  }
  console.log(`\nread and judged in ${Math.round(performance.now() - startMs)} ms`);
  for (const [folder, judged] of reports) tellBlocks(folder, judged);
  const both = [...(reports.get('linux') ?? []), ...(reports.get('cross-platform') ?? [])];
  for (const [language, least] of Object.entries(MUST_RUN)) {
    const running = both.filter((one) => one.language === language && one.platforms.length > 0).length;
    console.log(`${language} of linux and cross-platform that run: ${running}, at least ${least} must`);
    fine &&= running >= least;
  }
  return fine;
}

/** How many queries of a language have a meaning, and what becomes of them. All must have one. */
function tellLanguage(language: string, reports: readonly RuleReport[], set: RuleSet): boolean {
  const own = reports.filter((one) => one.language === language);
  const read = set.rules.filter((rule) => rule.language === language).length;
  const counts = VERDICTS.map(
    (verdict) => `${own.filter((one) => one.verdict === verdict).length} ${verdict}`,
  );
  const share = own.length === 0 ? 100 : (100 * read) / own.length;
  console.log(`  ${language}: ${own.length} queries, ${share.toFixed(1)} % parsed; ${counts.join(', ')}`);
  for (const { file, verdict, reasons } of own) {
    if (verdict === 'broken') console.log(`    ${relative(CORPUS, file)}: ${reasons.join(' ')}`);
  }
  return read === own.length;
}

/** The fields and tests that keep the most rules from running, each with the number of rules that it is among the causes of. */
function tellBlocks(folder: string, reports: readonly RuleReport[]): void {
  const counts = new Map<string, number>();
  for (const subject of reports.flatMap(({ blockedBy }) => blockedBy)) {
    counts.set(subject, (counts.get(subject) ?? 0) + 1);
  }
  if (counts.size === 0) return;
  console.log(`\n${folder}, what no event table has, by the rules that it keeps from running:`);
  const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  for (const [subject, count] of most.slice(0, MOST_BLOCKS))
    console.log(`${String(count).padStart(5)}  ${subject}`);
  if (most.length > MOST_BLOCKS) console.log(`       and ${most.length - MOST_BLOCKS} more`);
}
