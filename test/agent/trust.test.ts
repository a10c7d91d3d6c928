import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { flawOf } from '../../src/agent/trust.ts';
import { loadRules } from '../../src/lang/index.ts';

const US = process.getuid!();
const RULE = 'id: a\nname: a\nseverity: low\nquery: "a: 1"\n';

/** A folder below the system's temporary one, which everyone can write: as it is on the way, it is let pass. */
function folder(t: ExecutionContext): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'trust-')));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function file(path: string, mode = 0o644): string {
  writeFileSync(path, RULE);
  chmodSync(path, mode);
  return path;
}

function flaw(path: string, us = US): string | null {
  return flawOf(path, statSync(path), us);
}

/** Gives what lies at the path to someone else: in fact where we may, else in the eyes of `flawOf`. */
function giveAway(path: string): (asked: string) => string | null {
  if (US !== 0) return (asked) => flaw(asked, US + 1);
  lchownSync(path, 12_345, 0);
  return (asked) => flaw(asked);
}

test('a file of ours in a folder of ours is relied on, and so is the folder', (t) => {
  const top = folder(t);
  t.is(flaw(file(join(top, 'a.yaml'))), null);
  t.is(flaw(top), null);
  t.is(flaw(file(join(top, 'b.yaml'), 0o600)), null);
});

for (const mode of [0o666, 0o664, 0o646, 0o4722]) {
  test(`a file of mode 0${mode.toString(8)} is refused, with the command that mends it`, (t) => {
    const path = file(join(folder(t), 'a b.yaml'), mode);
    const told = flaw(path)!;
    t.true(told.includes(`${path} can be written by others`), told);
    t.true(told.endsWith(`chmod go-w '${path}'`), told);
  });
}

test('a folder that others can write is refused, and with it what is in it and below it', (t) => {
  const top = folder(t);
  mkdirSync(join(top, 'open/below'), { recursive: true });
  chmodSync(join(top, 'open'), 0o777);
  for (const path of [
    join(top, 'open'),
    file(join(top, 'open/a.yaml')),
    file(join(top, 'open/below/b.yaml')),
  ]) {
    t.regex(flaw(path)!, /open can be written by others than its owner \(mode 0777\): chmod go-w /);
  }
  chmodSync(join(top, 'open'), 0o755);
  t.is(flaw(join(top, 'open/below/b.yaml')), null);
});

test('a folder like /tmp is let pass on the way, and refused as the place of a rule', (t) => {
  const top = folder(t);
  mkdirSync(join(top, 'tmp/own'), { recursive: true });
  chmodSync(join(top, 'tmp'), 0o1777);
  t.is(flaw(file(join(top, 'tmp/own/a.yaml'))), null);
  t.is(flaw(join(top, 'tmp/own')), null);
  t.regex(flaw(file(join(top, 'tmp/a.yaml')))!, /tmp is a folder for everyone \(mode 1777\)/);
  t.regex(flaw(join(top, 'tmp'))!, /tmp is a folder for everyone/);
});

test('what belongs to someone else is refused: the file, a folder above it, a link to it', (t) => {
  const top = folder(t);
  mkdirSync(join(top, 'theirs'));
  const path = file(join(top, 'theirs/a.yaml'));
  const other = file(join(top, 'b.yaml'));
  symlinkSync(other, join(top, 'link.yaml'));
  t.is(flaw(path), null);
  t.is(flaw(join(top, 'link.yaml')), null);
  t.regex(giveAway(path)(path)!, /belongs to user \d+, and must belong to .*: chown -h root /);
  t.regex(giveAway(join(top, 'theirs'))(path)!, /belongs to user/);
  t.regex(giveAway(join(top, 'link.yaml'))(join(top, 'link.yaml'))!, /belongs to user/);
});

test('a link is followed to where it leads, over other links and through "..", and each folder counts', (t) => {
  const top = folder(t);
  mkdirSync(join(top, 'a/b'), { recursive: true });
  mkdirSync(join(top, 'open'));
  file(join(top, 'a/rule.yaml'));
  file(join(top, 'open/rule.yaml'));
  symlinkSync('b', join(top, 'a/to-b'));
  symlinkSync(join(top, 'a/to-b/../rule.yaml'), join(top, 'good.yaml'));
  symlinkSync('open/rule.yaml', join(top, 'bad.yaml'));
  symlinkSync('open', join(top, 'way'));
  chmodSync(join(top, 'open'), 0o777);
  t.is(flaw(join(top, 'good.yaml')), null);
  t.is(flaw(`${top}/a/to-b/../rule.yaml`), null);
  t.regex(flaw(join(top, 'bad.yaml'))!, /open can be written/);
  t.regex(
    flaw(`${top}/way/../a/rule.yaml`)!,
    /open can be written/,
    'who owns "way" could lead it elsewhere',
  );
});

test('a file that is not the one that was opened is refused', (t) => {
  const top = folder(t);
  const opened: Stats = statSync(file(join(top, 'old.yaml')));
  const path = file(join(top, 'new.yaml'));
  renameSync(path, join(top, 'old.yaml'));
  t.is(flawOf(join(top, 'old.yaml'), opened), 'It was replaced while it was read.');
});

test('what is no file and what is not there is refused, without waiting for it', async (t) => {
  const top = folder(t);
  const server = createServer().listen(join(top, 'a.yaml'));
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  chmodSync(join(top, 'a.yaml'), 0o600);
  t.is(flaw(join(top, 'a.yaml')), 'It is no regular file.');
  t.regex(flawOf(join(top, 'absent'), statSync(top))!, /ENOENT/);
});

test('rules are read past files and folders that others can write, and each is told with the remedy', async (t) => {
  const top = folder(t);
  mkdirSync(join(top, 'open'));
  file(join(top, 'good.yaml'));
  file(join(top, 'bad.yaml'), 0o666);
  file(join(top, 'open/bad.yaml'));
  chmodSync(join(top, 'open'), 0o777);
  const { rules, problems } = await loadRules([top], { guard: flawOf });
  t.deepEqual(
    rules.map(({ source }) => source.name),
    [join(top, 'good.yaml')],
  );
  t.deepEqual(
    problems.map(({ kind, file: name, error }) => [kind, name, error.code]),
    [
      ['broken', join(top, 'open'), 'FILE_UNSAFE'],
      ['broken', join(top, 'bad.yaml'), 'FILE_UNSAFE'],
    ],
  );
  t.regex(problems[1]!.error.message, /chmod go-w/);
  const loose = await loadRules([top]);
  t.is(
    loose.problems.filter(({ error }) => error.code === 'FILE_UNSAFE').length,
    0,
    'check and replay read all',
  );
});

test('a whole folder that others can write gives no rule', async (t) => {
  const top = folder(t);
  file(join(top, 'a.yaml'));
  chmodSync(top, 0o775);
  const { rules, problems } = await loadRules([top], { guard: flawOf });
  t.deepEqual([rules.length, problems.map(({ error }) => error.code)], [0, ['FILE_UNSAFE']]);
  t.is(readdirSync(top).length, 1);
});
