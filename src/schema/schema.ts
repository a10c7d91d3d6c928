import type { Field, Fields, FieldType } from '../rule/index.ts';
import { compileTable } from './compile.ts';
import { isOfTheLine, isOfTheMoment, WORDS_IN } from './definition.ts';
import { missingBecause } from './missing.ts';
import type { CompiledTable } from './row-event.ts';
import type { FieldSource, Platform, TableSpec } from './table.ts';
import { TABLES } from './tables/all.ts';

const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];

/** What osquery can say on one platform. */
export interface Schema {
  readonly platform: Platform;
  /** Every field that any table of the platform has. Slots are the same on all platforms. */
  readonly fields: Fields;
  readonly tables: ReadonlyMap<string, TableSpec>;
  /** The event tables that can have events of the category; all for null. */
  tablesOf(category: string | null): readonly TableSpec[];
  /** How each table has the field; for one that none has, why not and what comes near. */
  explain(field: string): Explanation;
}

export interface Explanation {
  readonly sources: readonly { readonly table: string; readonly source: FieldSource }[];
  /** Why no table of the platform has it; null when one does. */
  readonly missing: string | null;
}

interface Compiled {
  readonly schema: Schema;
  readonly tables: ReadonlyMap<string, CompiledTable>;
}

/** All fields of all platforms, numbered once. */
const FIELDS = new Map<string, Field>();
const COMPILED = new Map<Platform, Compiled>(PLATFORMS.map((platform) => [platform, compile(platform)]));
const TABLES_OF = new Map<Schema, ReadonlyMap<string, CompiledTable>>(
  [...COMPILED.values()].map(({ schema, tables }) => [schema, tables]),
);

/** The same object each time. */
export function createSchema(platform: Platform): Schema {
  return COMPILED.get(platform)!.schema;
}

/** A table with what it takes to read it. */
export function compiledTable(schema: Schema, name: string): CompiledTable | undefined {
  return TABLES_OF.get(schema)?.get(name);
}

function numberOf(name: string, type: FieldType): Field {
  const known = FIELDS.get(name);
  if (known !== undefined) {
    if (known.type !== type) throw new Error(`field ${name} is both ${known.type} and ${type}`);
    return known;
  }
  const words = WORDS_IN[name];
  const wordsIn = words === undefined ? {} : { wordsIn: numberOf(words, 'keyword') };
  const ofTheMoment = isOfTheMoment(name) ? { ofTheMoment: true as const } : {};
  const ofTheLine = isOfTheLine(name) ? { ofTheLine: true as const } : {};
  const field: Field = Object.freeze({
    ...{ name, slot: FIELDS.size, type },
    ...{ ...wordsIn, ...ofTheMoment, ...ofTheLine },
  });
  FIELDS.set(name, field);
  return field;
}

function compile(platform: Platform): Compiled {
  const tables = new Map<string, CompiledTable>();
  for (const definition of TABLES) {
    if (definition.platforms.includes(platform)) {
      tables.set(definition.name, compileTable(definition, platform, numberOf));
    }
  }
  const specs = new Map([...tables].map(([name, { spec }]) => [name, spec]));
  const fields = new Map<string, Field>();
  for (const { definitions } of tables.values()) {
    for (const { field } of definitions) fields.set(field.name, field);
  }
  const schema: Schema = {
    platform,
    fields: { find: (name) => fields.get(name), names: () => fields.keys() },
    tables: specs,
    tablesOf: (category) =>
      [...specs.values()].filter(
        ({ evented, categories }) =>
          evented && (category === null || categories.some((one) => one === category)),
      ),
    explain(field) {
      const sources = [...specs.values()].flatMap((spec) => {
        const source = spec.fields.get(field);
        return source === undefined ? [] : [{ table: spec.name, source }];
      });
      return { sources, missing: sources.length > 0 ? null : missingBecause(field, fields.keys()) };
    },
  };
  return { schema, tables };
}
