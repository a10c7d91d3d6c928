import type { Scalar } from '../../rule/index.ts';

type Numeric = number | bigint;

const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;

export type ArithmeticName = 'add' | 'subtract' | 'multiply' | 'divide' | 'modulo';

/**
 * Arithmetic as Elasticsearch's `Arithmetics` does it: in 64-bit integers when both numbers are whole and none is
 * `decimal`, else in doubles. Whole division cuts towards zero, the remainder has the dividend's sign. Where
 * Elasticsearch fails (whole division by zero, overflow of 64 bits, an operand that is no number), the result is null.
 */
export function arithmetic(name: ArithmeticName, decimal: boolean): (a: Scalar, b: Scalar) => Scalar | null {
  const whole = WHOLE[name];
  const double = DOUBLE[name];
  return (a, b) => {
    if (!isNumeric(a) || !isNumeric(b)) return null;
    if (!decimal && isWhole(a) && isWhole(b)) return whole(a, b);
    const result = double(Number(a), Number(b));
    return Number.isNaN(result) ? null : result;
  };
}

const DOUBLE: Readonly<Record<ArithmeticName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  modulo: (a, b) => a % b,
};

const WHOLE: Readonly<Record<ArithmeticName, (a: Numeric, b: Numeric) => Scalar | null>> = {
  add: exact(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  subtract: exact(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  multiply: exact(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  divide: exact(
    (a, b) => (b === 0 ? Number.NaN : (a - (a % b)) / b),
    (a, b) => (b === 0n ? null : a / b),
  ),
  modulo: exact(
    (a, b) => a % b,
    (a, b) => (b === 0n ? null : a % b),
  ),
};

/** Calculates with doubles while these are exact, and with big integers where they are not. */
function exact(
  quick: (a: number, b: number) => number,
  slow: (a: bigint, b: bigint) => bigint | null,
): (a: Numeric, b: Numeric) => Scalar | null {
  return (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') {
      const result = quick(a, b);
      if (Number.isSafeInteger(result) && Number.isSafeInteger(a) && Number.isSafeInteger(b))
        return result + 0;
    }
    const result = slow(BigInt(a), BigInt(b));
    return result === null ? null : narrow(result);
  };
}

export function negate(value: Scalar): Scalar | null {
  if (typeof value === 'bigint') return narrow(-value);
  return typeof value === 'number' ? 0 - value : null;
}

/**
 * Reads a number as EQL's `number` does: whole numbers of 64 bits exactly, else (in base 10) a double; `0x` before
 * a number of base 16 is passed over, and sets the base when it is null. Null where Elasticsearch fails.
 */
export function parseNumber(text: string, base: number | null): Scalar | null {
  const prefixed = text.startsWith('0x');
  const radix = base ?? (prefixed ? 16 : 10);
  const digits = prefixed && radix === 16 ? text.slice(2) : text;
  if (!Number.isInteger(radix) || radix < 2 || radix > 36 || digits.length > 400) return null;
  const whole = parseWhole(digits, radix);
  if (whole !== null || radix !== 10) return whole;
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(digits) ? Number(digits) : null;
}

function parseWhole(text: string, radix: number): Scalar | null {
  const sign = /^[+-]/.test(text) ? text[0] : '';
  const digits = text.slice(sign === '' ? 0 : 1).toLowerCase();
  if (digits === '') return null;
  let value = 0n;
  for (const digit of digits) {
    const amount = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(digit);
    if (amount < 0 || amount >= radix) return null;
    value = value * BigInt(radix) + BigInt(amount);
  }
  return narrow(sign === '-' ? -value : value);
}

/** A number where a double has it exactly, a bigint up to 64 bits, null above. */
function narrow(value: bigint): Scalar | null {
  if (value < SMALLEST || value > LARGEST) return null;
  const number = Number(value);
  return BigInt(number) === value ? number : value;
}

function isNumeric(value: Scalar): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isWhole(value: Numeric): boolean {
  return typeof value === 'bigint' || (Number.isInteger(value) && Math.abs(value) < 2 ** 63);
}
