import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import type { Event, Field, Fields, FieldType, Scalar, Value } from '../../src/rule/index.ts';

/** Elasticsearch's own EQL tests, where they are at hand. */
export const CORPUS = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'eql');

export function hasCorpus(): boolean {
  return existsSync(CORPUS);
}

/** One query with the results that Elasticsearch gives. */
export interface Case {
  readonly name: string;
  readonly query: string;
  /** Any of these is right: ids of events, sequences and samples one after the other. */
  readonly expected: readonly (readonly number[])[];
  /** The join keys of all results, one after the other; null where the case does not say. */
  readonly joinKeys: readonly string[] | null;
  /** How many results are asked for. */
  readonly size: number;
}

/** One set of events and the queries on it. */
export interface Suite {
  readonly file: string;
  readonly cases: readonly Case[];
  readonly fields: Fields;
  readonly events: readonly CorpusEvent[];
}

export interface CorpusEvent extends Event {
  readonly id: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Elasticsearch's default for `size` in these tests. */
const SIZE = 50;

export function loadSuites(): readonly Suite[] {
  const main = loadEvents([{ data: 'test_data.json', mapping: 'mapping-default.json' }], {
    id: 'serial_event_id',
    tiebreaker: 'serial_event_id',
  });
  const extra = loadEvents([{ data: 'extra.data', mapping: 'extra.mapping' }], {
    id: 'sequence',
    tiebreaker: 'sequence',
  });
  const sample = loadEvents(
    ['sample1', 'sample2', 'sample3'].map((name) => ({ data: `${name}.data`, mapping: `${name}.mapping` })),
    { id: 'id', tiebreaker: null },
  );
  return [
    { file: 'test_queries.toml', ...main },
    { file: 'additional_test_queries.toml', ...main },
    { file: 'test_extra.toml', ...extra },
    { file: 'test_sample.toml', ...sample },
  ].map((suite) => ({ ...suite, cases: loadCases(suite.file) }));
}

function read(name: string): string {
  return readFileSync(join(CORPUS, name), 'utf8');
}

function loadCases(file: string): readonly Case[] {
  const text = read(file).replace(/^(join_keys\s*=.*)$/gm, (line) =>
    line.replace(/\bnull\b(?!")/g, '"null"'),
  );
  const { queries } = parse(text) as unknown as { queries: readonly Row[] };
  return queries.map((query) => {
    const ids = query['expected_event_ids'] as readonly (number | readonly number[])[];
    const isChoice = ids.some((id) => Array.isArray(id));
    return {
      name: String(query['name']),
      query: String(query['query']),
      expected: isChoice ? (ids as readonly (readonly number[])[]) : [ids as readonly number[]],
      joinKeys: (query['join_keys'] as readonly unknown[] | undefined)?.map(String) ?? null,
      size: Number(query['size'] ?? SIZE),
    };
  });
}

interface Mapping {
  readonly type?: string;
  readonly path?: string;
  readonly format?: string;
  readonly null_value?: Scalar;
  readonly properties?: Readonly<Record<string, Mapping>>;
}

interface Names {
  readonly id: string;
  /** null: events of one time are in the order in which they were indexed. */
  readonly tiebreaker: string | null;
}

/** Loads indices as Elasticsearch would: by their mappings, in the order of time and the tiebreaker. */
function loadEvents(
  sources: readonly { readonly data: string; readonly mapping: string }[],
  names: Names,
): Pick<Suite, 'fields' | 'events'> {
  const types = new Map<string, FieldType>();
  const aliases = new Map<string, string>();
  const rows: Row[] = [];
  for (const { data, mapping } of sources) {
    const mappings = flatten(JSON.parse(read(mapping)) as Mapping);
    for (const [name, { type, path }] of mappings) {
      if (type === 'alias') aliases.set(name, String(path));
      else types.set(name, FIELD_TYPES[type ?? ''] ?? 'keyword');
    }
    for (const row of parseJson(read(data)) as readonly Row[]) {
      const index = withTimestamp(row);
      rows.push(
        Object.fromEntries(
          Object.entries(index).map(([name, value]) => [name, indexed(value, mappings.get(name))]),
        ),
      );
    }
  }
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (!types.has(name) && value !== null) types.set(name, typeOf(value));
    }
  }
  const fields = new CorpusFields(types, aliases);
  const events = rows.map((row, index) => asEvent(row, { fields, names, index }));
  return { fields, events: events.sort((a, b) => a.timeMs - b.timeMs || a.serial - b.serial) };
}

const FIELD_TYPES: Readonly<Record<string, FieldType>> = {
  long: 'number',
  boolean: 'boolean',
  date: 'date',
  ip: 'ip',
  version: 'version',
};

function flatten(mapping: Mapping, prefix = ''): Map<string, Mapping> {
  const found = new Map<string, Mapping>();
  for (const [name, inner] of Object.entries(mapping.properties ?? {})) {
    if (inner.properties === undefined) found.set(prefix + name, inner);
    else for (const entry of flatten(inner, `${prefix}${name}.`)) found.set(...entry);
  }
  return found;
}

/** Whole numbers above 2^53 become bigints. */
function parseJson(text: string): unknown {
  return JSON.parse(text, function (
    this: unknown,
    _key: string,
    value: unknown,
    context?: { source: string },
  ) {
    const isLarge = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isLarge && context !== undefined ? BigInt(context.source) : value;
  } as (key: string, value: unknown) => unknown);
}

/** The main events have the time of Windows, 100 ns since 1601; upstream adds `@timestamp` when it loads them. */
function withTimestamp(row: Row): Row {
  const ticks = row['timestamp'];
  if (typeof ticks !== 'bigint') return row;
  return { ...row, '@timestamp': Number(ticks / 10_000n) - 11_644_473_600_000 };
}

/** What an index has of a value; dates in a format of their own as milliseconds. */
function indexed(value: unknown, mapping: Mapping | undefined): unknown {
  if (value === null) return mapping?.null_value ?? null;
  if (Array.isArray(value)) return value.map((one) => indexed(one, mapping));
  if (mapping?.type !== 'date' || typeof value !== 'string') return value;
  if (mapping.format === 'dd-MM-yyyy') return Date.parse(value.split('-').reverse().join('-'));
  if (mapping.format !== undefined) return Date.parse(value);
  return /^\d+$/.test(value) ? Number(value) : value;
}

function typeOf(value: unknown): FieldType {
  const one: unknown = Array.isArray(value) ? value.find((each) => each !== null) : value;
  return typeof one === 'number' || typeof one === 'bigint'
    ? 'number'
    : typeof one === 'boolean'
      ? 'boolean'
      : 'keyword';
}

class CorpusFields implements Fields {
  private readonly known: ReadonlyMap<string, Field>;

