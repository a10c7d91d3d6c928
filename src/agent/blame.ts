import { type Condition, fieldsOf, printCondition, walk } from '../rule/index.ts';
import { canHold, type FieldSource, type Schema, type TableSpec } from '../schema/index.ts';

/** A field or a test that no event of osquery can pass, and why. */
export interface Block {
  readonly subject: string;
  readonly reason: string;
  /** Another table of the platform has it, and lacks something else. */
  readonly elsewhere: boolean;
}

/** A sentence. */
export function reasonOf({ subject, reason }: Block): string {
  return `${subject}: ${reason}`;
}

/** The table as if it had, of the fields in `names`, those in `free` with values that nothing is known of. */
function withFree(table: TableSpec, names: readonly string[], free: readonly string[]): TableSpec {
  const fields = new Map<string, FieldSource>();
  for (const name of names) {
    const source = free.includes(name) ? { ...FREE, field: name } : table.fields.get(name);
    if (source !== undefined) fields.set(name, source);
  }
  return { ...table, fields };
}

const FREE: FieldSource = {
  field: '',
  type: 'ip',
  derivation: { kind: 'outside', columns: [] },
  fidelity: 'exact',
  note: '',
  among: null,
};

/**
 * Finds why a condition holds of no event: the least fields that, were they free, would let it hold in some table.
 */
export function blame(condition: Condition, tables: readonly TableSpec[], schema: Schema): readonly Block[] {
  const all = [...fieldsOf(condition).keys()];
  let least: { readonly table: TableSpec; readonly names: readonly string[] } | null = null;
  for (const table of tables) {
    const names = leastFree(condition, table, all);
    if (names !== null && (least === null || names.length < least.names.length)) least = { table, names };
  }
  if (least === null) return [{ subject: shown(condition), reason: 'it never holds.', elsewhere: false }];
  const { table, names } = least;
  const blocks = names.map((name) => blockOf(name, { condition, table, tables, schema }));
  const everywhere = blocks.filter((block) => !block.elsewhere);
  return everywhere.length > 0 ? everywhere : blocks;
}

function leastFree(condition: Condition, table: TableSpec, all: readonly string[]): readonly string[] | null {
  const holds = (free: readonly string[]): boolean => canHold(condition, withFree(table, all, free));
  const suspects = all.filter((name) => isDecided(table.fields.get(name)));
  let free = holds(suspects) ? suspects : all;
  if (free === all && !holds(all)) return null;
  for (const name of free) {
    const fewer = free.filter((other) => other !== name);
    if (holds(fewer)) free = fewer;
  }
  return free;
}

/** Whether the values that the field can have are known: none, or few. */
function isDecided(source: FieldSource | undefined): boolean {
  if (source === undefined) return true;
  const { derivation, among } = source;
  return derivation.kind === 'constant' || derivation.kind === 'cases' || among !== null;
}

interface Blamed {
  readonly condition: Condition;
  /** The table that comes nearest. */
  readonly table: TableSpec;
  readonly tables: readonly TableSpec[];
  readonly schema: Schema;
}

function blockOf(name: string, { condition, table, tables, schema }: Blamed): Block {
  const source = table.fields.get(name);
  if (source === undefined) {
    const elsewhere = tables.some(({ fields }) => fields.has(name));
    const subject = isSeen(name, schema) ? `${name} of ${table.name}` : name;
    return { subject, reason: whyMissing(name, [table], schema), elsewhere };
  }
  const tests = testsOf(name, condition);
  const subject = tests.map(shown).join(', ');
  if (!isDecided(source)) {
    return { subject, reason: `${name} is of type ${source.type}, and never equal.`, elsewhere: false };
  }
  const elsewhere = tables.some((other) => tests.some((test) => canHold(test, other)));
  return {
    subject,
    reason: elsewhere ? `${table.name} has no such event.` : noEvent(tests, schema),
    elsewhere,
  };
}

/** Why no event passes any of the tests, as the end of a sentence. */
export function noEvent(tests: readonly Condition[], schema: Schema): string {
  const states = [...schema.tables.values()].filter(
    (table) => !table.evented && tests.some((test) => canHold(test, table)),
  );
  const scan = states.length === 0 ? '' : `, only a scan of ${namesOf(states)} shows them`;
  return `no event table of the system has such events${scan}.`;
}

function testsOf(name: string, condition: Condition): readonly Condition[] {
  const found: Condition[] = [];
  walk(condition, (inner) => {
    if (!JUNCTIONS.has(inner.kind) && fieldsOf(inner).has(name)) found.push(inner);
  });
  return found;
}

const JUNCTIONS: ReadonlySet<Condition['kind']> = new Set(['and', 'or', 'not', 'definite']);

/** Why tables lack a field, as the end of a sentence. */
export function whyMissing(name: string, tables: readonly TableSpec[], schema: Schema): string {
  const { sources, missing } = schema.explain(name);
  if (missing !== null) return missing;
  if (isSeen(name, schema)) return `${namesOf(tables)} ${tables.length === 1 ? 'does' : 'do'} not carry it.`;
  return `no event table carries it, only a scan of ${sources.map(({ table }) => table).join(', ')} shows it.`;
}

/** Whether an event table of the system carries the field. */
function isSeen(name: string, schema: Schema): boolean {
  return schema.tablesOf(null).some(({ fields }) => fields.has(name));
}

export function namesOf(tables: readonly TableSpec[]): string {
  return tables.map(({ name }) => name).join(', ');
}

const LONGEST = 100;

export function shown(condition: Condition): string {
  const text = printCondition(condition);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
