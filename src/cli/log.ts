import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, multistream, pino } from 'pino';
import { flawOf, type Settings, SettingsError } from '../agent/index.ts';

/** The extension's log. */
export interface ExtensionLog {
  readonly log: Logger;
  /** Takes other settings, and goes on in a new file even of the same name: the old one may have been moved away. */
  change(settings: Settings): void;
}

/**
 * Logs JSON lines to standard error, which osquery passes on, and to a file when the settings name one; that file
 * is for its owner alone. Throws SettingsError when it cannot be opened, or lies where others could put
 * a link in its place.
 */
export function openLog(settings: Settings, verbose: boolean): ExtensionLog {
  const levelOf = ({ logLevel }: Settings): string => (verbose ? 'debug' : logLevel);
  const file = new Lines(openLogFile(settings.logFile));
  const streams = [new Lines(STANDARD_ERROR), file].map((stream) => ({ level: 'trace' as const, stream }));
  const log = pino({ level: levelOf(settings), base: null }, multistream(streams));
  return {
    log,
    change(other) {
      file.goOnIn(openLogFile(other.logFile));
      log.level = levelOf(other);
    },
  };
}

const STANDARD_ERROR = 2;

/**
 * Writes each line before it returns, and drops what cannot be written: a full disk or a closed pipe neither ends
 * the extension nor fills its memory with what is still to be written.
 */
class Lines {
  #fd: number | null;

  /** Null: nowhere. */
  constructor(fd: number | null) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#fd === null) return;
    try {
      writeSync(this.#fd, line);
    } catch {
      // There is nowhere left to say so.
    }
  }

  goOnIn(fd: number | null): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = fd;
  }
}

function openLogFile(path: string | null): number | null {
  if (path === null) return null;
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
