import { explain, type Log, NO_LOG, type Plugin, type PluginRequest, success } from './plugin.ts';

/** Bits of the answer to `features`: what core then also sends to this logger. */
const LOG_STATUS = 1;
const LOG_EVENT = 2;

export interface LoggerOptions {
  readonly name: string;
  /** Where it is told that one of the functions below threw. */
  readonly log?: Log;
  /** A result line. Each text is the bytes core sent. */
  string?(line: Buffer): void;
  snapshot?(line: Buffer): void;
  /** A list of status lines, as JSON. Core sends them to a logger that has this function. */
  status?(lines: Buffer): void;
  /** An event row as it happens, as JSON, without its table's name. Core sends them to a logger that has this function. */
  event?(row: Buffer): void;
  /** The start of a worker: its name, and the status lines until then as JSON where core sends them along. */
  init?(name: Buffer, lines: Buffer): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * A logger plugin. It answers OK at once, always, and only then hands on what it was given: a logger that fails
 * ends osqueryd, for good, and one that is slow holds up its scheduler. What it is asked and does not know is
 * answered OK as well.
 */
export function createLogger(options: LoggerOptions): Plugin {
  const { name, log = NO_LOG } = options;
  const features = (options.status ? LOG_STATUS : 0) | (options.event ? LOG_EVENT : 0);
  return {
    registry: 'logger',
    name,
    routes: () => [],
    call: (request) => {
      if (request.get('action')?.toString() === 'features') {
        return { status: { code: features, message: 'OK' }, rows: [] };
      }
      setImmediate(() => {
        try {
          handOn(options, request);
        } catch (error) {
          log.error({ error: explain(error), logger: name }, 'logger failed');
        }
      });
      return success();
    },
  };
}

/** Requests as osquery's `LoggerPlugin::call` tells them apart, by the keys that are there. */
function handOn(options: LoggerOptions, request: PluginRequest): void {
  const of = (key: string): Buffer => request.get(key) ?? NOTHING;
  if (request.has('string')) options.string?.(of('string'));
  else if (request.has('snapshot')) options.snapshot?.(of('snapshot'));
  else if (request.has('init')) options.init?.(of('init'), of('log'));
  else if (request.has('event')) options.event?.(of('event'));
  else if (request.has('status')) options.status?.(of('log'));
}
