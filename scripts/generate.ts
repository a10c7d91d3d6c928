/**
 * Makes again what is generated and committed, and prints what it made. Same input, same bytes: continuous
 * integration runs it and fails on a difference.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** `src/osquery/thrift/gen/` from `idl/osquery.thrift`, by thrift-compiler 0.17 or newer. The `.d.ts` files there are written by hand. */
function generateThrift(): void {
  const target = join(ROOT, 'src/osquery/thrift/gen');
  const work = mkdtempSync(join(tmpdir(), 'osquery-detect-'));
  try {
    execFileSync('thrift', ['--gen', 'js:node,es6', '-out', work, join(ROOT, 'idl/osquery.thrift')], {
      stdio: 'inherit',
    });
    for (const name of readdirSync(work).sort()) {
      copyFileSync(join(work, name), join(target, name));
      console.log(`src/osquery/thrift/gen/${name}`);
    }
    // The compiler writes CommonJS, and the package is of ES modules.
    writeFileSync(join(target, 'package.json'), '{ "type": "commonjs" }\n');
  } catch (cause) {
    throw new Error('running thrift (Debian: apt install thrift-compiler)', { cause });
  } finally {
    rmSync(work, { recursive: true });
  }
}

generateThrift();