  constructor(types: ReadonlyMap<string, FieldType>, aliases: ReadonlyMap<string, string>) {
    const fields = new Map([...types].map(([name, type], slot) => [name, { name, slot, type }]));
    for (const [alias, path] of aliases) {
      const field = fields.get(path);
      if (field !== undefined) fields.set(alias, { ...field, name: alias });
    }
    this.known = fields;
  }

  find(name: string): Field | undefined {
    return this.known.get(name);
  }

  names(): Iterable<string> {
    return this.known.keys();
  }
}

interface Placed {
  readonly fields: Fields;
  readonly names: Names;
  readonly index: number;
}

function asEvent(row: Row, { fields, names, index }: Placed): CorpusEvent {
  const values: Value[] = [];
  for (const name of fields.names()) {
    if (Object.hasOwn(row, name)) values[fields.find(name)!.slot] = asValue(row[name]);
  }
  return {
    id: Number(row[names.id]),
    timeMs: Number(row['@timestamp'] ?? 0),
    rank: 0,
    serial: names.tiebreaker === null ? index : Number(row[names.tiebreaker]),
    get: (slot) => values[slot] ?? null,
  };
}

function asValue(value: unknown): Value {
  if (!Array.isArray(value)) return typeof value === 'object' ? null : (value as Scalar);
  const values = value.filter((one) => one !== null && typeof one !== 'object') as Scalar[];
  return values.length === 0 ? null : values.length === 1 ? values[0]! : values;
}
