import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { runCommand } from './run-command.ts';

const folders: string[] = [];
test.after.always(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lint-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const pack = (query: string): string =>
  JSON.stringify({ queries: { q: { query, interval: 60, removed: false, denylist: false } } }, null, 1);
const GOOD = pack('SELECT path FROM process_events');
const BAD = pack('SELECT path FROM process_events WHERE time > 5');

test('a good pack ends with 0, a trap with 1; each finding has its place, what happens and the remedy', async (t) => {
  const folder = await folderWith({ 'good.conf': GOOD, 'bad.conf': BAD });
  const good = await runCommand('lint', join(folder, 'good.conf'));
  t.deepEqual(good, { code: 0, out: '1 queries: no trap\n', err: '' });
  const bad = await runCommand('lint', join(folder, 'bad.conf'));
  t.is(bad.code, 1);
  t.regex(
    bad.out,
    /bad\.conf:4: q time-constraint\n {4}A constraint on time .*\n {4}Take the constraint out: /,
  );
  t.true(bad.out.endsWith('\n1 queries: 1 in a trap\n'));
});

test('a folder is searched for packs of any form; --json has all findings', async (t) => {
  const folder = await folderWith({
    'a/bad.conf': BAD,
    'b/fleet.yaml': '- {name: F, query: SELECT path FROM process_events, interval: 60}\n',
    'other.json': '{"name":"x"}',
    'notes.txt': BAD,
  });
  const { code, out } = await runCommand('lint', folder, '--json');
  t.is(code, 1);
  const { queries, findings } = JSON.parse(out) as {
    queries: number;
    findings: readonly Record<string, unknown>[];
  };
  t.is(queries, 2);
  t.deepEqual(
    findings.map(({ file, line, query, trap }) => [file, line, query, trap]),
    [
      [join(folder, 'a/bad.conf'), 4, 'q', 'time-constraint'],
      [join(folder, 'b/fleet.yaml'), 1, 'F', 'snapshot-of-events'],
    ],
  );
  for (const finding of findings)
    t.deepEqual(Object.keys(finding), ['file', 'line', 'query', 'trap', 'what', 'remedy']);
});

test('a flagfile says which flags are set, in all of the spellings of gflags', async (t) => {
  const folder = await folderWith({
    'file.conf': pack('SELECT * FROM file_events'),
    'some.flags': '# flags\n\n--disable_events=false\n',
    'all.flags': '--nodisable_events\n-enable_file_events\n  --logger_path = /var/log\n',
    'off.flags': '--nodisable_events\n--enable_file_events\n--noenable_file_events\n',
  });
  const run = (flags: string) =>
    runCommand('lint', join(folder, 'file.conf'), '--flags', join(folder, flags));
  t.is((await run('all.flags')).code, 0);
  t.regex((await run('some.flags')).out, /file_events stays empty without --enable_file_events=true\./);
  t.regex((await run('off.flags')).out, /file_events stays empty without --enable_file_events=true\./);
});

test('a name that a terminal would act on is printed harmless', async (t) => {
  const text = JSON.stringify({ queries: { 'q\u001b[31m\n': { query: 'SELECT 1 FROM process_events' } } });
  const { out } = await runCommand('lint', join(await folderWith({ 'x.conf': text }), 'x.conf'));
  t.false(out.includes('\u001b'));
});

const WRONG: readonly { readonly args: readonly string[]; readonly want: RegExp }[] = [
  { args: [], want: /no packs given/ },
  { args: ['/nonexistent/x.conf'], want: /reading \/nonexistent\/x\.conf: ENOENT/ },
  {
    args: ['--flags', '/nonexistent', join(import.meta.dirname, 'lint.test.ts')],
    want: /reading \/nonexistent: ENOENT/,
  },
];

for (const { args, want } of WRONG) {
  test(`wrong use ends with 2: lint ${args.map((arg) => arg.replace(import.meta.dirname, '')).join(' ')}`, async (t) => {
    const { code, err } = await runCommand('lint', ...args);
    t.is(code, 2);
    t.regex(err, want);
  });
}

test('files without any query are wrong use', async (t) => {
  const { code, err } = await runCommand('lint', await folderWith({ 'x.json': '{"a":1}' }));
  t.is(code, 2);
  t.regex(err, /there is no query in /);
});
