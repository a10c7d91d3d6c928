import type { FunctionName } from '../../rule/index.ts';

/** What an expression yields. `unknown` fits everything: a field whose type nobody has said. */
export type EqlType = 'text' | 'number' | 'boolean' | 'ip' | 'version' | 'date' | 'null' | 'unknown';

export interface Signature {
  readonly name: FunctionName;
  /** What each argument must be; `constant` ones may hold no field. */
  readonly takes: readonly ArgumentType[];
  /** How many of them must be there. */
  readonly atLeast: number;
  /** Whether the last argument may be repeated. */
  readonly repeats: boolean;
  /** Whether there is a form with a tilde. */
  readonly ignoresCase: boolean;
  readonly returns: EqlType;
}

export type ArgumentType =
  | 'text'
  | 'number'
  | 'boolean'
  | 'address'
  | 'any'
  | 'constantText'
  | 'constantNumber';

const NUMBERS = { takes: ['number', 'number'], returns: 'number' } as const;
const TEXTS = { takes: ['text', 'text'], returns: 'boolean', ignoresCase: true } as const;

/**
 * The functions of EQL, by their names in small letters: names are compared without regard to case.
 *
 * Source: Elasticsearch's EQL function reference, and `EqlFunctionRegistry` for the case of names.
 */
export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map(
  [
    signature('add', NUMBERS),
    signature('subtract', NUMBERS),
    signature('multiply', NUMBERS),
    signature('divide', NUMBERS),
    signature('modulo', NUMBERS),
    signature('between', {
      takes: ['text', 'text', 'text', 'boolean'],
      atLeast: 3,
      ignoresCase: true,
      returns: 'text',
    }),
    signature('cidrMatch', { takes: ['address', 'constantText'], repeats: true, returns: 'boolean' }),
    signature('concat', { takes: ['any'], repeats: true, returns: 'text' }),
    signature('endsWith', TEXTS),
    signature('indexOf', {
      takes: ['text', 'text', 'number'],
      atLeast: 2,
      ignoresCase: true,
      returns: 'number',
    }),
    signature('length', { takes: ['text'], returns: 'number' }),
    signature('number', { takes: ['text', 'constantNumber'], atLeast: 1, returns: 'number' }),
    signature('startsWith', TEXTS),
    signature('string', { takes: ['any'], returns: 'text' }),
    signature('stringContains', TEXTS),
    signature('substring', { takes: ['text', 'number', 'number'], atLeast: 2, returns: 'text' }),
  ].map((one) => [one.name.toLowerCase(), one]),
);

type Shape = Pick<Signature, 'takes' | 'returns'> & Partial<Signature>;

function signature(name: FunctionName, shape: Shape): Signature {
  return Object.freeze({ atLeast: shape.takes.length, repeats: false, ignoresCase: false, ...shape, name });
}

/** Functions of the older dialect, and what to write instead. */
export const OLD_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['match', 'Write x regex "…".'],
  ['matchlite', 'Write x regex "…".'],
  ['wildcard', 'Write x : ("…", "…").'],
  ['arraycontains', 'Write x == "…": a test holds when it holds for any of a field\'s values.'],
  ['arraysearch', 'Write x == "…": a test holds when it holds for any of a field\'s values.'],
  ['arraycount', 'There is no way to count the values of a field.'],
  ['safe', 'Write ?x for a field that may be unknown.'],
]);
