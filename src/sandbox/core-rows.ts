import type { ExtensionInfo } from '../osquery/index.ts';
import { DEFAULT_FLAGS, type Flags } from './flags.ts';
import type { FedRow } from './sql/messages.ts';

/** What core knows of itself when a query runs. */
export interface CoreFacts {
  readonly socketPath: string;
  readonly flags: Flags;
  readonly extensions: ReadonlyMap<number, ExtensionInfo>;
  readonly events: readonly { readonly name: string; readonly count: number }[];
  readonly schedule: readonly FedRow[];
  readonly packs: readonly FedRow[];
}

const VERSION = '5.23.0';

/** The rows of the `osquery_*` tables, made anew for each query that names one. */
export const CORE_ROWS: Readonly<Record<string, (facts: CoreFacts) => readonly FedRow[]>> = {
  osquery_info: () => [
    {
      pid: process.pid,
      version: VERSION,
      config_valid: 1,
      extensions: 'active',
      build_platform: 'linux',
      watcher: -1,
    },
  ],
  osquery_flags: ({ flags }) =>
    Object.entries(flags).map(([name, value]) => ({
      name,
      type: 'string',
      default_value: DEFAULT_FLAGS[name] ?? '',
      value,
      shell_only: 0,
    })),
  osquery_events: ({ events }) =>
    events.map(({ name, count }) => ({
      name,
      publisher: 'sandbox',
      type: 'subscriber',
      subscriptions: 1,
      events: count,
      active: 1,
    })),
  osquery_extensions: ({ socketPath, extensions }) => [
    { uuid: 0, name: 'core', version: VERSION, sdk_version: VERSION, path: socketPath, type: 'core' },
    ...[...extensions].map(([uuid, { name, version, sdkVersion }]) => ({
      uuid,
      name,
      version,
      sdk_version: sdkVersion,
      path: `${socketPath}.${uuid}`,
      type: 'extension',
    })),
  ],
  osquery_schedule: ({ schedule }) => schedule,
  osquery_packs: ({ packs }) => packs,
};
