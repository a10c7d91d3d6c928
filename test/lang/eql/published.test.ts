import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse as parseToml } from 'smol-toml';
import { compileEql, parseEql, printEql } from '../../../src/lang/eql/index.ts';
import { createSource } from '../../../src/text/index.ts';
import { withoutPlaces } from './generate.ts';

const RULES = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'corpus', 'elastic');
const run = existsSync(RULES) ? test : test.skip;
if (!existsSync(RULES)) console.log(`skipped: published rules are not at ${RULES}`);

/** Every EQL query of a folder of rules, with its file. */
function queriesOf(folder: string): readonly { readonly file: string; readonly query: string }[] {
  return readdirSync(join(RULES, folder))
    .filter((name) => name.endsWith('.toml'))
    .flatMap((name) => {
      const { rule } = parseToml(readFileSync(join(RULES, folder, name), 'utf8'));
      if (typeof rule !== 'object' || !('language' in rule) || rule['language'] !== 'eql') return [];
      return [{ file: `${folder}/${name}`, query: String(rule['query']) }];
    });
}

const FOLDERS = [
  { folder: 'linux', atLeast: 280 },
  { folder: 'cross-platform', atLeast: 60 },
  { folder: 'macos', atLeast: 80 },
  { folder: 'windows', atLeast: 390 },
];

for (const { folder, atLeast } of FOLDERS) {
  run(`every published query for ${folder} has a tree, a canonical text and a meaning`, (t) => {
    const queries = queriesOf(folder);
    t.true(queries.length >= atLeast, String(queries.length));
    for (const { file, query } of queries) {
      const source = createSource(file, query);
      const tree = parseEql(source);
      const again = parseEql(createSource(file, printEql(tree)));
      t.deepEqual(withoutPlaces(again), withoutPlaces(tree), file);
      t.notThrows(() => compileEql(source), file);
    }
  });
}
