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
      writeFileSync(
        join(target, name),
        withQuickRows(withLeanImports(readFileSync(join(work, name), 'utf8'))),
      );
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

/**
 * An answer can have 50,000 rows. As they are generated, its constructor copies each, and writing looks up each by a
 * key that is a text, counts its columns, and asks of each whether it is its own. Rows that are bytes of the wire
 * already (`EncodedRows`) go out as they are.
 */
function withQuickRows(code: string): string {
  return code
    .replace('Thrift.copyList(args.response, [Thrift.copyMap, null])', 'args.response')
    .replace(WRITING_ROWS, (_, row: string, name: string, value: string) =>
      [
        '      if (this.response.take !== undefined) output.writeEncoded(this.response);',
        `      else for (const ${row} of this.response) {`,
        `        const names = Object.keys(${row});`,
        '        output.writeMapBegin(Thrift.Type.STRING, Thrift.Type.STRING, names.length);',
        `        for (const ${name} of names) {`,
        `          let ${value} = ${row}[${name}];`,
        `          output.writeString(${name});`,
        `          output.writeBinary(${value});`,
        '        }',
        '        output.writeMapEnd();',
        '      }',
        '',
      ].join('\n'),
    );
}

const WRITING_ROWS = new RegExp(
  [
    String.raw`      for \(let (\w+) in this\.response\) \{\n        if \(this\.response\.hasOwnProperty\(\1\)\) \{\n`,
    String.raw`          \1 = this\.response\[\1\];\n`,
    String.raw`          output\.writeMapBegin\(Thrift\.Type\.STRING, Thrift\.Type\.STRING, Thrift\.objectLength\(\1\)\);\n`,
    String.raw`          for \(let (\w+) in \1\) \{\n            if \(\1\.hasOwnProperty\(\2\)\) \{\n`,
    String.raw`              let (\w+) = \1\[\2\];\n              output\.writeString\(\2\);\n`,
    String.raw`              output\.writeBinary\(\3\);\n            \}\n          \}\n`,
    String.raw`          output\.writeMapEnd\(\);\n        \}\n      \}\n`,
  ].join(''),
);

generateThrift();
