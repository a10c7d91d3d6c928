/**
 * Makes `dist/osquery-detect.ext`: the extension in one executable file that osqueryd autoloads, with the packaged
 * rules in it. It needs a Node 24 on the host, which it looks for itself. Prints the file and its size.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const RULES = join(ROOT, 'packs', 'rules');
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
':' //; for node in "$OSQUERY_DETECT_NODE" ${NODES.join(' ')} "$(command -v node)"; do [ -x "$node" ] && "$node" -e 'process.exit(parseInt(process.versions.node) >= 24 ? 0 : 1)' 2>/dev/null && exec "$node" -e 'require(path.resolve(process.argv[1]))' "$0" "$@"; done; echo "osquery-detect: no Node 24 or newer at ${NODES.join(', ')} or on the PATH; name one in OSQUERY_DETECT_NODE" >&2; exit 1
`;

/** The bundle has no folder of rules beside it: their texts go into it. */
const embedRules: Plugin = {
  name: 'embed-rules',
  setup({ onLoad }) {
    onLoad({ filter: /src\/cli\/packaged-rules\.ts$/ }, () => {
      const texts = readdirSync(RULES)
        .sort()
        .map((name) => ({ name, text: readFileSync(join(RULES, name), 'utf8') }));
      return {
        loader: 'ts',
        contents: `import { parseRuleTexts } from '../lang/index.ts';
          export const loadPackagedRules = async () => parseRuleTexts(${JSON.stringify(texts)});`,
      };
    });
  },
};

mkdirSync(join(ROOT, 'dist'), { recursive: true });
const { outputFiles } = await build({
  entryPoints: [join(ROOT, 'src', 'cli', 'main.ts')],
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minifySyntax: true,
  // The sandbox and the store need SQLite; where it is missing, what needs it says so.
  external: ['better-sqlite3'],
  define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
  plugins: [embedRules],
  logLevel: 'warning',
  // Thrift's compiler writes the same case twice; nothing of ours does.
  logOverride: { 'duplicate-case': 'silent' },
});
writeFileSync(TARGET, `${HEADER}${outputFiles[0]!.text.replace(/^#!.*\n/, '')}`);
chmodSync(TARGET, 0o755);
console.log(`${relative(ROOT, TARGET)}  ${(statSync(TARGET).size / 1024).toFixed(0)} kB`);
