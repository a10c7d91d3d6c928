import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadRules, type RuleSet } from '../../src/lang/index.ts';

const CORPUS = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'elastic');
const there = existsSync(CORPUS);
const onCorpus = there ? test : test.skip;
if (!there) console.warn(`skipped: Elastic's rules are not at ${CORPUS}`);

let loaded: Promise<RuleSet> | undefined;

function load(): Promise<RuleSet> {
  loaded ??= loadRules(['linux', 'cross-platform', 'macos', 'windows'].map((folder) => join(CORPUS, folder)));
  return loaded;
}

onCorpus("every file of Elastic's rules loads, or is of a type that is unsupported by name", async (t) => {
  const { rules, problems, documents } = await load();
  t.is(documents, 1075);
  const broken = problems.filter(({ error }) => error.message !== 'Unsupported: rules of type "esql".');
  t.deepEqual(
    broken.map(({ error }) => error.headline()),
    [],
  );
  t.is(problems.length, 90);
  const types = Object.fromEntries(
    Map.groupBy(rules, ({ type }) => type)
      .entries()
      .map(([k, v]) => [k, v.length]),
  );
  t.deepEqual(types, { eql: 829, query: 62, newTerms: 87, threshold: 7 });
});

onCorpus("nothing in Elastic's rules is passed over but what is said to be", async (t) => {
  const { rules } = await load();
  const remarks = new Set(rules.flatMap(({ remarks }) => remarks));
  t.deepEqual([...remarks], []);
  for (const rule of rules) t.deepEqual(rule.otherKeys, {}, rule.name);
});

onCorpus('the place of every query is where its file has it', async (t) => {
  const { rules } = await load();
  for (const { source } of rules) {
    const whole = source.within!;
    for (let i = 0; i < source.text.length; i += 1 + Math.floor(source.text.length / 20)) {
      t.is(whole.text[source.origin!(i)], source.text[i], `${source.name} at ${i}`);
    }
  }
});
