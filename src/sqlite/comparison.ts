import { type Group, isSymbol, isWord, type Node, nameOf, startsQuery } from './tokens.ts';

/** `column op value`: a term that SQLite may hand to a virtual table. */
export interface Comparison {
  readonly column: ColumnName;
  /** The operator as `column op value` has it: turned around when the text says `value op column`. */
  readonly operator: string;
  readonly form: 'columnFirst' | 'valueFirst' | 'in' | 'between';
  /** One value; of `BETWEEN` two; of `IN (…)` each, or the one query in parentheses. */
  readonly values: readonly (readonly Node[])[];
  readonly start: number;
  readonly end: number;
}

export interface ColumnName {
  readonly qualifier: string | undefined;
  readonly name: string;
}

/** Source: sqlite3_index_info's operators, https://www.sqlite.org/vtab.html#xbestindex, and osquery's ConstraintOperator. */
const OPERATORS: Readonly<Record<string, number>> = {
  '=': 2,
  '==': 2,
  '>': 4,
  '<=': 8,
  '<': 16,
  '>=': 32,
  MATCH: 64,
  LIKE: 65,
  GLOB: 66,
  REGEXP: 67,
  '!=': 68,
  '<>': 68,
};

const TURNED: Readonly<Record<string, string>> = {
  '=': '=',
  '==': '==',
  '!=': '!=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** Words that bind no tighter than a comparison: a value beside one with such a word in it is not a value. */
const LOOSE_WORDS = ['NOT', 'IN', 'IS', 'ISNULL', 'NOTNULL', 'BETWEEN', 'LIKE', 'GLOB', 'REGEXP', 'MATCH'];
const OTHER_WORDS = ['AND', 'OR', 'ESCAPE', 'COLLATE'];

/** The number of the operator on the wire. */
export function operatorCode(operator: string): number {
  return OPERATORS[operator]!;
}

/**
 * Reads the term as a comparison of a column, or answers `undefined` when SQLite would hand nothing over for it:
 * an expression on both sides, `NOT …`, `IS …`, `LIKE … ESCAPE`, a collation.
 */
export function readComparison(nodes: readonly Node[]): Comparison | undefined {
  const span = { start: nodes[0]?.start ?? 0, end: nodes.at(-1)?.end ?? 0 };
  const first = columnAt(nodes, 0);
  if (first !== undefined) {
    const found = afterColumn(nodes.slice(first.length));
    return found === undefined ? undefined : { column: first.column, ...found, ...span };
  }
  const last = [3, 1]
    .map((length) => ({ length, at: nodes.length - length }))
    .find(({ at, length }) => at > 1 && columnAt(nodes, at)?.length === length);
  if (last === undefined) return undefined;
  const operator = textOf(nodes[last.at - 1]!);
  const value = nodes.slice(0, last.at - 1);
  if (TURNED[operator] === undefined || !isValue(value)) return undefined;
  const { column } = columnAt(nodes, last.at)!;
  return { column, operator: TURNED[operator], form: 'valueFirst', values: [value], ...span };
}

function afterColumn(rest: readonly Node[]): Pick<Comparison, 'operator' | 'form' | 'values'> | undefined {
  const [operator, ...value] = rest;
  if (operator === undefined || operator.kind === 'group') return undefined;
  if (isWord(operator, 'IN')) {
    const [list] = value;
    if (value.length !== 1 || list?.kind !== 'group') return undefined;
    return { operator: '=', form: 'in', values: listed(list) };
  }
  if (isWord(operator, 'BETWEEN')) {
    const and = value.findIndex((node) => isWord(node, 'AND'));
    const values = [value.slice(0, and), value.slice(and + 1)];
    return and !== -1 && values.every(isValue) ? { operator: 'BETWEEN', form: 'between', values } : undefined;
  }
  const text = textOf(operator);
  if (OPERATORS[text] === undefined || !isValue(value)) return undefined;
  return { operator: text, form: 'columnFirst', values: [value] };
}

function listed(list: Group): readonly (readonly Node[])[] {
  if (startsQuery(list.nodes)) return [list.nodes];
  const values: Node[][] = [];
  for (const node of list.nodes) {
    if (isSymbol(node, ',')) values.push([]);
    else if (values.length === 0) values.push([node]);
    else values.at(-1)!.push(node);
  }
  return values;
}

/** `name` or `alias.name`, not followed by what makes it a function. */
function columnAt(
  nodes: readonly Node[],
  at: number,
): { readonly column: ColumnName; readonly length: number } | undefined {
  const name = nameOf(nodes[at]);
  if (name === undefined || isWord(nodes[at], ...LOOSE_WORDS, ...OTHER_WORDS, 'CASE', 'CAST', 'EXISTS')) {
    return undefined;
  }
  if (nodes[at + 1]?.kind === 'group' || isSymbol(nodes[at - 1], '.')) return undefined;
  if (!isSymbol(nodes[at + 1], '.')) return { column: { qualifier: undefined, name }, length: 1 };
  const column = nameOf(nodes[at + 2]);
  return column === undefined ? undefined : { column: { qualifier: name, name: column }, length: 3 };
}

function isValue(nodes: readonly Node[]): boolean {
  return (
    nodes.length > 0 &&
    !nodes.some(
      (node) =>
        isWord(node, ...LOOSE_WORDS, ...OTHER_WORDS) ||
        (node.kind === 'symbol' && OPERATORS[node.text] !== undefined),
    )
  );
}

function textOf(node: Node): string {
  return node.kind === 'group' ? '' : node.kind === 'word' ? node.value : node.text;
}
