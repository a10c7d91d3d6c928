/**
 * `npm run corpus`: reads the whole corpus of published rules, where it lies beside the repository, and says
 * how much of it is understood. Ends with 1 when less is than must be.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { compileEql, parseEql } from '../src/lang/eql/index.ts';
import { createSource, RuleError } from '../src/text/index.ts';

const CORPUS = join(import.meta.dirname, '..', '..', 'shared', 'corpus');
const FOLDERS = ['linux', 'cross-platform', 'macos', 'windows'];

interface EqlDocument {
  readonly file: string;
  readonly query: string;
}

if (!existsSync(CORPUS)) {
  console.log(`corpus: skipped, there is no ${CORPUS}`);
} else {
  process.exitCode = reportEql() ? 0 : 1;
}

/** How many EQL queries parse, and how many of them have a meaning. All must. */
function reportEql(): boolean {
  let fine = true;
  for (const folder of FOLDERS) {
    const documents = readEqlDocuments(join(CORPUS, 'elastic', folder));
    const parsed = documents.filter(({ file, query }) => succeeds(() => parseEql(createSource(file, query))));
    const lowered = parsed.filter(({ file, query }) => succeeds(() => compileEql(createSource(file, query))));
    console.log(
      `eql ${folder}: ${documents.length} queries, ${parsed.length} parse, ${lowered.length} have a meaning`,
    );
    fine &&= lowered.length === documents.length;
  }
  return fine;
}

function readEqlDocuments(folder: string): readonly EqlDocument[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.toml'))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const { rule } = parseToml(readFileSync(path, 'utf8'));
      if (typeof rule !== 'object' || !('language' in rule) || rule['language'] !== 'eql') return [];
      return [{ file: relative(CORPUS, path), query: String(rule['query']) }];
    });
}

/** Says what is wrong with a query that fails; only a RuleError is an answer. */
function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    console.log(error.render());
    return false;
  }
}
