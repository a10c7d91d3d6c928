/**
 * `npm run corpus`: reads the whole corpus of published rules, where it lies beside the repository, and says how
 * much of it is understood, what of it runs on osquery, and what keeps the rest from running. Ends with 1 when a
 * query is not understood or fewer rules run than must. `-- --readme` writes the figures into the README.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import {
  CORPUS,
  countBlocks,
  countLanguage,
  coverageMarkdown,
  type FolderCoverage,
  hasCorpus,
  LANGUAGES,
  measureCoverage,
} from './coverage.ts';
import { fillPart, README } from './generate-readme.ts';
import { readOptions } from './options.ts';

/** Of the folders `linux` and `cross-platform` together. */
const MUST_RUN = { eql: 300, kuery: 32 } as const;
const MOST_BLOCKS = 60;

const values = readOptions(import.meta.filename, { readme: { type: 'boolean', default: false } });

if (!hasCorpus) console.log(`corpus: skipped, there is no ${CORPUS}`);
else process.exitCode = (await report()) ? 0 : 1;

async function report(): Promise<boolean> {
  const measured = await measureCoverage();
  let fine = true;
  for (const one of measured) fine = tellFolder(one) && fine;
  for (const one of measured) tellBlocks(one);
  for (const [language, least] of Object.entries(MUST_RUN)) {
    const running = measured
      .filter(({ folder }) => folder === 'linux' || folder === 'cross-platform')
      .flatMap(({ reports }) => reports)
      .filter((one) => one.language === language && one.platforms.length > 0).length;
    console.log(`${language} of linux and cross-platform that run: ${running}, at least ${least} must`);
    fine &&= running >= least;
  }
  if (values.readme) {
    writeFileSync(README, fillPart(readFileSync(README, 'utf8'), 'coverage', coverageMarkdown(measured)));
    console.log('README.md: coverage');
  }
  return fine;
}

/** How many queries have a meaning, and what becomes of them. All must have one. */
function tellFolder(one: FolderCoverage): boolean {
  const { folder, set, reports, cpuMs } = one;
  console.log(`\n${folder}: ${set.documents} files, loaded and judged in ${cpuMs} ms of user CPU`);
  let fine = true;
  for (const language of Object.keys(LANGUAGES)) {
    const { rules, parsed, runs, caveats, unsupported, broken } = countLanguage(one, language);
    const share = rules === 0 ? 100 : (100 * parsed) / rules;
    console.log(
      `  ${language}: ${rules} queries, ${share.toFixed(1)} % parsed; ${runs} runs, ${caveats} caveats, ${unsupported} unsupported, ${broken} broken`,
    );
    fine &&= parsed === rules;
  }
  for (const { file, verdict, reasons } of reports) {
    if (verdict === 'broken') console.log(`    ${relative(CORPUS, file)}: ${reasons.join(' ')}`);
  }
  const others = reports.filter(({ language }) => language === null || !(language in LANGUAGES)).length;
  if (others > 0) console.log(`  other languages: ${others}, unsupported`);
  return fine;
}

function tellBlocks({ folder, reports }: FolderCoverage): void {
  const blocks = countBlocks(reports);
  if (blocks.length === 0) return;
  console.log(`\n${folder}, what no event table has, by the rules that it keeps from running:`);
  for (const [subject, count] of blocks.slice(0, MOST_BLOCKS)) {
    console.log(`${String(count).padStart(5)}  ${subject}`);
  }
  if (blocks.length > MOST_BLOCKS) console.log(`       and ${blocks.length - MOST_BLOCKS} more`);
}
