import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, multistream, pino } from 'pino';
import { flawOf, type Settings, SettingsError } from '../agent/index.ts';

/** The extension's log. */
export interface ExtensionLog {
  readonly log: Logger;
  /** Goes on in a new file of the same name, after the old one was moved away. */
  reopen(): void;
}

/**
 * Logs JSON lines to standard error, which osquery passes on, and to a file when the settings name one; that file
 * is for its owner alone. Throws SettingsError when it cannot be opened, or lies where others could put
 * a link in its place.
 */
export function openLog(settings: Settings, verbose: boolean): ExtensionLog {
  const level = verbose ? 'debug' : settings.logLevel;
  const { logFile } = settings;
  const lines = [new Lines(2)];
  if (logFile !== null) lines.push(new Lines(openLogFile(logFile)));
  return {
    log: pino({ level, base: null }, multistream(lines.map((stream) => ({ level, stream })))),
    reopen() {
      if (logFile !== null) lines[1]!.goOnIn(openLogFile(logFile));
    },
  };
}

/**
 * Writes each line before it returns, and drops what cannot be written: a full disk or a closed pipe neither ends
 * the extension nor fills its memory with what is still to be written.
 */
class Lines {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    try {
      writeSync(this.#fd, line);
    } catch {
      // There is nowhere left to say so.
    }
  }

  goOnIn(fd: number): void {
    closeSync(this.#fd);
    this.#fd = fd;
  }
}

function openLogFile(path: string): number {
  try {
    const folder = dirname(path);
    const flaw = flawOf(folder, statSync(folder));
    if (flaw !== null) throw new Error(flaw);
    const fd = openSync(path, 'a', 0o600);
    const own = flawOf(path, fstatSync(fd));
    if (own === null) return fd;
    closeSync(fd);
    throw new Error(own);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsError(`log_file ${path} cannot be written: ${reason}`, { cause });
  }
}
