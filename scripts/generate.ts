/**
 * Makes again what is generated and committed, and prints what it made. Same input, same bytes: continuous
 * integration runs it and fails on a difference.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
      writeFileSync(join(target, name), withLeanImports(readFileSync(join(work, name), 'utf8')));
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

/**
 * The generated code needs the library's constants and exceptions only. Its main entry also loads HTTP, WebSocket
 * and all servers, which takes a tenth of a second or more at each start.
 */
function withLeanImports(code: string): string {
  const whole = `const thrift = require('thrift');
const Thrift = thrift.Thrift;
const Int64 = require('node-int64');
`;
  if (!code.includes(whole)) throw new Error('the imports of the generated code are not those expected');
  return code.replace(whole, "const Thrift = require('thrift/lib/nodejs/lib/thrift/thrift');\n");
}

generateThrift();
