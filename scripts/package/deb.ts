/** Makes the Debian package, out of what lies in `packaging/deb`, with `dpkg-deb`. Same input, same bytes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../bundle.ts';

const SOURCE = join(ROOT, 'packaging', 'deb');
const DOC = 'usr/share/doc/osquery-detect';

export interface DebOptions {
  readonly executable: string;
  readonly version: string;
  /** Of what the executable carries. */
  readonly licenses: string;
  /** The time that all files are to have, Unix seconds. */
  readonly epochSeconds: number;
  readonly output: string;
}

/** Whether this system can make Debian packages. */
export function canMakeDeb(): boolean {
  return spawnSync('dpkg-deb', ['--version']).status === 0;
}

export function makeDeb(options: DebOptions): void {
  const staging = mkdtempSync(join(tmpdir(), 'osquery-detect-'));
  try {
    chmodSync(staging, 0o755);
    const tree = new Tree(staging);
    tree.add('usr/lib/osquery-detect/osquery-detect.ext', readFileSync(options.executable), 0o755);
    tree.link('usr/bin/osquery-detect', '../lib/osquery-detect/osquery-detect.ext');
    tree.add('usr/share/osquery/packs/osquery-detect.conf', readFileSync(join(ROOT, 'packs', 'linux.conf')));
    tree.add('etc/osquery-detect.toml', exampleSettings());
    const flags = readFileSync(join(ROOT, 'packs', 'linux', 'osquery.flags'));
    tree.add(`${DOC}/examples/osquery.flags`, flags);
    for (const name of readdirSync(join(ROOT, 'docs')).filter((entry) => entry.endsWith('.md'))) {
      tree.add(`${DOC}/${name}`, readFileSync(join(ROOT, 'docs', name)));
    }
    tree.add(`${DOC}/copyright`, source('copyright'));
    tree.add(`${DOC}/changelog.gz`, gzipSync(readFileSync(join(ROOT, 'CHANGELOG.md')), { level: 9 }));
    tree.add(`${DOC}/third-party-licenses.gz`, gzipSync(options.licenses, { level: 9 }));
    const { sums, kilobytes } = tree;
    tree.add('DEBIAN/control', control(options.version, kilobytes));
    tree.add('DEBIAN/conffiles', '/etc/osquery-detect.toml\n');
    tree.add('DEBIAN/md5sums', sums);
    for (const script of ['postinst', 'postrm']) tree.add(`DEBIAN/${script}`, source(script), 0o755);
    mkdirSync(dirname(options.output), { recursive: true });
    const format = ['-Zxz', '-z1', '--root-owner-group'];
    execFileSync('dpkg-deb', [...format, '--build', staging, options.output], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(options.epochSeconds) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** The settings of the manual, each commented out, so that the file changes nothing before someone edits it. */
export function exampleSettings(): string {
  const manual = readFileSync(join(ROOT, 'docs', 'settings.md'), 'utf8');
  const [, block] = /^```toml\n(?:#:schema [^\n]*\n\n?)?(.*?)^```$/ms.exec(manual) ?? [];
  if (block === undefined) throw new Error('docs/settings.md shows no settings');
  return `# Settings of osquery-detect; without any, all is as if there were no file.\n\n${block.replaceAll(/^(?=\w)/gm, '#')}`;
}

/** The licence texts of packages by their folders' names in `node_modules`, one after the other. */
export function licensesOf(packages: readonly string[]): string {
  return packages
    .map((name) => {
      const folder = join(ROOT, 'node_modules', name);
      const file = readdirSync(folder).find((entry) => /^licen[sc]e/i.test(entry));
      const text = file === undefined ? '(see the package)' : readFileSync(join(folder, file), 'utf8').trim();
      return `==== ${name}\n\n${text}\n`;
    })
    .join('\n');
}

function source(name: string): string {
  return readFileSync(join(SOURCE, name), 'utf8');
}

/** The maintainer is who packages, named as Debian's own tools do it; without, no address is made up. */
function control(version: string, kilobytes: number): string {
  const { DEBFULLNAME, DEBEMAIL } = process.env;
  const name = DEBFULLNAME ?? 'the maintainers of osquery-detect';
  return source('control')
    .replace('@VERSION@', version)
    .replace('@MAINTAINER@', DEBEMAIL === undefined ? name : `${name} <${DEBEMAIL}>`)
    .replace('@INSTALLED_SIZE@', String(kilobytes));
}

/** Files below a folder, with modes that do not hang on the caller's umask. */
class Tree {
  readonly #root: string;
  readonly #files: string[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  add(path: string, content: string | Uint8Array, mode = 0o644): void {
    const target = this.#place(path);
    writeFileSync(target, content);
    chmodSync(target, mode);
    this.#files.push(path);
  }

  link(path: string, to: string): void {
    symlinkSync(to, this.#place(path));
  }

  #place(path: string): string {
    const parts = dirname(path).split('/');
    parts.forEach((_, i) => {
      const folder = join(this.#root, ...parts.slice(0, i + 1));
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o755);
    });
    return join(this.#root, path);
  }

  /** As in `DEBIAN/md5sums`, which `dpkg --verify` reads. */
  get sums(): string {
    return this.#files
      .map((path) => {
        const sum = createHash('md5')
          .update(readFileSync(join(this.#root, path)))
          .digest('hex');
        return `${sum}  ${path}\n`;
      })
      .join('');
  }

  get kilobytes(): number {
    return this.#files.reduce(
      (sum, path) => sum + Math.ceil(statSync(join(this.#root, path)).size / 1024),
      0,
    );
  }
}
