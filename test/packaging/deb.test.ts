import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import anyTest, { type ExecutionContext } from 'ava';
import { canMakeDeb, exampleSettings, makeDeb } from '../../scripts/package/deb.ts';
import { loadSettings, type Settings } from '../../src/agent/index.ts';
import { ROOT } from '../events/recording.ts';

const canInstall = canMakeDeb() && process.getuid?.() === 0;
if (!canInstall) console.log('packages are not installed here: that takes dpkg and root');
const test = canInstall ? anyTest.serial : anyTest.skip;

const EXTENSION = '/usr/lib/osquery-detect/osquery-detect.ext';
const LOAD = '/etc/osquery/extensions.load';
const PACK = '/usr/share/osquery/packs/osquery-detect.conf';
const SETTINGS = '/etc/osquery-detect.toml';

/** An empty system that packages are installed on, in a folder. */
class System {
  readonly #root: string;
  readonly #files: string;

  constructor(t: ExecutionContext) {
    this.#files = mkdtempSync(join(tmpdir(), 'deb-'));
    this.#root = join(this.#files, 'root');
    for (const folder of ['updates', 'info', 'triggers']) {
      mkdirSync(join(this.#root, 'var/lib/dpkg', folder), { recursive: true });
    }
    writeFileSync(join(this.#root, 'var/lib/dpkg/status'), '');
    t.teardown(() => rmSync(this.#files, { recursive: true, force: true }));
  }

  /** A package that carries a small script instead of the executable. */
  build(version: string, output = join(this.#files, `${version}.deb`)): string {
    const executable = join(this.#files, 'executable');
    writeFileSync(executable, `#!/bin/sh\necho ${version}\n`);
    makeDeb({ executable, version, licenses: 'none\n', epochSeconds: 1_700_000_000, output });
    return output;
  }

  dpkg(...args: readonly string[]): void {
    const options = [`--root=${this.#root}`, '--force-script-chrootless', '--force-depends'];
    // Conffiles that the administrator changed stay, as dpkg's own default is when nobody can be asked.
    execFileSync('dpkg', [...options, '--force-confold', ...args], { stdio: 'pipe' });
  }

  path(path: string): string {
    return join(this.#root, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  /** The text of a file; undefined where there is none. */
  read(path: string): string | undefined {
    return existsSync(this.path(path)) ? readFileSync(this.path(path), 'utf8') : undefined;
  }
}

test('installing puts the extension where osqueryd loads it from, as osqueryd wants it', (t) => {
  const system = new System(t);
  system.dpkg('-i', system.build('1.0'));
  t.is(system.read(LOAD), `${EXTENSION}\n`);
  const { uid, gid, mode } = statSync(system.path(EXTENSION));
  t.deepEqual({ uid, gid, mode: mode & 0o7777 }, { uid: 0, gid: 0, mode: 0o755 });
  t.is(statSync(system.path(dirname(EXTENSION))).mode & 0o7777, 0o755);
  t.is(statSync(system.path(LOAD)).mode & 0o7777, 0o644);
  t.is(readFileSync(system.path('/usr/bin/osquery-detect'), 'utf8'), '#!/bin/sh\necho 1.0\n');
  t.is(system.read(PACK), readFileSync(join(ROOT, 'packs/linux.conf'), 'utf8'));
  t.regex(system.read('/usr/share/doc/osquery-detect/examples/osquery.flags')!, /^--disable_audit=false$/m);
});

const LISTS: readonly { name: string; before: string; after: string; removed: string }[] = [
  {
    name: 'other extensions',
    before: '# ours\n/opt/other.ext\n',
    after: `# ours\n/opt/other.ext\n${EXTENSION}\n`,
    removed: '# ours\n/opt/other.ext\n',
  },
  {
    name: 'a last line without an end',
    before: '/opt/other.ext',
    after: `/opt/other.ext\n${EXTENSION}\n`,
    removed: '/opt/other.ext\n',
  },
  {
    name: 'the extension, put there by hand',
    before: `${EXTENSION}\n/opt/other.ext\n`,
    after: `${EXTENSION}\n/opt/other.ext\n`,
    removed: '/opt/other.ext\n',
  },
  {
    name: 'the extension, commented out',
    before: `# ${EXTENSION}\n/opt/other.ext\n`,
    after: `# ${EXTENSION}\n/opt/other.ext\n`,
    removed: '/opt/other.ext\n',
  },
  {
    name: 'an extension whose path contains ours',
    before: `/srv${EXTENSION}\n${EXTENSION}.old\n`,
    after: `/srv${EXTENSION}\n${EXTENSION}.old\n${EXTENSION}\n`,
    removed: `/srv${EXTENSION}\n${EXTENSION}.old\n`,
  },
];

test('the list of extensions gets one line and loses it again, whatever else is in it', (t) => {
  for (const { name, before, after, removed } of LISTS) {
    const system = new System(t);
    const deb = system.build('1.0');
    system.write(LOAD, before);
    system.dpkg('-i', deb);
    t.is(system.read(LOAD), after, name);
    system.dpkg('-i', deb);
    t.is(system.read(LOAD), after, `${name}, twice`);
    system.dpkg('-r', 'osquery-detect');
    t.is(system.read(LOAD), removed, `${name}, removed`);
  }
});

test('an upgrade brings the new extension and keeps settings, list and state', (t) => {
  const system = new System(t);
  system.dpkg('-i', system.build('1.0'));
  system.write(SETTINGS, 'log_level = "debug"\n');
  system.write('/var/osquery/osquery-detect.db', 'state');
  system.dpkg('-i', system.build('1.1'));
  t.is(system.read(EXTENSION), '#!/bin/sh\necho 1.1\n');
  t.is(system.read(LOAD), `${EXTENSION}\n`);
  t.is(system.read(SETTINGS), 'log_level = "debug"\n');
  t.is(system.read('/var/osquery/osquery-detect.db'), 'state');
});

test('removing keeps settings and state, installing again finds them, and purging leaves nothing', (t) => {
  const system = new System(t);
  const deb = system.build('1.0');
  system.dpkg('-i', deb);
  system.write(SETTINGS, 'log_level = "debug"\n');
  for (const name of ['.db', '.db-wal', '.db.lock'])
    system.write(`/var/osquery/osquery-detect${name}`, 'state');
  system.write('/var/osquery/osquery.db/CURRENT', "osquery's own");

  system.dpkg('-r', 'osquery-detect');
  for (const path of [EXTENSION, PACK, LOAD, '/usr/bin/osquery-detect']) t.is(system.read(path), undefined);
  t.is(system.read(SETTINGS), 'log_level = "debug"\n');
  t.is(system.read('/var/osquery/osquery-detect.db'), 'state');

  system.dpkg('-i', deb);
  t.is(system.read(LOAD), `${EXTENSION}\n`);
  t.is(system.read(SETTINGS), 'log_level = "debug"\n');

  system.dpkg('-P', 'osquery-detect');
  const left = execFileSync('find', ['.', '-type', 'f', '-not', '-path', './var/lib/dpkg/*'], {
    cwd: system.path('/'),
    encoding: 'utf8',
  });
  t.is(left, './var/osquery/osquery.db/CURRENT\n');
});

test('what is installed is what the package says it is', (t) => {
  const system = new System(t);
  system.dpkg('-i', system.build('1.0'));
  t.notThrows(() => system.dpkg('--verify', 'osquery-detect'));
  writeFileSync(system.path(EXTENSION), 'changed');
  const said = execFileSync('dpkg', [`--root=${system.path('/')}`, '--verify', 'osquery-detect'], {
    encoding: 'utf8',
  });
  t.regex(said, /osquery-detect\.ext/);
});

test('the same input gives the same package, whenever and under whatever umask it is made', (t) => {
  const system = new System(t);
  const first = readFileSync(system.build('1.0'));
  const before = process.umask(0o077);
  t.teardown(() => process.umask(before));
  const folder = mkdtempSync(join(tmpdir(), 'deb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o700);
  t.true(first.equals(readFileSync(system.build('1.0', join(folder, 'again.deb')))));
});

anyTest('the settings that are installed change nothing, and show every setting there is', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'deb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const settingsIn = (text: string): Settings => {
    const file = join(folder, 'osquery-detect.toml');
    writeFileSync(file, text);
    return loadSettings({ env: { OSQUERY_DETECT_CONFIG: file }, allowUnsafe: true });
  };
  const text = exampleSettings();
  t.deepEqual(settingsIn(text), settingsIn(''));
  t.notThrows(() => settingsIn(text.replaceAll(/^#(\w+ = )/gm, '$1')), 'the examples are settings');
  const shown = [...text.matchAll(/^#(\w+) = /gm)].map(([, key]) => key);
  const { properties } = JSON.parse(readFileSync(join(ROOT, 'schema/settings.schema.json'), 'utf8')) as {
    properties: object;
  };
  t.deepEqual(shown.toSorted(), Object.keys(properties).toSorted(), 'the example in docs/settings.md');
});
