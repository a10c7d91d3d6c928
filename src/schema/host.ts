import { textOf } from './text-of.ts';

/** A query that tells about the host; run in the background, now and then, its rows given to `Host.learn`. */
export interface HostQuery {
  readonly table: string;
  readonly sql: string;
  /** How often to ask again. */
  readonly intervalSeconds: number;
}

/** What is known of the host: its id, names, system, users and groups. Starts with the id alone. */
export interface Host {
  /** The identifier that osquery logs under; never changes, as entity ids hang on it. */
  readonly id: string;
  readonly queries: readonly HostQuery[];
  /** Another number whenever something may have been learnt. */
  readonly version: number;
  /** Takes the rows that a query of `queries` gave. An unknown table is passed over. */
  learn(table: string, rows: readonly Readonly<Record<string, unknown>>[]): void;
  userName(id: string): string | null;
  groupName(id: string): string | null;
  /** On Windows the security identifier. */
  userId(name: string): string | null;
  /** A fact by its ECS name below `host`, such as `os.version`. */
  fact(name: string): string | readonly string[] | null;
  /** `host.*` of an alert document. */
  toEcs(): Readonly<Record<string, unknown>>;
}

type Row = Readonly<Record<string, unknown>>;

const QUERIES: readonly HostQuery[] = [
  {
    table: 'system_info',
    sql: 'SELECT hostname, computer_name, cpu_type FROM system_info',
    intervalSeconds: 3_600,
  },
  {
    table: 'os_version',
    sql: 'SELECT name, version, platform, arch FROM os_version',
    intervalSeconds: 3_600,
  },
  { table: 'interface_addresses', sql: 'SELECT address FROM interface_addresses', intervalSeconds: 600 },
  { table: 'users', sql: 'SELECT uid, username, uuid FROM users', intervalSeconds: 300 },
  { table: 'groups', sql: 'SELECT gid, groupname FROM groups', intervalSeconds: 300 },
];

/** Names kept; a directory service can know far more. */
const MOST_NAMES = 100_000;

export function createHost(id: string): Host {
  let version = 0;
  const facts = new Map<string, string | readonly string[]>();
  let users = new Map<string, string>();
  let userIds = new Map<string, string>();
  let groups = new Map<string, string>();
  const set = (fact: string, value: unknown): void => {
    const text = textOf(value);
    if (text !== '') facts.set(fact, text);
  };
  const learners: Readonly<Record<string, (rows: readonly Row[]) => void>> = {
    system_info([row]) {
      set('hostname', row?.['hostname']);
      set('name', row?.['computer_name'] || row?.['hostname']);
      set('architecture', row?.['cpu_type']);
    },
    os_version([row]) {
      set('os.name', row?.['name']);
      set('os.version', row?.['version']);
      set('os.platform', row?.['platform']);
      set('architecture', row?.['arch']);
    },
    interface_addresses(rows) {
      const addresses = rows
        .map((row) => textOf(row['address']).replace(/%.*$/, ''))
        .filter((one) => one !== '');
      if (addresses.length > 0) facts.set('ip', [...new Set(addresses)].slice(0, 1_000));
    },
    users(rows) {
      const idOf = (row: Row): string =>
        textOf(row['uuid']).startsWith('S-1-') ? textOf(row['uuid']) : textOf(row['uid']);
      users = names(rows, idOf, (row) => textOf(row['username']));
      userIds = names(rows, (row) => textOf(row['username']), idOf);
    },
    groups(rows) {
      groups = names(
        rows,
        (row) => textOf(row['gid']),
        (row) => textOf(row['groupname']),
      );
    },
  };
  return {
    id,
    queries: QUERIES,
    get version() {
      return version;
    },
    learn(table, rows) {
      version += 1;
      learners[table]?.(rows);
    },
    userName: (user) => users.get(user) ?? null,
    groupName: (group) => groups.get(group) ?? null,
    userId: (name) => userIds.get(name) ?? null,
    fact: (name) => facts.get(name) ?? null,
    toEcs() {
      const os = Object.fromEntries(
        [...facts].filter(([name]) => name.startsWith('os.')).map(([name, value]) => [name.slice(3), value]),
      );
      const rest = Object.fromEntries([...facts].filter(([name]) => !name.includes('.')));
      return { id, ...rest, ...(Object.keys(os).length > 0 && { os }) };
    },
  };
}

function names(
  rows: readonly Row[],
  key: (row: Row) => string,
  value: (row: Row) => string,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const row of rows) {
    if (found.size >= MOST_NAMES) break;
    const name = key(row);
    if (name !== '' && !found.has(name)) found.set(name, value(row));
  }
  return found;
}
