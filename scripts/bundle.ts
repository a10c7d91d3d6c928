/** Bundles the command line into one script, with the packaged rules and SQLite's addon in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

export const ROOT = join(import.meta.dirname, '..');
const RULES = join(ROOT, 'packs', 'rules');
const SQLITE = join(ROOT, 'node_modules', 'better-sqlite3');

/** The prebuilt addon of this system, as better-sqlite3 ships it. */
export const SQLITE_ADDON = join(SQLITE, 'prebuilds', `${process.platform}-${process.arch}.node`);

/** Where the script finds the addon's bytes: in itself, or among the assets of a single executable, by this name. */
export type Addon = 'embedded' | { readonly asset: string };

export interface Bundle {
  /** CommonJS for Node 24 that requires nothing but Node's own modules. */
  readonly script: string;
  /** The npm packages of which something is in it. */
  readonly packages: readonly string[];
}

export async function bundle(addon: Addon): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(ROOT, 'src', 'cli', 'main.ts')],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
    plugins: [embedRules, leaveOutDemo, embedSqlite(addon)],
    logLevel: 'warning',
    // Thrift's compiler writes the same case twice; nothing of ours does.
    logOverride: { 'duplicate-case': 'silent' },
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  );
  return {
    script: outputFiles[0]!.text.replace(/^#!.*\n/, ''),
    packages: [...new Set(packages)].sort(),
  };
}

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

/** The demo plays recordings of the checkout through the sandbox; neither is for hosts. */
const leaveOutDemo: Plugin = {
  name: 'leave-out-demo',
  setup({ onLoad }) {
    onLoad({ filter: /src\/cli\/demo\.ts$/ }, () => ({
      loader: 'ts',
      contents: `import { UsageError } from './command.ts';
        const where = 'The demo is in the source only: npm ci && npm start';
        export const demo = {
          name: 'demo', summary: 'see the packaged rules fire (in the source only)', help: where + '\\n',
          async run() { throw new UsageError(where); },
        };`,
    }));
  },
};

/** better-sqlite3 looks for its addon in files; here it is given what the script carries. */
function embedSqlite(addon: Addon): Plugin {
  const bytes =
    addon === 'embedded'
      ? `require(${JSON.stringify(SQLITE_ADDON)})`
      : `new Uint8Array(require('node:sea').getRawAsset(${JSON.stringify(addon.asset)}))`;
  const contents = `
    const { loadAddon } = require(${JSON.stringify(join(ROOT, 'packaging', 'load-addon.ts'))});
    let loaded;
    const load = () => loaded ??= loadAddon(${bytes});
    module.exports = require(${JSON.stringify(join(SQLITE, 'lib', 'database.js'))})(load, false);
    module.exports.SqliteError = require(${JSON.stringify(join(SQLITE, 'lib', 'sqlite-error.js'))});`;
  return {
    name: 'embed-sqlite',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: 'better-sqlite3', namespace: 'carried' }));
      onLoad({ filter: /.*/, namespace: 'carried' }, () => ({ contents, loader: 'js', resolveDir: ROOT }));
      onLoad({ filter: /\.node$/ }, ({ path }) => ({ contents: readFileSync(path), loader: 'binary' }));
    },
  };
}
