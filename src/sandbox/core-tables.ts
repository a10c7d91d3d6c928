import { HIDDEN, type KnownColumn } from './sql/known-table.ts';

/** A table of osquery as the caller describes it; types are osquery's, TEXT when absent. */
export interface TableSchema {
  readonly name: string;
  readonly columns: readonly ColumnSchema[];
  /** Whether an event subscriber fills it; by its name, `…_events`, when absent. */
  readonly events?: boolean;
}

export interface ColumnSchema {
  readonly name: string;
  readonly type?: string;
  readonly hidden?: boolean;
}

/** The columns of core's own tables on Linux that a pack, an extension or a demo may ask. Source: osquery's table specifications. */
const CORE_TABLES: Readonly<Record<string, string>> = {
  processes:
    'pid BIGINT, name TEXT, path TEXT, cmdline TEXT, state TEXT, cwd TEXT, root TEXT, uid BIGINT, gid BIGINT, euid BIGINT, egid BIGINT, suid BIGINT, sgid BIGINT, on_disk INTEGER, wired_size BIGINT, resident_size BIGINT, total_size BIGINT, user_time BIGINT, system_time BIGINT, disk_bytes_read BIGINT, disk_bytes_written BIGINT, start_time BIGINT, parent BIGINT, pgroup BIGINT, threads INTEGER, nice INTEGER, cgroup_path TEXT',
  users:
    'uid BIGINT, gid BIGINT, uid_signed BIGINT, gid_signed BIGINT, username TEXT, description TEXT, directory TEXT, shell TEXT, uuid TEXT',
  groups: 'gid BIGINT, gid_signed BIGINT, groupname TEXT',
  system_info:
    'hostname TEXT, uuid TEXT, cpu_type TEXT, cpu_subtype TEXT, cpu_brand TEXT, cpu_physical_cores INTEGER, cpu_logical_cores INTEGER, cpu_sockets INTEGER, cpu_microcode TEXT, physical_memory BIGINT, hardware_vendor TEXT, hardware_model TEXT, hardware_version TEXT, hardware_serial TEXT, board_vendor TEXT, board_model TEXT, board_version TEXT, board_serial TEXT, computer_name TEXT, local_hostname TEXT',
  os_version:
    'name TEXT, version TEXT, major INTEGER, minor INTEGER, patch INTEGER, build TEXT, platform TEXT, platform_like TEXT, codename TEXT, arch TEXT',
  osquery_info:
    'pid INTEGER, uuid TEXT, instance_id TEXT, version TEXT, config_hash TEXT, config_valid INTEGER, extensions TEXT, build_platform TEXT, build_distro TEXT, start_time INTEGER, watcher INTEGER, platform_mask INTEGER',
  osquery_flags: 'name TEXT, type TEXT, description TEXT, default_value TEXT, value TEXT, shell_only INTEGER',
  osquery_events:
    'name TEXT, publisher TEXT, type TEXT, subscriptions INTEGER, events INTEGER, refreshes INTEGER, active INTEGER',
  osquery_extensions: 'uuid BIGINT, name TEXT, version TEXT, sdk_version TEXT, path TEXT, type TEXT',
  osquery_schedule:
    'name TEXT, query TEXT, interval INTEGER, executions BIGINT, last_executed BIGINT, denylisted INTEGER, output_size BIGINT, wall_time BIGINT, wall_time_ms BIGINT, last_wall_time_ms BIGINT, user_time BIGINT, last_user_time BIGINT, system_time BIGINT, last_system_time BIGINT, average_memory BIGINT, last_memory BIGINT',
  osquery_packs:
    'name TEXT, platform TEXT, version TEXT, shard INTEGER, discovery_cache_hits INTEGER, discovery_executions INTEGER, active INTEGER',
};

export interface DefinedTable {
  readonly name: string;
  readonly columns: readonly KnownColumn[];
  readonly events: boolean;
}

/** The tables to make: the caller's, and those of core that the caller does not describe. */
export function tablesFrom(schema: readonly TableSchema[]): readonly DefinedTable[] {
  const given = new Set(schema.map(({ name }) => name));
  const core = Object.entries(CORE_TABLES)
    .filter(([name]) => !given.has(name))
    .map(([name, columns]): TableSchema => {
      const list = columns.split(', ').map((column) => column.split(' '));
      // None of core's own is filled by events, `osquery_events` neither.
      return { name, events: false, columns: list.map(([column, type]) => ({ name: column!, type: type! })) };
    });
  return [...schema, ...core].map(({ name, columns, events }) => ({
    name,
    events: events ?? isEventTable(name),
    columns: withEventColumns(columns, events ?? isEventTable(name)).map((column) => ({
      name: column.name,
      type: (column.type ?? 'TEXT').toUpperCase().replace(' ', '_'),
      options: column.hidden === true ? HIDDEN : 0,
    })),
  }));
}

/** `osquery_events` tells of the others. */
function isEventTable(name: string): boolean {
  return name.endsWith('_events') && name !== 'osquery_events';
}

/** Every subscriber's rows have these two, whether its table shows them or not. */
function withEventColumns(columns: readonly ColumnSchema[], events: boolean): readonly ColumnSchema[] {
  const own: readonly ColumnSchema[] = [
    { name: 'time', type: 'BIGINT', hidden: true },
    { name: 'eid', type: 'TEXT', hidden: true },
  ];
  const names = new Set(columns.map(({ name }) => name));
  return events ? [...columns, ...own.filter(({ name }) => !names.has(name))] : columns;
}
