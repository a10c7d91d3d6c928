import type { ExitCode, Io } from '../../src/cli/command.ts';
import { run } from '../../src/cli/run.ts';

/** What a command wrote and how it ended, off a terminal. */
export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export async function runCommand(...args: readonly string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const io: Io = {
    out(text) {
      out += text;
    },
    err(line) {
      err += `${line}\n`;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    env: {},
  };
  const code = await run(args, io);
  return { code, out, err };
}
