import { any, type Expression, type In, keyOf } from '../expression.ts';
import { quote } from '../text.ts';
import type { Steps } from './steps.ts';

/** Bits of one integer that are used; the 64th is the sign. */
export const BITS = 62;

/** The columns that hold a program's names, as they are and in small letters. */
const EXACT = ['path_name', 'first_name', 'applet_name'];
const LOWERED = EXACT.map((column) => `lower_of_${column}`);

/**
 * All lists of program names that rules ask for, as one small table.
 *
 * Question: which of hundreds of lists is one of a row's three names in? Asked list by list that is three look-ups
 * for each rule. Here each name stands once, with one bit for each list that it is in; one look-up of each name
 * answers for all rules, and a rule's test is a bit. Lists for either case are kept apart, by their small letters.
 */
export class NameLists {
  readonly #lists = new Map<string, { readonly bit: number; readonly list: In }>();

  /** The expression with its tests on names replaced by tests of bits. */
  use(expression: Expression): Expression {
    switch (expression.kind) {
      case 'and':
        return { kind: 'and', args: expression.args.map((arg) => this.use(arg)) };
      case 'not':
        return { kind: 'not', arg: this.use(expression.arg) };
      case 'or':
        return any(this.#useIn(expression.args).map((arg) => this.use(arg)));
      default:
        return expression;
    }
  }

  /** Three lists that are the same but for their columns are one test. */
  #useIn(args: readonly Expression[]): readonly Expression[] {
    const keys = new Set(args.map(keyOf));
    const used = new Set<string>();
    const tests: Expression[] = [];
    for (const arg of args) {
      const columns = [EXACT, LOWERED].find(([first]) => arg.kind === 'in' && arg.column === first);
      if (arg.kind !== 'in' || columns === undefined || arg.values.includes('')) continue;
      const three = columns.map((column) => keyOf({ ...arg, column }));
      if (!three.every((key) => keys.has(key))) continue;
      for (const key of three) used.add(key);
      tests.push(this.#test(arg));
    }
    return [...tests, ...args.filter((arg) => !used.has(keyOf(arg)))];
  }

  #test(list: In): Expression {
    const key = `${list.column} ${[...list.values].sort().join('\0')}`;
    const known = this.#lists.get(key) ?? { bit: this.#lists.size, list };
    this.#lists.set(key, known);
    return { kind: 'bit', column: `names_${Math.floor(known.bit / BITS)}`, bit: known.bit % BITS };
  }

  /** The columns that tests use. */
  get columns(): readonly string[] {
    return Array.from({ length: Math.ceil(this.#lists.size / BITS) }, (_, index) => `names_${index}`);
  }

  /** Gives rows the columns that tests use. */
  join(rows: Steps): Steps {
    const { columns } = this;
    if (columns.length === 0) return rows;
    let steps = rows;
    const joins: string[] = [];
    const found = columns.map((): string[] => []);
    for (const columnsAsked of [EXACT, LOWERED]) {
      const masks = this.#masks(columnsAsked[0]!);
      if (masks.size === 0) continue;
      const table = `lists_of_${columnsAsked[0]!}`;
      steps = steps.values(table, ['name', ...columns], printMasks(masks));
      for (const [index, column] of columnsAsked.entries()) {
        const alias = `lists_by_${column}`;
        joins.push(`LEFT JOIN ${table} AS ${alias} ON ${alias}.name = ${askedOnce(columnsAsked, index)}`);
        for (const [place, mask] of columns.entries()) found[place]!.push(`ifnull(${alias}.${mask}, 0)`);
      }
    }
    const sums = columns.map((column, index) => `${found[index]!.join(' | ')} AS ${column}`);
    return steps.select(`SELECT r.*, ${sums.join(', ')} FROM ${steps.last} AS r ${joins.join(' ')} LIMIT -1`);
  }

  #masks(column: string): Map<string, bigint[]> {
    const masks = new Map<string, bigint[]>();
    for (const { bit, list } of this.#lists.values()) {
      if (list.column !== column) continue;
      for (const value of list.values) {
        const mask = masks.get(String(value)) ?? this.columns.map(() => 0n);
        mask[Math.floor(bit / BITS)]! |= 1n << BigInt(bit % BITS);
        masks.set(String(value), mask);
      }
    }
    return masks;
  }
}

/** A name, or NULL where it is that of an earlier column or none: NULL is not looked up. */
function askedOnce(columns: readonly string[], index: number): string {
  const name = columns[index]!;
  const fresh = index === 1 ? `nullif(${name}, ${columns[0]})` : name;
  return `nullif(${fresh}, '')`;
}

function printMasks(masks: ReadonlyMap<string, readonly bigint[]>): string {
  const names = [...masks.keys()].sort();
  return names.map((name) => `(${quote(name)}, ${masks.get(name)!.join(', ')})`).join(', ');
}
