import { writeJsonText } from '../json-text.ts';
import type { KnownTable } from './known-table.ts';
import type { ExtensionUse } from './rewrite.ts';
import type { SqlValue } from './values.ts';

/** One constraint as core hands it over. */
interface Handed {
  readonly op: number;
  readonly expr: Buffer;
}

/**
 * The `context` of a `generate` call, byte for byte as core writes it: constraints by column name in order, every column
 * mentioned; `colsUsed` in no order that means anything. Text goes in as it is, valid UTF-8 or not; only
 * what JSON must escape is escaped. Source: captured traffic of a live osqueryd, osquery/core/tables.cpp.
 */
export function writeContext(table: KnownTable, use: ExtensionUse, args: readonly SqlValue[]): Buffer {
  const handed = new Map<string, Handed[]>(table.columns.map(({ name }) => [name, []]));
  use.parameters.forEach(({ column, op, listed }, index) => {
    for (const expr of exprsOf(args[index], listed)) {
      // Core takes the expression as a C string, and takes an empty one for one that SQLite did not tell.
      if (expr.length > 0) handed.get(column)!.push({ op, expr });
    }
  });
  const parts: Buffer[] = [];
  const text = (value: string): void => void parts.push(Buffer.from(value));
  text('{"constraints":[');
  [...handed]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .forEach(([name, list], index) => {
      text(`${index === 0 ? '' : ','}{"name":${JSON.stringify(name)},"list":[`);
      for (const [at, { op, expr }] of list.entries()) {
        text(`${at === 0 ? '' : ','}{"op":${op},"expr":`);
        parts.push(writeJsonText(expr));
        text('}');
      }
      const { type } = table.columns.find((column) => column.name === name)!;
      text(`],"affinity":"${type.replace('_', ' ')}"}`);
    });
  const used = new Set(use.columnsUsed);
  text(`],"colsUsed":${JSON.stringify(use.columnsUsed.toReversed())},"colsUsedBitset":`);
  const bits = table.columns.reduce(
    (sum, { name }, index) => (used.has(name) ? sum | (1n << BigInt(Math.min(index, 63))) : sum),
    0n,
  );
  text(`${bits}}`);
  return Buffer.concat(parts);
}

/** A parameter's value without the letter of its type, cut at the first NUL. */
function exprsOf(arg: SqlValue | undefined, listed: boolean): readonly Buffer[] {
  const typed =
    listed && typeof arg === 'string'
      ? arg.split(',').map((hex) => Buffer.from(hex, 'hex'))
      : Buffer.isBuffer(arg)
        ? [arg]
        : [];
  return typed.map((value) => {
    const end = value.indexOf(0, 1);
    return value.subarray(1, end === -1 ? value.length : end);
  });
}
