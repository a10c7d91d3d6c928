#!/usr/bin/env node
import type { Io } from './command.ts';
import { run } from './run.ts';

const io: Io = {
  out: (text) => process.stdout.write(text),
  err: (line) => process.stderr.write(`${line}\n`),
  outIsTerminal: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  errIsTerminal: process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined,
  env: process.env,
};

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void run(process.argv.slice(2), io).then((code) => {
  process.exitCode = code;
});
