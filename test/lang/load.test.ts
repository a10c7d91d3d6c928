import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { compileRuleText, loadRules } from '../../src/lang/index.ts';
import { printCondition } from '../../src/rule/index.ts';
import { RuleError } from '../../src/text/index.ts';

const folders: string[] = [];
test.after.always(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** Writes files into a new folder and gives its path. */
async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rules-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

function own(id: string): string {
  return `id: ${id}\nname: ${id}\nseverity: low\nquery: "a: 1"\n`;
}

const ELASTIC =
  '[rule]\nrule_id = "elastic"\nname = "E"\nseverity = "low"\nrisk_score = 1\ntype = "query"\nquery = "a: 1"\n';
const EXPORT = `${JSON.stringify({ rule_id: 'kibana', name: 'K', severity: 'low', risk_score: 1, type: 'query', query: 'a: 1', exceptions_list: [{ list_id: 'L' }] })}\n`;
const ITEMS = `${JSON.stringify({ list_id: 'L', name: 'I', entries: [{ field: 'a', type: 'exists', operator: 'included' }] })}\n`;

async function load(paths: readonly string[]): Promise<{ ids: readonly string[]; told: readonly string[] }> {
  const { rules, problems } = await loadRules(paths, { nowMs: 0 });
  return {
    ids: rules.map(({ id }) => id),
    told: problems.map(({ error }) => `${error.code}: ${error.message}`),
  };
}

test('a folder is read with all below it, in a stable order, whatever else is there', async (t) => {
  const folder = await write({
    'b/2.yml': own('b2'),
    'b/1.toml': ELASTIC,
    'a.yaml': `${own('a1')}---\n${own('a2')}`,
    'export.ndjson': EXPORT,
    'items.ndjson': ITEMS,
    'z.yaml': 'overlays: [{ rule: b2, disable: true }]',
    'pyproject.toml': '[project]\nname = "x"\n',
    'workflow.yml': 'on: push\n',
    'package.json': '{"name":"x"}',
    'README.md': 'id: x',
    '.git/x.yaml': own('hidden'),
    'node_modules/x/x.yaml': own('installed'),
    'empty.yaml': '',
  });
  const { rules, problems, documents, overlays } = await loadRules([folder], { nowMs: 0 });
  t.deepEqual(
    rules.map(({ id, enabled, exceptions }) => [id, enabled, exceptions.length]),
    [
      ['a1', true, 0],
      ['a2', true, 0],
      ['elastic', true, 0],
      ['b2', false, 0],
      ['kibana', true, 1],
    ],
  );
  t.deepEqual(problems, []);
  t.is(documents, 5);
  t.is(overlays.length, 2);
});

test('files, folders and globs may be mixed, and each file is read once', async (t) => {
  const folder = await write({
    'a/1.yaml': own('a1'),
    'a/2.yaml': own('a2'),
    'b/1.yaml': own('b1'),
    'rules.txt': own('txt'),
    '[x]*.yaml': own('odd'),
  });
  const paths = ['b/../a/2.yaml', 'a', '*/1.yaml', 'rules.txt', '[x]*.yaml'].map(
    (path) => `${folder}/${path}`,
  );
  t.deepEqual(await load(paths), { ids: ['a2', 'a1', 'b1', 'txt', 'odd'], told: [] });
});

test('links to files are followed, a folder that links to itself is no circle', async (t) => {
  const folder = await write({ '..data/x': own('linked'), 'rules/.keep': '' });
  await symlink(join(folder, '..data/x'), join(folder, 'rules/x.yaml'));
  await symlink(join(folder, 'rules'), join(folder, 'rules/again'));
  await symlink(join(folder, 'nowhere'), join(folder, 'rules/dead.yaml'));
  t.deepEqual(await load([join(folder, 'rules')]), { ids: ['linked'], told: [] });
});

test('a byte order mark is no part of a file', async (t) => {
  const folder = await write({ 'a.yaml': `\ufeff${own('a')}`, 'b.toml': `\ufeff${ELASTIC}` });
  t.deepEqual(await load([folder]), { ids: ['a', 'elastic'], told: [] });
});

test('what cannot be read is told, and the rest is read', async (t) => {
  const good = await write({ 'good.yaml': own('good') });
  const folder = await write({ 'none.yaml': 'on: push\n', 'empty/x.md': '' });
  const paths = ['nowhere', 'empty', 'none.yaml', '*.ndjson'].map((path) => join(folder, path));
  t.deepEqual(await load([...paths, good]), {
    ids: ['good'],
    told: [
      'FILE_READ: There is no such file or folder.',
      'FILE_READ: There is no rule file in this folder.',
      'FILE_READ: Nothing fits this pattern.',
      'RULE_MISSING: There is no rule in this file.',
    ],
  });
});

test('a file that is not UTF-8 is refused at the byte that shows it', async (t) => {
  const bytes = Buffer.concat([Buffer.from('id: a\nname: '), Buffer.from([0x41, 0xe9, 0x0a])]);
  const folder = await write({ 'latin.yaml': bytes, 'z.yaml': own('z') });
  const { rules, problems } = await loadRules([folder]);
  t.is(problems.length, 1);
  t.is(
    problems[0]!.error.headline(),
    `${join(folder, 'latin.yaml')}:2:8: FILE_ENCODING: The file is not UTF-8.`,
  );
  t.is(rules.length, 1);
});

const TEXTS: readonly { text: string; want: readonly [language: string, condition: string] }[] = [
  { text: 'process where process.name == "a"', want: ['eql', 'process.name == "a"'] },
  { text: 'process.name: a', want: ['kuery', 'definite(process.name in ("a"))'] },
  { text: 'name: a', want: ['kuery', 'definite(name in ("a"))'] },
  { text: own('x'), want: ['kuery', 'definite(a in ("1", 1))'] },
  { text: ELASTIC, want: ['kuery', 'definite(a in ("1", 1))'] },
  {
    text: EXPORT.replace(',"exceptions_list":[{"list_id":"L"}]', ''),
    want: ['kuery', 'definite(a in ("1", 1))'],
  },
];

for (const { text, want } of TEXTS) {
  test(`a text is compiled as what it is: ${JSON.stringify(text.slice(0, 30))}`, (t) => {
    const { language, query } = compileRuleText(text);
    t.deepEqual([language, query.kind === 'event' ? printCondition(query.condition) : query.kind], [...want]);
  });
}

test('the id of a bare query is made from its text', (t) => {
  const { id } = compileRuleText('a: 1');
  t.regex(id, /^query-[0-9a-f]{16}$/);
  t.is(compileRuleText('a: 1').id, id);
  t.not(compileRuleText('a: 2').id, id);
});

const WRONG: readonly { text: string; want: string }[] = [
  {
    text: 'process were process.name == "a"',
    want: 'rule:1:30: KQL_SYNTAX: Expected "and", "or" or the end of the query, found "a". KQL compares with ":". Read as KQL: EQL begins with an event category and "where", or with "sequence" or "sample".',
  },
  {
    text: 'process where',
    want: 'rule:1:14: EQL_SYNTAX: Expected a field, a value or a function, found the end of the query.',
  },
  {
    text: `${own('a')}---\n${own('b')}`,
    want: 'rule:1:1: RULE_KEY: Expected one rule, found 2.',
  },
  {
    text: '[rule]\nname = 1\n',
    want: 'rule:1:1: RULE_KEY: Expected "type", one of "eql", "query", "threshold", "new_terms"; it is missing.',
  },
];

for (const { text, want } of WRONG) {
  test(`a text that is no rule says what it was taken for: ${JSON.stringify(text.slice(0, 30))}`, (t) => {
    const error = t.throws(() => compileRuleText(text), { instanceOf: RuleError });
    t.is(error.headline(), want);
  });
}
