import { EncodedRows, type WriteRow } from './encoded-rows.ts';
import { type JsonBytes, type JsonObject, parseJsonBytes } from './json-bytes.ts';
import {
  type CallFate,
  explain,
  failure,
  type Plugin,
  type PluginRequest,
  type PluginRow,
  type Reply,
  success,
} from './plugin.ts';

export type ColumnType = 'TEXT' | 'INTEGER' | 'BIGINT' | 'UNSIGNED_BIGINT' | 'DOUBLE' | 'BLOB';

/** Bits of a column's `options`. HIDDEN alone gets no constraints: add ADDITIONAL. */
export const COLUMN_OPTIONS = Object.freeze({
  index: 1,
  required: 2,
  additional: 4,
  optimized: 8,
  hidden: 16,
});

/** The `op` of a constraint. */
export const OPERATORS = Object.freeze({
  unique: 1,
  equals: 2,
  greaterThan: 4,
  lessThanOrEquals: 8,
  lessThan: 16,
  greaterThanOrEquals: 32,
  match: 64,
  like: 65,
  glob: 66,
  regexp: 67,
});

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Bits of `COLUMN_OPTIONS`; 0 when absent. */
  readonly options?: number;
}

/** `column op expr` of the query. */
export interface Constraint {
  readonly op: number;
  /** The expression in the very bytes core sent, JSON escapes undone. Echo these. */
  readonly bytes: Buffer;
  /** The expression as text, invalid UTF-8 replaced; decoded when first read. */
  readonly text: string;
}

export interface ColumnConstraints {
  readonly affinity: string;
  readonly list: readonly Constraint[];
}

/** What core tells a table about the query. */
export interface QueryContext {
  /** By column name; every column that core mentions, an empty list when unconstrained. */
  readonly constraints: ReadonlyMap<string, ColumnConstraints>;
  /** The columns the query reads; `undefined` when core does not say. */
  readonly columnsUsed: ReadonlySet<string> | undefined;
}

export interface TableOptions {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Bits of the `attributes` route; 4 is event-based. */
  readonly attributes?: number;
  /** The rows. A throw or a rejection becomes a failure status that names the table. */
  generate(context: QueryContext, encode: Encode, fate?: CallFate): Generated | Promise<Generated>;
}

/** So many rows in the bytes of the wire, written while the answer goes out: see `EncodedRows`. */
export type Encode = (columns: readonly string[], length: number, write: WriteRow) => EncodedRows;

/** Rows as objects, or where there are very many in the bytes of the wire. */
export type Generated = readonly PluginRow[] | EncodedRows;

/** A table plugin, read-only. */
export function createTable(options: TableOptions): Plugin {
  const { name } = options;
  return {
    registry: 'table',
    name,
    routes: () => routesOf(options),
    call: async (request, fate) => {
      const action = request.get('action')?.toString() ?? '';
      switch (action) {
        case 'generate':
          return generate(options, request, fate);
        case 'columns':
          return success(routesOf(options));
        case 'insert':
        case 'update':
        case 'delete':
          return failure(`table ${name} is read-only`);
        default:
          return failure(`table ${name} knows no action ${JSON.stringify(action)}`);
      }
    },
  };
}

/** A table's routes: one entry per column, numbers as text, and one for the attributes. */
function routesOf({ columns, attributes }: TableOptions): Readonly<Record<string, string>>[] {
  const routes: Readonly<Record<string, string>>[] = columns.map((column) => ({
    id: 'column',
    name: column.name,
    type: column.type,
    op: String(column.options ?? 0),
  }));
  if (attributes !== undefined) routes.push({ id: 'attributes', attributes: String(attributes) });
  return routes;
}

const encode: Encode = (columns, length, write) => new EncodedRows(columns, length, write);

async function generate(
  options: TableOptions,
  request: PluginRequest,
  fate: CallFate | undefined,
): Promise<Reply> {
  let context: QueryContext;
  try {
    context = readContext(request.get('context'));
  } catch (error) {
    return failure(`reading the query of table ${options.name}: ${explain(error)}`);
  }
  try {
    const generated = await options.generate(context, encode, fate);
    return generated instanceof EncodedRows ? { ...success(), encoded: generated } : success(generated);
  } catch (error) {
    return failure(`generating rows of table ${options.name}: ${explain(error)}`);
  }
}

/**
 * Reads what core says of a query. Lenient where versions differ: an empty list came as `""` and numbers as text
 * when osquery wrote its JSON with Boost's property trees (before 3.0), and `colsUsed` came with 4.0.
 */
function readContext(json: Buffer | undefined): QueryContext {
  const context = json === undefined || json.length === 0 ? null : parseJsonBytes(json);
  const members = objectOr(context);
  const constraints = new Map<string, ColumnConstraints>();
  for (const entry of listOr(members.get('constraints'))) {
    const column = objectOr(entry);
    constraints.set(textOf(column.get('name')), {
      affinity: textOf(column.get('affinity')),
      list: listOr(column.get('list')).map(readConstraint),
    });
  }
  const used = members.get('colsUsed');
  return { constraints, columnsUsed: used === undefined ? undefined : new Set(listOr(used).map(textOf)) };
}

function readConstraint(entry: JsonBytes): Constraint {
  const { op, expr } = Object.fromEntries(objectOr(entry));
  return new BytesConstraint(Number(textOf(op)), Buffer.isBuffer(expr) ? expr : Buffer.from(textOf(expr)));
}

class BytesConstraint implements Constraint {
  readonly op: number;
  readonly bytes: Buffer;
  #text: string | undefined;

  constructor(op: number, bytes: Buffer) {
    this.op = op;
    this.bytes = bytes;
  }

  get text(): string {
    this.#text ??= this.bytes.toString();
    return this.#text;
  }
}

function objectOr(value: JsonBytes | undefined): JsonObject {
  return value instanceof Map ? value : new Map();
}

function listOr(value: JsonBytes | undefined): readonly JsonBytes[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: JsonBytes | undefined): string {
  return value === undefined || value === null ? '' : String(value);
}
