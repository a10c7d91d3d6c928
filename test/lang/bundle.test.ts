import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { loadRules, parseRuleTexts, printBundle, type RuleSet } from '../../src/lang/index.ts';
import { ROOT } from '../events/recording.ts';

const folders: string[] = [];
test.after.always(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** All that a set says, without the folder that its files were read from, and without functions. */
function shape({ rules, problems, documents, overlays, nextExpiryMs }: RuleSet, folder = ''): string {
  const told = problems.map(({ error, ...rest }) => ({ ...rest, told: error.render() }));
  const set = {
    rules,
    told,
    documents,
    overlays: overlays.map(({ name, rules: ids }) => [name, ids]),
    nextExpiryMs,
  };
  const text = JSON.stringify(
    set,
    (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
    1,
  );
  return folder === '' ? text : text.replaceAll(`${dirname(folder)}/`, '');
}

const own = (id: string, query = 'process where process.name == "x"'): string =>
  `id: ${id}\nname: ${id}\nseverity: low\nquery: '${query}'\n`;
const POOL: Readonly<Record<string, string>> = {
  'a/one.yaml': own('one', 'file where file.size > 9007199254740993'),
  'a/two.yml': `${own('two')}---\n${own('three')}\n# é 😀\n`,
  'a/again.yaml': own('one', 'process where true'),
  'a/broken.yaml': own('broken', 'process where ('),
  'a/torn.toml': '[rule\n',
  'a/sigma.yml': 'logsource: {}\ndetection: {}\n',
  'b/other.yml': 'on: push\n',
  'b/off.yaml': 'overlays: [{ rule: two, disable: true }]\n',
  'b/late.yaml': 'overlays: [{ rule: three, except: "a: 1", expires: 2030-06-14 }]\n',
  'b/export.ndjson': `${JSON.stringify({ rule_id: 'kibana', name: 'K', severity: 'low', risk_score: 1, type: 'query', query: 'a: 1', exceptions_list: [{ list_id: 'L' }] })}\n`,
  'c/items.ndjson': `${JSON.stringify({ list_id: 'L', name: 'I', entries: [{ field: 'a', type: 'exists', operator: 'included' }] })}\n`,
};

test('a bundle loads to what its files load to: rules, problems, places, overlays', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.subarray(Object.keys(POOL), { minLength: 1 }), fc.boolean(), async (names, named) => {
      const folder = await write(Object.fromEntries(names.map((name) => [name, POOL[name]!])));
      const paths = named ? names.map((name) => join(folder, name)) : [folder];
      const set = await loadRules(paths, { nowMs: 0 });
      const text = printBundle(set, { paths: [folder] });
      await writeFile(join(folder, 'rules.json'), text);
      const again = await loadRules([join(folder, 'rules.json')], { nowMs: 0 });
      t.is(shape(again), shape(set, folder));
      t.is(printBundle(again), text);
    }),
    { numRuns: 25 },
  );
});

test('the bundle of the packaged rules loads to them', async (t) => {
  const paths = [join(ROOT, 'packs', 'rules')];
  const set = await loadRules(paths);
  const again = parseRuleTexts([{ name: 'rules.json', text: printBundle(set, { paths }) }]);
  t.is(again.rules.length, set.rules.length);
  t.is(shape(again), shape(set, paths[0]));
});

const CORPUS = join(ROOT, '..', 'shared', 'corpus', 'elastic', 'linux');
(existsSync(CORPUS) ? test : test.skip)('the bundle of a whole corpus loads to it', async (t) => {
  const set = await loadRules([CORPUS], { nowMs: 0 });
  const again = parseRuleTexts([{ name: 'rules.json', text: printBundle(set, { paths: [CORPUS] }) }], {
    nowMs: 0,
  });
  t.true(again.rules.length > 300);
  t.true(shape(again) === shape(set, CORPUS));
});

