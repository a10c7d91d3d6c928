import type { Option } from '../osquery/index.ts';

export type Flags = Readonly<Record<string, string>>;

/** Flags that the sandbox heeds or that an extension may ask for, with osqueryd's defaults; `schedule_splay_percent` and `thrift_timeout` differ. */
export const DEFAULT_FLAGS: Flags = {
  config_plugin: 'filesystem',
  disable_events: 'false',
  events_expiry: '3600',
  events_max: '50000',
  extensions_interval: '3',
  extensions_timeout: '3',
  host_identifier: 'hostname',
  logger_event_type: 'true',
  logger_plugin: 'filesystem',
  logger_snapshot_event_type: 'false',
  pack_delimiter: '_',
  pack_refresh_interval: '3600',
  schedule_splay_percent: '0',
  thrift_timeout: '30',
};

/** The flags as `options()` answers them. */
export function optionsFrom(flags: Flags): ReadonlyMap<string, Option> {
  return new Map(
    Object.entries(flags).map(([name, value]) => [
      name,
      { value, defaultValue: DEFAULT_FLAGS[name] ?? '', type: 'string' },
    ]),
  );
}
