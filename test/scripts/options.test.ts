import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'corpus.ts');
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });

test('a script tells what it is for when asked', (t) => {
  for (const asked of ['--help', '-h']) {
    const { status, stdout, stderr } = run(asked);
    t.is(status, 0);
    t.regex(stdout, /^`npm run corpus`: .*\n[^*]+$/);
    t.is(stderr, '');
  }
});

test('a script does nothing when it is given an option that it does not know, and tells those that there are', (t) => {
  const { status, stdout, stderr } = run('--no-such-option');
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /^Unknown option '--no-such-option'.*\n\n`npm run corpus`: /);
});
