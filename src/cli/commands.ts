import { check } from './check.ts';
import type { Command } from './command.ts';
import { compile } from './compile.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { extension } from './extension.ts';
import { fields } from './fields.ts';
import { lint } from './lint.ts';
import { replay } from './replay.ts';

/** The commands by name, in the order in which `--help` lists them. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [demo, check, compile, lint, replay, fields, doctor, extension].map((command) => [command.name, command]),
);
