import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { createTableNamer, planRules, replay } from '../../../src/agent/index.ts';
import type { Rule } from '../../../src/rule/index.ts';
import { type FedRow, startSandbox } from '../../../src/sandbox/index.ts';
import { createSchema } from '../../../src/schema/index.ts';
import { type Pack, printPack, ruleSieves, sqlPackFor } from '../../../src/sql/index.ts';
import { type RecordedRow, recording } from '../../events/recording.ts';
import { corpusIsThere, corpusRules, packagedRules } from '../rule-sets.ts';

const schema = createSchema('linux');
const onCorpus = corpusIsThere ? test : test.skip;
/** What osquery reads of a configuration, and SQLite of a statement. */
const LONGEST_CONFIG = 1_048_576;
const LONGEST_STATEMENT = 1_000_000;
/** SQLite's parser keeps a stack of 100 until 3.46; each level takes up to five of it. */
const MOST_DEPTH = 16;
const processes = schema.tables.get('process_events')!;

/** The rules that run, as they run. */
function running(rules: readonly Rule[]): readonly Rule[] {
  return planRules(rules, schema).rules.map(({ rule }) => rule);
}

/** What was named, as `rule table eid`. */
interface Named {
  readonly sure: ReadonlySet<string>;
  readonly all: ReadonlySet<string>;
}

/** Runs packs over recorded rows as osqueryd does, without an extension; what each pack named, by pack. */
async function run(
  t: ExecutionContext,
  packs: Readonly<Record<string, Pack>>,
  rows: readonly RecordedRow[],
): Promise<ReadonlyMap<string, Named>> {
  const named = new Map(
    Object.keys(packs).map((pack) => [pack, { sure: new Set<string>(), all: new Set<string>() }]),
  );
  const sandbox = await startSandbox({
    schema: [...schema.tables.values()].map(({ name, columns }) => ({ name, columns })),
    config: { packs },
    flags: { disable_events: 'false' },
    watchIntervalMs: 0,
    onStatus: ({ severity, message }) => (severity > 0 ? t.fail(message) : undefined),
    onResult(line) {
      const { name, columns } = JSON.parse(line) as { name: string; columns: Record<string, string> };
      const [, pack, table] = /^pack_([a-z]+)_.*?((?:process|file|socket|user)_events)$/.exec(name)!;
      const { sure, all } = named.get(pack!)!;
      for (const list of ['rules', 'candidates']) {
        for (const id of columns[list]!.split(',').filter((one) => one !== '')) {
          if (list === 'rules') sure.add(`${id} ${table} ${columns['eid']}`);
          all.add(`${id} ${table} ${columns['eid']}`);
        }
      }
    },
  });
  try {
    for (const [table, own] of Map.groupBy(rows, (row) => row.table)) {
      await sandbox.feed(
        table,
        own.map(({ columns }) => columns as FedRow),
      );
    }
    await sandbox.runNow();
    return named;
  } finally {
    await sandbox.stop();
  }
}

