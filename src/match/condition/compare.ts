import { type CompareOp, type FieldType, foldCase, type Scalar } from '../../rule/index.ts';
import { parseAddress } from './address.ts';
import { versionKey } from './version.ts';

/**
 * Orders two values of one type: less than 0, 0, more than 0; null when they do not compare. Numbers compare by
 * value, whole or not and however large, texts by their UTF-16 units (as `java.lang.String` does), `false` before
 * `true`.
 */
export function compareScalars(a: Scalar, b: Scalar): number | null {
  if (typeof a === 'string' || typeof b === 'string' || typeof a === 'boolean' || typeof b === 'boolean') {
    if (typeof a !== typeof b) return null;
  }
  if (a < b) return -1;
  if (a > b) return 1;
  return a >= b ? 0 : null;
}

/** Whether a comparison of two values, given by their order, holds. */
export const HOLDS: Readonly<Record<CompareOp, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};

/** The comparison that says the same with its sides exchanged. */
export const MIRRORED: Readonly<Record<CompareOp, CompareOp>> = {
  eq: 'eq',
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
};

/** What a value is compared by; null when it is not of the type. */
export type OrderKey = (value: Scalar) => Scalar | null;

/** The key that values of a field's type compare by, or undefined where values compare as they are. */
export function orderKeyOf(type: FieldType | null): OrderKey | undefined {
  switch (type) {
    case 'ip':
      return (value) => (typeof value === 'string' ? parseAddress(value) : null);
    case 'version':
      return (value) => (typeof value === 'string' ? versionKey(value) : null);
    case 'date':
      return dateKey;
    default:
      return undefined;
  }
}

const ISO_DATE = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/** Unix milliseconds of an ISO date, of milliseconds as a number, or of either as text. */
function dateKey(value: Scalar): Scalar | null {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value !== 'string' || value.length > 40) return null;
  if (ISO_DATE.test(value)) {
    const parsed = Date.parse(value);
    return Number.isNaN(parsed) ? null : parsed;
  }
  return /^-?\d{5,16}$/.test(value) ? Number(value) : null;
}

/** What two texts have in common that differ in case alone; other values stay what they are. */
export function foldScalar(value: Scalar): Scalar {
  return typeof value === 'string' ? foldCase(value) : value;
}
