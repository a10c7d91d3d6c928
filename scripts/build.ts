/**
 * Makes `dist/osquery-detect.ext`: the extension in one executable file that osqueryd autoloads, with the packaged
 * rules in it. It needs a Node 24 on the host, which it looks for itself; `npm run package` makes one that does not.
 * Prints the file and its size.
 */
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundle, ROOT } from './bundle.ts';
import { NODE_FLAGS } from './node-flags.ts';

const TARGET = join(ROOT, 'dist', 'osquery-detect.ext');

/** Where packages and administrators put Node; osqueryd starts extensions with whatever PATH it has itself. */
const NODES = [
  '/usr/bin/node',
  '/usr/local/bin/node',
  '/usr/lib/osquery-detect/node',
  '/opt/nodejs/bin/node',
  '/opt/node/bin/node',
  '/usr/bin/nodejs',
];

/**
 * Read by the shell as a loop that starts Node, by Node as a string and a comment. Node does not run a file that
 * ends in `.ext` where a package.json near it says that files are modules; it is required by name instead.
 */
const HEADER = `#!/bin/sh
':' //; for node in "$OSQUERY_DETECT_NODE" ${NODES.join(' ')} "$(command -v node)"; do [ -x "$node" ] && "$node" -e 'process.exit(parseInt(process.versions.node) >= 24 ? 0 : 1)' 2>/dev/null && exec "$node" ${NODE_FLAGS.join(' ')} -e 'require(path.resolve(process.argv[1]))' "$0" "$@"; done; echo "osquery-detect: no Node 24 or newer at ${NODES.join(', ')} or on the PATH; name one in OSQUERY_DETECT_NODE" >&2; exit 1
`;

mkdirSync(join(ROOT, 'dist'), { recursive: true });
const { script } = await bundle('embedded');
writeFileSync(TARGET, `${HEADER}${script}`);
chmodSync(TARGET, 0o755);
console.log(`${relative(ROOT, TARGET)}  ${(statSync(TARGET).size / 1024).toFixed(0)} kB`);
