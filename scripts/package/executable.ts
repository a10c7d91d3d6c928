/** Makes a single executable: Node, with a script and assets inside, that runs where no Node is. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_FLAGS } from '../node-flags.ts';
import { addNote } from './elf.ts';

/** Node looks for its script only when the digit behind this text is 1. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';
const NOTE = 'NODE_SEA_BLOB';

export interface ExecutableParts {
  readonly script: string;
  /** Files by the names under which `node:sea` gives them to the script. */
  readonly assets: Readonly<Record<string, string>>;
}

/**
 * The executable's bytes, made from the Node that runs this. Source: Node's documentation, "Single executable
 * applications". Compiled code goes along, which spares the compiling at each start. Options from the environment
 * (NODE_OPTIONS) are not heeded: they are for Node, and here is none.
 */
export function makeExecutable({ script, assets }: ExecutableParts): Buffer {
  const node = readFileSync(process.execPath);
  lightFuse(node);
  return addNote(node, NOTE, makeBlob(script, assets));
}

function lightFuse(node: Buffer): void {
  const at = node.indexOf(`${FUSE}0`);
  if (at < 0 || node.indexOf(`${FUSE}0`, at + 1) >= 0) {
    throw new Error(
      `${process.execPath} cannot carry a script; run this by "npm run", with the project's own Node`,
    );
  }
  node.write('1', at + FUSE.length);
}

function makeBlob(script: string, assets: ExecutableParts['assets']): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-detect-'));
  try {
    const [main, output, config] = ['osquery-detect.cjs', 'blob', 'config.json'];
    writeFileSync(join(folder, main), script);
    const options = {
      ...{ main, output, assets, useCodeCache: true, disableExperimentalSEAWarning: true },
      ...{ execArgv: NODE_FLAGS, execArgvExtension: 'none' },
    };
    writeFileSync(join(folder, config), JSON.stringify(options));
    // The same bytes wherever and whenever this runs: compiled code is laid out by a hash with a random seed, and
    // the script's path, a relative one, goes into the blob. V8 takes compiled code only under the flags under which
    // it was made.
    const flags = [...NODE_FLAGS, '--random-seed=1', '--experimental-sea-config', config];
    execFileSync(process.execPath, flags, { cwd: folder, stdio: 'pipe' });
    return readFileSync(join(folder, output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
