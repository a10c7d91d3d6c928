import { createLogger, type Log, type Plugin, printResultLine } from '../../osquery/index.ts';
import type { Host, Schema } from '../../schema/index.ts';
import { type Core, createCore } from './core.ts';
import { EventFeed, type EventFeedHealth } from './event-feed.ts';
import { HandOver } from './hand-over.ts';
import type { Live } from './live.ts';

/** Our logger's name in `--logger_plugin`, and the name of the query that alerts of the live feed seem to come from. */
const LOGGER = 'osquery_detect';
const QUERY = 'detections_live';

/** What osqueryd's flags say of the live feed. */
export interface LiveFlags {
  /** Whether osqueryd wants our logger: without it, it does not even start. */
  readonly wanted: boolean;
  /** What is to be changed of the flags, a sentence each. */
  readonly advice: readonly string[];
}

/** Holds `live` of the settings against the flags. */
export function liveFlags(flags: ReadonlyMap<string, string>, live: boolean): LiveFlags {
  const names = (flags.get('logger_plugin') ?? '').split(',').map((name) => name.trim());
  const wanted = names.includes(LOGGER);
  const advice: string[] = [];
  if (live && !wanted) {
    advice.push(
      `live = true needs our logger, before the others: --logger_plugin=${LOGGER},${names.join(',')}`,
    );
  }
  if (!live && wanted)
    advice.push(`--logger_plugin names ${LOGGER}, which is of no use without live = true.`);
  if (names.at(-1) === LOGGER) {
    const others = names.filter((name) => name !== LOGGER).join(',') || 'filesystem';
    advice.push(`osqueryd ends when its last logger fails: --logger_plugin=${LOGGER},${others}`);
  }
  return { wanted, advice };
}

/** A logger that takes nothing, for an osqueryd that does not start without it. */
export function createIdleLogger(): Plugin {
  return createLogger({ name: LOGGER });
}

export interface LiveFeedOptions {
  readonly socketPath: string;
  readonly schema: Schema;
  readonly host: Host;
  readonly live: Live;
  readonly flags: ReadonlyMap<string, string>;
  readonly log: Log;
}

/** Events as they happen, to the engine; its alerts, as soon as they are stored, to osquery's log. */
export class LiveFeed {
  readonly plugin: Plugin;
  readonly #events: EventFeed;
  readonly #handOver: HandOver;
  /** A connection of its own: a question of the others can take half a minute. */
  readonly #core: Core;
  readonly #flags: ReadonlyMap<string, string>;
  readonly #host: Host;
  #identifier: string | null = null;

  constructor({ socketPath, schema, host, live, flags, log }: LiveFeedOptions) {
    this.#core = createCore(socketPath);
    this.#flags = flags;
    this.#host = host;
    this.#events = new EventFeed({ name: LOGGER, schema, live, log });
    this.plugin = this.#events.plugin;
    this.#handOver = new HandOver({
      ...{ delivery: live.delivery, log },
      send: async (columns) => {
        this.#identifier ??= await this.#identify();
        const unixTime = Math.floor(Date.now() / 1000);
        await this.#core.log(printResultLine({ name: QUERY, host: this.#identifier, unixTime, columns }));
      },
    });
  }

  /** Says that an alert waits. */
  wake(): void {
    this.#handOver.wake();
  }

  stop(): void {
    this.#handOver.stop();
    this.#core.close();
  }

  get health(): EventFeedHealth {
    return this.#events.health;
  }

  /** The name that osquery logs under, by its flag `host_identifier`. */
  async #identify(): Promise<string> {
    const kind = this.#flags.get('host_identifier') ?? 'hostname';
    if (kind === 'specified') return this.#flags.get('specified_identifier') || this.#host.id;
    const sql = IDENTIFIERS[kind] ?? IDENTIFIERS['hostname']!;
    const [row] = await this.#core.ask(sql);
    return row?.['name'] || this.#host.id;
  }
}

const IDENTIFIERS: Readonly<Record<string, string>> = {
  hostname: 'SELECT hostname AS name FROM system_info',
  uuid: 'SELECT uuid AS name FROM system_info',
  instance: 'SELECT instance_id AS name FROM osquery_info',
};
