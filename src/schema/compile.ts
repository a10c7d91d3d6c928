import type { Field, FieldType, Scalar, Value } from '../rule/index.ts';
import { columnsOf } from './columns-of.ts';
import { listOrNull, type TableDefinition } from './definition.ts';
import type { CompiledTable, Read } from './row-event.ts';
import type { FieldSource, Platform, TableSpec } from './table.ts';

/** Gives a field its slot; asked again for the same name it gives the same. */
export type Numbering = (name: string, type: FieldType) => Field;

export function compileTable(
  definition: TableDefinition,
  platform: Platform,
  number: Numbering,
): CompiledTable {
  const columns = columnsOf(definition.name, platform);
  const names = new Set(columns.map(({ name }) => name));
  const sources = new Map<string, FieldSource>();
  const readers: (Read | undefined)[] = [];
  const definitions: CompiledTable['definitions'][number][] = [];
  let cached = 0;
  for (const one of definition.fields(platform)) {
    const field = number(one.field, one.type);
    const place = cached;
    if (one.cache) cached++;
    put(readers, field, one.cache ? (event) => event.once(place, one.read) : one.read);
    if (one.hidden === true) continue;
    definitions.push({ field, path: one.field.split('.'), list: one.list });
    const { type, derivation, fidelity, note, among } = one;
    sources.set(one.field, { field: one.field, type, derivation, fidelity, note, among });
  }
  addWords(readers, definitions);
  const {
    name,
    evented,
    rank,
    categories,
    special = false,
    flags,
    switches = [],
    kinds = null,
    cost,
  } = definition;
  const spec: TableSpec = {
    ...{ name, evented, rank, categories, special, flags, switches, kinds, cost, columns },
    reads: definition.reads.filter((column) => names.has(column)),
    unused: Object.fromEntries(Object.entries(definition.unused).filter(([column]) => names.has(column))),
    fields: sources,
  };
  return { spec, readers, cached, definitions };
}

function put(readers: (Read | undefined)[], { slot }: Field, read: Read): void {
  while (readers.length <= slot) readers.push(undefined);
  readers[slot] = read;
}

/** Hidden fields that the table does not define have the values of those whose words they are to have. */
function addWords(readers: (Read | undefined)[], definitions: CompiledTable['definitions']): void {
  for (const [words, group] of Map.groupBy(definitions, ({ field }) => field.wordsIn)) {
    if (words === undefined || readers[words.slot] !== undefined) continue;
    const reads = group.map(({ field }) => readers[field.slot]!);
    put(readers, words, (event) => listOrNull(reads.flatMap((read) => textsOf(read(event)))));
  }
}

function textsOf(value: Value): readonly Scalar[] {
  return value === null ? [] : Array.isArray(value) ? value : [value as Scalar];
}
