import { isUtf8 } from 'node:buffer';
import type { Cell, FedValue } from './messages.ts';

export type SqlValue = string | number | bigint | Buffer | null;

const DIGITS = [
  { prefix: /^0[xX]/, digits: /^[0-9a-fA-F]+/, base: '0x' },
  { prefix: /^0(?=[0-7])/, digits: /^[0-7]+/, base: '0o' },
  { prefix: /^/, digits: /^\d+/, base: '' },
];
const BIGGEST = 2n ** 63n;

/**
 * What C's `strtoll(text, …, 0)` reads, as core does for INTEGER and BIGINT columns: a leading zero means octal, `0x`
 * hexadecimal, what follows the digits is ignored. `null` when there is no digit, or too many.
 * Source: osquery/sql/dynamic_table_row.cpp (`tryTo<long long>(value, 0)`).
 */
export function parseLong(text: string): bigint | null {
  const [, sign, rest] = /^[ \t\n\v\f\r]*([+-]?)(.*)$/s.exec(text)!;
  for (const { prefix, digits, base } of DIGITS) {
    const start = prefix.exec(rest!);
    const found = start === null ? null : digits.exec(rest!.slice(start[0].length));
    if (found === null) continue;
    const value = BigInt(base + found[0]) * (sign === '-' ? -1n : 1n);
    return value >= -BIGGEST && value < BIGGEST ? value : null;
  }
  return null;
}

/** A cell of a row as SQLite gets it from core: converted by the column's type, NULL where that fails. */
export function toColumn(value: FedValue | undefined, type: string): SqlValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint' || typeof value === 'number') return type === 'TEXT' ? String(value) : value;
  switch (type) {
    case 'INTEGER': {
      const long = parseLong(textOf(value));
      // sqlite3_result_int takes 32 bits.
      return long === null ? null : BigInt.asIntN(32, long);
    }
    case 'BIGINT':
    case 'UNSIGNED_BIGINT':
      return parseLong(textOf(value));
    case 'DOUBLE': {
      const text = textOf(value);
      const number = Number(text);
      return text.trim() === '' || Number.isNaN(number) ? null : number;
    }
    default:
      return typeof value === 'string' ? value : Buffer.from(value);
  }
}

/** Bytes of a result as text where they are UTF-8. Core holds them as a C string: they end at the first NUL. */
export function toCell(bytes: Buffer | null): Cell {
  if (bytes === null) return '';
  const end = bytes.indexOf(0);
  const cut = end === -1 ? bytes : bytes.subarray(0, end);
  return isUtf8(cut) ? cut.toString() : Uint8Array.from(cut);
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : Buffer.from(cell).toString('latin1');
}
