import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { RuleReloader } from '../../src/agent/reload.ts';
import { loadRules, type RuleSet } from '../../src/lang/index.ts';

const LOG = { debug() {}, info() {}, warn() {}, error() {} };

function rule(id: string, query = 'process where true'): string {
  return `id: ${id}\nname: ${id}\nseverity: low\nquery: ${query}\n`;
}

interface Running {
  readonly folder: string;
  readonly reloader: RuleReloader;
  /** The ids of each set that was taken. */
  readonly taken: (readonly string[])[];
  readonly clock: { nowMs: number };
}

async function start(t: ExecutionContext, paths?: (folder: string) => readonly string[]): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'reload-'));
  writeFileSync(join(folder, 'a.yaml'), rule('a'));
  const taken: (readonly string[])[] = [];
  const clock = { nowMs: Date.parse('2026-11-24') };
  const from = paths?.(folder) ?? [folder];
  const read = (): Promise<RuleSet> => loadRules(from, { nowMs: clock.nowMs });
  const apply = async ({ rules }: RuleSet): Promise<void> => {
    taken.push(rules.filter(({ enabled }) => enabled).map(({ id }) => id));
  };
  const options = { paths: () => from, read, apply, log: LOG, nowMs: () => clock.nowMs };
  const reloader = new RuleReloader(options);
  t.teardown(() => {
    reloader.stop();
    rmSync(folder, { recursive: true });
  });
  await reloader.check();
  taken.length = 0;
  return { folder, reloader, taken, clock };
}

test('files that did not change are not read again', async (t) => {
  const { reloader, taken } = await start(t);
  await reloader.check();
  await reloader.check();
  t.deepEqual(taken, []);
  t.like(reloader.health, { reloads: 0, refusals: 0, refusal: null });
});

const CHANGES: readonly { name: string; change: (folder: string) => void; want: readonly string[] }[] = [
  {
    name: 'a file that was written anew',
    change: (f) => writeFileSync(join(f, 'a.yaml'), rule('b')),
    want: ['b'],
  },
  { name: 'a file that came', change: (f) => writeFileSync(join(f, 'b.yaml'), rule('b')), want: ['a', 'b'] },
  {
    name: 'a file that came in a new folder',
    change(f) {
      mkdirSync(join(f, 'new'));
      writeFileSync(join(f, 'new/b.yaml'), rule('b'));
    },
    want: ['a', 'b'],
  },
  {
    name: 'a file of the same size and time that took the place of another',
    change(f) {
      writeFileSync(join(f, 'b.tmp'), rule('z'));
      utimesSync(join(f, 'a.yaml'), 1, 1);
      utimesSync(join(f, 'b.tmp'), 1, 1);
      renameSync(join(f, 'b.tmp'), join(f, 'a.yaml'));
    },
    want: ['z'],
  },
];

for (const { name, change, want } of CHANGES) {
  test(`${name} is taken, once`, async (t) => {
    const { folder, reloader, taken } = await start(t);
    change(folder);
    await Promise.all([reloader.check(), reloader.check()]);
    t.deepEqual(taken, [want]);
    t.is(reloader.health.reloads, 1);
  });
}

test('what changes while it is read is taken by the next look', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reload-'));
  writeFileSync(join(folder, 'a.yaml'), rule('a'));
  const taken: RuleSet[] = [];
  const read = async (): Promise<RuleSet> => {
    const set = await loadRules([folder]);
    if (taken.length === 0) writeFileSync(join(folder, 'a.yaml'), rule('b'));
    return set;
  };
  const apply = async (changed: RuleSet): Promise<void> => void taken.push(changed);
  const reloader = new RuleReloader({ paths: () => [folder], read, apply, log: LOG });
  t.teardown(() => {
    reloader.stop();
    rmSync(folder, { recursive: true });
  });
  await reloader.check();
  await reloader.check();
  t.deepEqual(
    taken.map(({ rules }) => rules.map(({ id }) => id)),
    [['a'], ['b']],
  );
});

test('a link that leads elsewhere now is a change', async (t) => {
  const { folder, reloader, taken } = await start(t, (f) => {
    mkdirSync(join(f, 'v1'));
    mkdirSync(join(f, 'v2'));
    writeFileSync(join(f, 'v1/r.yaml'), rule('one'));
    writeFileSync(join(f, 'v2/r.yaml'), rule('two'));
    symlinkSync('v1', join(f, 'now'));
    return [join(f, 'now')];
  });
  symlinkSync('v2', join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, 'now'));
  await reloader.check();
  t.deepEqual(taken, [['two']]);
});

