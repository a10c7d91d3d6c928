import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { numbered, repeatedIn } from './numbered.ts';
import { Random } from './random.ts';
import { settle, start } from './running.ts';

/** A folder of its own for the store, as only a mount namespace can give one. */
const mounted =
  (mount: string) =>
  (folder: string): readonly string[] => ['unshare', '-rm', 'sh', '-c', `${mount} && exec "$@"`, folder];
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;
const canLimit = spawnSync('prlimit', ['--fsize=65536', 'true']).status === 0;

const DISKS: readonly {
  readonly name: string;
  readonly can: boolean;
  readonly startedBy: (folder: string) => readonly string[];
}[] = [
  {
    name: 'a disk that fills up',
    can: canMount,
    startedBy: mounted('mount -t tmpfs -o size=200k tmpfs "$0"'),
  },
  {
    name: 'a disk that is read-only',
    can: canMount,
    startedBy: mounted('mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'),
  },
  {
    name: 'a file that must not grow',
    can: canLimit,
    startedBy: () => ['prlimit', '--fsize=65536', '--'],
  },
];

for (const { name, can, startedBy } of DISKS) {
  test.serial(`${name} loses no alert and ends nothing`, async (t) => {
    if (!can) return t.pass('skipped: this system does not let us make such a disk');
    const { rig, lines } = await start(t, { startedBy });
    const pid = rig.extensionPid;
    for (let at = 0; at < 600; at += 200) {
      await rig.feed(numbered({ after: at, count: 200 }));
      t.deepEqual(await settle(rig), []);
    }
    t.is(rig.extensionPid, pid);
    t.deepEqual(repeatedIn(rig), { doubled: [], duplicates: 0 });
    t.true(
      lines.some((line) => line.includes('the store cannot be written')),
      'the log says so',
    );
    return undefined;
  });
}

const RUINS: readonly { readonly name: string; readonly ruin: (path: string) => void }[] = [
  { name: 'random bytes in random pages', ruin: (path) => scribble(path, new Random(7)) },
  { name: 'half of it cut off', ruin: (path) => truncateSync(path, statSync(path).size >> 1) },
  { name: 'nothing in it', ruin: (path) => truncateSync(path, 0) },
  { name: 'a text in its place', ruin: (path) => writeFileSync(path, 'This is no database.\n'.repeat(500)) },
  {
    name: 'a folder in its place',
    ruin(path) {
      rmSync(path);
      mkdirSync(path);
    },
  },
];

for (const { name, ruin } of RUINS) {
  test.serial(`a store with ${name} holds up no new alert`, async (t) => {
    const { rig } = await start(t);
    await rig.feed(numbered({ after: 0, count: 30 }));
    t.deepEqual(await settle(rig), []);
    await rig.endExtension();
    ruin(rig.storePath);
    await rig.revive();
    const before = new Set((await rig.events()).values());
    await rig.feed(numbered({ after: 30, count: 30 }));
    t.deepEqual(await settle(rig), []);
    t.is(before.size, 30);
    t.deepEqual(repeatedIn(rig).doubled, []);
  });
}

/** Every third page gets 64 bytes of noise. */
function scribble(path: string, random: Random): void {
  const bytes = readFileSync(path);
  for (let page = 0; page < bytes.length; page += 4096) {
    if (random.between(0, 2) > 0) continue;
    const at = page + random.between(0, 4000);
    for (let i = at; i < Math.min(at + 64, bytes.length); i += 1) bytes[i] = random.between(0, 255);
  }
  writeFileSync(path, bytes);
}
