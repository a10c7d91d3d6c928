import { suggest } from '../text/index.ts';
import { type Command, type ExitCode, type Io, UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { VERSION } from './version.ts';

/**
 * Runs one command of the CLI.
 *
 * osqueryd starts an extension with `--socket PATH …` and no command: that is `extension`.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const topic = rest[0] === undefined ? undefined : find(rest[0]);
    io.out(topic?.help ?? overview());
    return first === undefined ? 2 : 0;
  }
  if (first === '--version') {
    io.out(`osquery-detect ${VERSION}\n`);
    return 0;
  }
  const [name, args] = isOsquerydsCall(first) ? ['extension', argv] : [first, rest];
  const command = find(name);
  if (command === undefined) {
    const hint = suggest(name, COMMANDS.keys()) ?? 'See "osquery-detect --help".';
    io.err(`osquery-detect: unknown command "${name}". ${hint}`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    io.out(command.help);
    return 0;
  }
  return runCommand(command, args, io);
}

async function runCommand(command: Command, args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await command.run(args, io);
  } catch (error) {
    if (!(error instanceof UsageError) && !isParseArgsError(error)) throw error;
    io.err(`osquery-detect ${command.name}: ${error.message}`);
    io.err(`See "osquery-detect ${command.name} --help".`);
    return 2;
  }
}

function isOsquerydsCall(first: string): boolean {
  return /^--(socket|timeout|interval|verbose)\b/.test(first);
}

function find(name: string): Command | undefined {
  return COMMANDS.get(name);
}

/** Errors of `parseArgs` of `node:util` are wrong use, too: they carry codes of their own. */
function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
}

function overview(): string {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length));
  const rows = [...COMMANDS.values()].map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'osquery-detect: detection rules (Elastic EQL and KQL) on osquery.',
    '',
    'Usage: osquery-detect COMMAND [OPTIONS]',
    '',
    ...rows,
    '',
    '"osquery-detect COMMAND --help" explains one. Exit codes: 0 good, 1 findings, 2 wrong use.',
    '',
  ].join('\n');
}