test('a set with a broken document is refused as a whole and told, until it is mended', async (t) => {
  const { folder, reloader, taken } = await start(t);
  writeFileSync(join(folder, 'b.yaml'), rule('b'));
  writeFileSync(join(folder, 'c.yaml'), rule('c', 'process where ('));
  await reloader.check();
  t.deepEqual(taken, []);
  t.like(reloader.health, { reloads: 0, refusals: 1 });
  t.regex(reloader.health.refusal!, /c\.yaml:4:\d+: EQL_SYNTAX: /);
  await reloader.check();
  t.is(reloader.health.refusals, 1, 'the same set is not refused again');
  writeFileSync(join(folder, 'c.yaml'), rule('c'));
  await reloader.check();
  t.deepEqual(taken, [['a', 'b', 'c']]);
  t.like(reloader.health, { reloads: 1, refusals: 1, refusal: null });
});

test('a rule that is merely unsupported does not keep the others out', async (t) => {
  const { folder, reloader, taken } = await start(t);
  writeFileSync(
    join(folder, 'b.toml'),
    '[rule]\nrule_id = "b"\nname = "B"\nseverity = "low"\nrisk_score = 1\ntype = "esql"\nlanguage = "esql"\nquery = "from x"\n',
  );
  await reloader.check();
  t.deepEqual(taken, [['a']]);
});

test('rules that are gone are refused: an empty folder or a missing path stops no detection', async (t) => {
  const { folder, reloader, taken } = await start(t, (f) => [join(f, 'a.yaml')]);
  rmSync(join(folder, 'a.yaml'));
  await reloader.check();
  t.deepEqual(taken, []);
  t.regex(reloader.health.refusal!, /FILE_READ: There is no such file or folder/);
});

test('an overlay that expires changes the rules though no file changed', async (t) => {
  const { folder, reloader, taken, clock } = await start(t);
  writeFileSync(
    join(folder, 'o.yaml'),
    'overlays: [{ rule: a, disable: true, expires: "2026-11-25T00:00Z" }]\n',
  );
  await reloader.check();
  clock.nowMs += 86_400_000;
  await reloader.check();
  await reloader.check();
  t.deepEqual(taken, [[], ['a']]);
});

test('asked to, it reads again what did not change', async (t) => {
  const { reloader, taken } = await start(t);
  await reloader.reload();
  t.deepEqual(taken, [['a']]);
});

test('a read that fails outright is a refusal', async (t) => {
  const options = {
    ...{ paths: () => [], apply: async () => t.fail(), log: LOG },
    read: () => Promise.reject(new Error('no packaged rules')),
  };
  const reloader = new RuleReloader(options);
  await reloader.reload();
  t.like(reloader.health, { refusals: 1, refusal: 'no packaged rules' });
});

test('the system tells of a change', async (t) => {
  const { folder, taken } = await start(t);
  writeFileSync(join(folder, 'b.yaml'), rule('b'));
  while (taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  t.deepEqual(taken, [['a', 'b']]);
});

test('of the first set what is good runs, and the rest is waited for', async (t) => {
  const { folder, reloader, taken } = await start(t);
  t.like(reloader.health, { reloads: 0, refusals: 0, refusal: null });
  t.true(reloader.health.loadedMs > 0);
  const again = new RuleReloader({
    ...{ paths: () => [folder], log: LOG },
    read: () => loadRules([folder]),
    apply: async ({ rules }) => void taken.push(rules.map(({ id }) => id)),
  });
  t.teardown(() => again.stop());
  writeFileSync(join(folder, 'broken.yaml'), rule('broken', 'process where ('));
  await again.check();
  t.deepEqual(taken, [['a']]);
});

const NO_RULES: readonly { name: string; text: string | null; want: RegExp }[] = [
  { name: 'all are broken', text: rule('a', 'process where ('), want: /a\.yaml:4:\d+: EQL_SYNTAX: / },
  { name: 'there is no file', text: null, want: /There is no rule file in this folder/ },
];

for (const { name, text, want } of NO_RULES) {
  test(`a first set without a rule is refused and told until there is one: ${name}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'reload-'));
    if (text !== null) writeFileSync(join(folder, 'a.yaml'), text);
    const taken: RuleSet[] = [];
    const apply = async (set: RuleSet): Promise<void> => void taken.push(set);
    const read = (): Promise<RuleSet> => loadRules([folder]);
    const reloader = new RuleReloader({ paths: () => [folder], read, apply, log: LOG });
    t.teardown(() => {
      reloader.stop();
      rmSync(folder, { recursive: true });
    });
    await reloader.check();
    t.is(taken.length, 0);
    t.like(reloader.health, { loadedMs: 0, refusals: 1 });
    t.regex(reloader.health.refusal!, want);
    writeFileSync(join(folder, 'a.yaml'), rule('a'));
    await reloader.check();
    t.is(taken.length, 1);
    t.like(reloader.health, { reloads: 0, refusals: 1, refusal: null });
  });
}
