import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Finding, lintPacks } from '../sql/index.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { createStyle, oneLine } from './style.ts';

export const lint: Command = {
  name: 'lint',
  summary: 'explain how osquery packs and configurations lose or repeat events',
  help: `Usage: osquery-detect lint [OPTIONS] PACK…

Reads anyone's osquery packs and configurations (JSON with comments, several packs in one) and Fleet's YAML
(queries, reports, policies, labels, agent options), and explains the traps of event tables: a constraint on time,
two event tables in one query, removed rows, denylisting, parents joined from processes, paths that are links,
snapshots, a LIMIT without ORDER BY, scans without bounds, discovery of an extension, intervals too long, flags
and file_paths that are missing. Folders are searched for .conf, .json, .yml and .yaml.

  --flags FILE   osqueryd's flagfile; repeatable. Flags in configurations count, too: without any, none is missed
  --json         one JSON document: queries and findings (file, line, query, trap, what, remedy)

Exit codes: 0 good, 1 findings, 2 wrong use.
Example: osquery-detect lint --flags /etc/osquery/osquery.flags /etc/osquery/osquery.conf
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        flags: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length === 0) throw new UsageError('no packs given; name files or folders');
    const texts = (await Promise.all(positionals.map(textsIn))).flat();
    const flagfiles = await Promise.all((values.flags ?? []).map(read));
    const { findings, queries } = lintPacks(
      texts,
      values.flags === undefined ? {} : { flags: new Map(flagfiles.flatMap(readFlags)) },
    );
    const total = [...queries.values()].reduce((sum, count) => sum + count, 0);
    if (total === 0 && findings.length === 0)
      throw new UsageError(`there is no query in ${positionals.join(', ')}`);
    if (values.json) io.out(`${JSON.stringify({ queries: total, findings }, null, 1)}\n`);
    else tell(findings, total, io);
    return findings.length > 0 ? 1 : 0;
  },
};

function tell(findings: readonly Finding[], queries: number, io: Io): void {
  const style = createStyle(io.outIsTerminal);
  for (const { file, line, query, trap, what, remedy } of findings) {
    const name = query === '' ? '' : ` ${style.bold(oneLine(query, 120))}`;
    io.out(`${file}:${line}:${name} ${style.yellow(trap)}\n`);
    io.out(`    ${oneLine(what, 1000)}\n    ${style.dim(oneLine(remedy, 1000))}\n`);
  }
  const found = findings.length === 0 ? 'no trap' : `${findings.length} in a trap`;
  io.out(`${findings.length > 0 ? '\n' : ''}${style.bold(`${queries} queries: ${found}`)}\n`);
}

interface Text {
  readonly name: string;
  readonly text: string;
}

async function textsIn(path: string): Promise<readonly Text[]> {
  if (!(await isFolder(path))) return [{ name: path, text: await read(path) }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && /\.(?:conf|json|ya?ml)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(names.map(async (name) => ({ name, text: await read(name) })));
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new UsageError(`reading ${path}: ${(cause as Error).message}`);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`reading ${path}: ${(cause as Error).message}`);
  }
}

/** A flagfile: a flag a line as gflags reads it, with one dash or two, `--noNAME` for false, and comments. */
function readFlags(text: string): readonly (readonly [string, string])[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*--?(\w+)(?:\s*=\s*(.*?))?\s*$/.exec(line);
    if (found === null) return [];
    const [, name = '', value] = found;
    if (value !== undefined) return [[name, value] as const];
    return name.startsWith('no') ? [[name.slice(2), 'false'] as const] : [[name, 'true'] as const];
  });
}