test('files without a rule that is kept stay out, but for those that change rules', (t) => {
  const files = Object.entries(POOL).filter(([name]) => name !== 'a/again.yaml');
  const set = parseRuleTexts(
    files.map(([name, text]) => ({ name, text })),
    { nowMs: 0 },
  );
  const text = printBundle(set, { keeps: ({ id }) => id === 'three' });
  const again = parseRuleTexts([{ name: 'rules.json', text }], { nowMs: 0 });
  t.deepEqual(
    again.files.map(({ source }) => source.name),
    ['a/two.yml', 'b/off.yaml', 'b/late.yaml', 'c/items.ndjson'],
  );
  t.deepEqual(
    again.rules.map(({ id, exceptions }) => [id, exceptions.length]),
    [
      ['two', 0],
      ['three', 1],
    ],
  );
});

test('where two files hold one id no file goes, so that the first stays the first', (t) => {
  const texts = ['a/one.yaml', 'a/again.yaml'].map((name) => ({ name, text: POOL[name]! }));
  const set = parseRuleTexts(texts);
  t.deepEqual(
    parseRuleTexts([{ name: 'rules.json', text: printBundle(set, { keeps: () => false }) }]).files.length,
    2,
  );
});

test('files of one name keep the path that was given', async (t) => {
  const folder = await write({ 'x/r.yaml': own('x'), 'y/r.yaml': own('y') });
  const paths = [join(folder, 'x/r.yaml'), join(folder, 'y/r.yaml')];
  const again = parseRuleTexts([
    { name: 'rules.json', text: printBundle(await loadRules(paths), { paths }) },
  ]);
  t.deepEqual(
    again.files.map(({ source }) => source.name),
    paths,
  );
});

const text = printBundle(parseRuleTexts([{ name: 'r.yaml', text: own('r') }]));
const WRONG: readonly { readonly name: string; readonly text: string; readonly want: RegExp }[] = [
  {
    name: 'a changed rule',
    text: text.replace('process.name', 'process.nama'),
    want: /^rules\.json:2:1: BUNDLE_HASH: The rules are not those of the bundle's hash: theirs is sha256:\w+\. The file was cut or changed: none of its rules is loaded\. Compile the rules again\.$/,
  },
  {
    name: 'another name',
    text: text.replace('"r.yaml"', '"s.yaml"'),
    want: /BUNDLE_HASH/,
  },
  { name: 'a rule less', text: text.replace(/\{"name".*\n/, ''), want: /BUNDLE_HASH/ },
  {
    name: 'a cut end',
    text: text.slice(0, -20),
    want: /^rules\.json:1:2: BUNDLE_SYNTAX: The bundle is no JSON: /,
  },
  {
    name: 'another version',
    text: text.replace('"version":1', '"version":2'),
    want: /^rules\.json:1:34: BUNDLE_VERSION: Expected version 1 of a bundle, found 2\. It was made by another release/,
  },
  {
    name: 'sources of another form',
    text: text.replace('"text":', '"txt":'),
    want: /BUNDLE_SYNTAX: Expected "sources", a list of \{"name", "text"\}\.$/,
  },
];

for (const { name, text: wrong, want } of WRONG) {
  test(`none of a bundle's rules is loaded, and the error says why: ${name}`, (t) => {
    const { rules, problems } = parseRuleTexts([
      { name: 'rules.json', text: wrong },
      { name: 'z.yaml', text: own('z') },
    ]);
    t.deepEqual(
      rules.map(({ id }) => id),
      ['z'],
    );
    t.is(problems.length, 1);
    t.is(problems[0]!.kind, 'broken');
    t.regex(problems[0]!.error.headline(), want);
  });
}

test('a bundle that is only written anew is still good', async (t) => {
  const pretty = JSON.stringify(JSON.parse(text), null, 2);
  const folder = await write({ 'rules.json': pretty });
  const { rules } = await loadRules([join(folder, 'rules.json')]);
  t.is(rules.length, 1);
  t.is(await readFile(join(folder, 'rules.json'), 'utf8'), pretty);
});