/** The events of the alerts that `replay` makes of the rows, as `rule table eid`. */
async function replayed(rules: readonly Rule[], rows: readonly RecordedRow[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  async function* lines(): AsyncGenerator<string> {
    for (const { table, columns } of rows)
      yield JSON.stringify({ name: table, hostIdentifier: 'host', columns, action: 'added' });
  }
  await replay(lines(), {
    rules,
    platform: 'linux',
    onAlert: ({ ruleId, events }) => {
      for (const { table, eid } of events) found.add(`${ruleId} ${table} ${eid}`);
    },
  });
  return found;
}

async function compare(
  t: ExecutionContext,
  rules: readonly Rule[],
  rows: readonly RecordedRow[],
): Promise<void> {
  const merged = sqlPackFor(rules, schema);
  const single = sqlPackFor(rules, schema, { perRule: true });
  const named = await run(t, { merged, single }, rows);
  const alerts = await replayed(rules, rows);
  const [all, sure] = [named.get('merged')!, named.get('single')!];
  const sieves = [...schema.tables.values()].flatMap((table) =>
    ruleSieves(rules, table).map((sieve) => ({ ...sieve, key: `${sieve.rule.id} ${table.name}` })),
  );
  const keysOf = (passes: (sieve: (typeof sieves)[number]) => boolean): ReadonlySet<string> =>
    new Set(sieves.filter(passes).map(({ key }) => key));
  const [wide, exact] = [
    keysOf(({ wide }) => wide),
    keysOf(({ fidelity, alone }) => fidelity === 'exact' && alone),
  ];
  const keyOf = (one: string): string => one.slice(0, one.lastIndexOf(' '));
  const lost = [...alerts].filter((one) => !all.all.has(one) && !wide.has(keyOf(one)));
  t.deepEqual(lost, [], 'an event of an alert is named');
  t.deepEqual(
    [...all.sure].filter((one) => !alerts.has(one)),
    [],
    'what SQL is sure of is an alert',
  );
  const exactAlerts = [...alerts].filter((one) => exact.has(keyOf(one)));
  t.deepEqual(
    exactAlerts.filter((one) => !all.sure.has(one)),
    [],
    'of exact rules SQL is sure',
  );
  t.deepEqual([...sure.sure].sort(), [...all.sure].sort(), 'one query for each rule says the same');
  t.deepEqual([...sure.all].sort(), [...all.all].sort(), 'one query for each rule says the same');
  t.true(exactAlerts.length > 0);
  t.true(alerts.size > exactAlerts.length);
  t.log(`${alerts.size} events of alerts, ${exactAlerts.length} of exact rules; ${all.all.size} named`);
}

/** In the order that osquery numbered them in. */
const recorded = (['seed', 'attack', 'everyday'] as const)
  .flatMap(recording)
  .sort((a, b) => (a.columns['eid']! < b.columns['eid']! ? -1 : 1));

test('of packaged rules, the pack of plain SQL makes the alerts of the exact ones and names the events of the others', async (t) => {
  t.timeout(110_000);
  await compare(t, running(await packagedRules()), recorded);
});

onCorpus(
  'of corpus rules, the pack of plain SQL makes the alerts of the exact ones and names the events of the others',
  async (t) => {
    t.timeout(110_000);
    await compare(t, running(await corpusRules()), recorded.slice(0, 3_000));
  },
);

/** A database with osquery's event tables, empty. */
function emptyTables(): Database.Database {
  const db = new Database(':memory:');
  db.function('inet_aton', { deterministic: true }, () => null);
  for (const { name, columns } of schema.tables.values())
    db.exec(`CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')})`);
  return db;
}

/** How deep parentheses and CASE lie in each other outside of texts. */
function depthOf(sql: string): number {
  let [depth, deepest] = [0, 0];
  for (const [token] of sql.replace(/'(?:[^']|'')*'/g, '').matchAll(/[()]|\b(?:CASE|END)\b/g)) {
    depth += token === '(' || token === 'CASE' ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

onCorpus('the packs of the whole corpus fit what osquery reads and what SQLite takes', async (t) => {
  const rules = running(await corpusRules());
  const db = emptyTables();
  for (const perRule of [false, true]) {
    const pack = sqlPackFor(rules, schema, { perRule });
    // One query for each rule takes more; osquery reads so much since 2026 only.
    t.true(printPack(pack).length < (perRule ? 4 : 1) * LONGEST_CONFIG);
    for (const { query } of Object.values(pack.queries)) {
      t.true(query.length < LONGEST_STATEMENT);
      t.true(depthOf(query) <= MOST_DEPTH, `${depthOf(query)}`);
      t.notThrows(() => db.prepare(query));
    }
  }
});

onCorpus('more rules than fit one query are asked in several, each of them once', async (t) => {
  const sieves = ruleSieves(running(await corpusRules()), processes).filter(({ wide }) => !wide);
  const rules = sieves.map(({ rule }) => rule);
  const many = [1, 2, 3, 4].flatMap((copy) => rules.map((rule) => ({ ...rule, id: `${copy} ${rule.id}` })));
  const queries = Object.entries(sqlPackFor(many, schema, { tables: [processes] }).queries);
  t.true(queries.length > 1);
  t.deepEqual(
    queries.map(([name]) => name),
    ['candidates_2_process_events', 'candidates_process_events'],
  );
  const db = emptyTables();
  for (const { id } of many) {
    t.is(queries.filter(([, { query }]) => query.includes(`'${id},'`)).length, 1);
  }
  for (const [, { query }] of queries) t.notThrows(() => db.prepare(query));
});

test('the same rules make the same pack, byte for byte, in whatever order they come', async (t) => {
  const rules = running(await packagedRules());
  for (const perRule of [false, true]) {
    t.is(
      printPack(sqlPackFor(rules.toReversed(), schema, { perRule })),
      printPack(sqlPackFor(rules, schema, { perRule })),
    );
  }
});

test('a rule more changes no other query but the one that it joins', async (t) => {
  const rules = running(await packagedRules());
  const [added, ...others] = rules;
  const [before, after] = [others, rules].map((some) => sqlPackFor(some, schema, { perRule: true }).queries);
  t.deepEqual({ ...after, ...before }, after!);
  t.deepEqual(
    Object.keys(after!).filter((name) => !(name in before!)),
    [`${added!.id}.process_events`],
  );
  t.deepEqual(
    Object.keys(sqlPackFor(others, schema).queries),
    Object.keys(sqlPackFor(rules, schema).queries),
  );
});

test("whatever a rule's id, its query has a name of its own that tells the table", async (t) => {
  const [model] = running(await packagedRules());
  const ids = ['a', 'a b', 'a-b', 'a.b', "a'b", 'é', 'x'.repeat(200), `${'x'.repeat(200)}y`, 'process', ''];
  const pack = sqlPackFor(
    ids.map((id) => ({ ...model!, id })),
    schema,
    { perRule: true },
  );
  const names = Object.keys(pack.queries);
  t.is(names.length, ids.length);
  const tableOf = createTableNamer(schema.tables.keys(), new Map());
  for (const name of names) {
    t.regex(name, /^[A-Za-z0-9-]{0,64}\.process_events$/);
    t.is(tableOf(`pack_sql_${name}`), 'process_events');
  }
});
