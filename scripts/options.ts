import { readFileSync } from 'node:fs';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/**
 * The options that a script was called with. `--help` prints the comment that the script's `file` begins with, and
 * what is no option is told: both end the process.
 */
export function readOptions<const T extends ParseArgsOptionsConfig>(file: string, options: T) {
  const { values } = parsed(file, options);
  if ('help' in values) {
    process.stdout.write(helpOf(file));
    process.exit(0);
  }
  return values;
}

function parsed<const T extends ParseArgsOptionsConfig>(file: string, options: T) {
  try {
    return parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } as const } });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${helpOf(file)}`);
    process.exit(2);
  }
}

function helpOf(file: string): string {
  const comment = /\/\*\*(.*?)\*\//s.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  return `${comment.replaceAll(/^ *\* ?/gm, '').trim()}\n`;
}
