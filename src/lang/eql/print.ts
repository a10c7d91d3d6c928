import type {
  Arithmetic,
  EventFilter,
  Expression,
  FieldName,
  JoinKey,
  Logical,
  Lookup,
  Sample,
  Sequence,
  Statement,
  Term,
  TextMatch,
  Value,
} from './ast.ts';
import { KEYWORDS } from './token.ts';

/** How tightly a construct binds; one that binds less tightly than its place asks for gets parentheses. */
const BINDS = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, sign: 7, predicate: 8, primary: 9 };

/**
 * Prints a statement in one canonical form: spaces, quotes and parentheses only where the grammar needs
 * them, a step of a sequence on each line. Parsing it gives an equal tree, but for the places.
 */
export function printEql(statement: Statement): string {
  const pipes = statement.pipes.map((pipe) => `\n| ${pipe.name} ${pipe.count}`);
  return printQuery(statement.query) + pipes.join('');
}

function printQuery(query: Statement['query']): string {
  switch (query.kind) {
    case 'eventFilter':
      return printFilter(query);
    case 'sequence':
      return printSequence(query);
    case 'sample':
      return printSample(query);
  }
}

function printFilter(filter: EventFilter): string {
  const category = filter.category === null ? 'any' : printCategory(filter.category);
  return `${category} where ${print(filter.condition, BINDS.or)}`;
}

function printSequence(query: Sequence): string {
  const maxSpan = query.maxSpan === null ? '' : ` with maxspan=${query.maxSpan.value}${query.maxSpan.unit}`;
  const until = query.until === null ? '' : `\nuntil ${printTerm(query.until)}`;
  return `sequence${printBy(query.by)}${maxSpan}${printTerms(query.terms)}${until}`;
}

function printSample(query: Sample): string {
  return `sample${printBy(query.by)}${printTerms(query.terms)}`;
}

function printTerms(terms: readonly Term[]): string {
  return terms.map((term) => `\n  ${printTerm(term)}`).join('');
}

function printTerm(term: Term): string {
  const runs = term.runs === null ? '' : ` with runs=${term.runs}`;
  return `${term.missing ? '!' : ''}[${printFilter(term.filter)}]${printBy(term.by)}${runs}`;
}

function printBy(keys: readonly JoinKey[]): string {
  if (keys.length === 0) return '';
  return ` by ${keys.map((key) => print(key.expression, BINDS.or)).join(', ')}`;
}

function print(expression: Expression, atLeast: number): string {
  const [text, binds] = printBare(expression);
  return binds < atLeast ? `(${text})` : text;
}

/** The text without parentheses around it, and how tightly it binds. */
function printBare(expression: Expression): readonly [string, number] {
  switch (expression.kind) {
    case 'or':
    case 'and':
      return [printChain(expression), BINDS[expression.kind]];
    case 'not':
      return [`not ${print(expression.arg, BINDS.not)}`, BINDS.not];
    case 'comparison': {
      const [left, right] = [expression.left, expression.right].map((side) => print(side, BINDS.sum));
      return [`${left} ${expression.op} ${right}`, BINDS.comparison];
    }
    case 'in':
      return [printLookup(expression), BINDS.predicate];
    case 'textMatch':
      return [printMatch(expression), BINDS.predicate];
    case 'arithmetic':
      return printArithmetic(expression);
    case 'negation':
      return [`-${print(expression.arg, BINDS.sign)}`, BINDS.sign];
    case 'call':
      return [
        `${expression.name}${expression.ignoreCase ? '~' : ''}(${printList(expression.args)})`,
        BINDS.primary,
      ];
    case 'field':
      return [printField(expression), BINDS.primary];
    case 'value':
      return [printValue(expression), isNegative(expression) ? BINDS.sign : BINDS.primary];
  }
}

function printChain(chain: Logical): string {
  return chain.args.map((arg) => print(arg, BINDS[chain.kind] + 1)).join(` ${chain.kind} `);
}

function printLookup(lookup: Lookup): string {
  const op = `${lookup.negated ? 'not ' : ''}in${lookup.ignoreCase ? '~' : ''}`;
  return `${print(lookup.operand, BINDS.primary)} ${op} (${printList(lookup.values)})`;
}

function printMatch(match: TextMatch): string {
  const op = match.op === ':' ? ':' : `${match.op}${match.ignoreCase ? '~' : ''}`;
  const [first] = match.values;
  const single = match.values.length === 1 && first !== undefined;
  const values = single ? printValue(first) : `(${printList(match.values)})`;
  return `${print(match.operand, BINDS.primary)} ${op} ${values}`;
}

function printArithmetic({ op, left, right }: Arithmetic): readonly [string, number] {
  const binds = op === '+' || op === '-' ? BINDS.sum : BINDS.product;
  return [`${print(left, binds)} ${op} ${print(right, binds + 1)}`, binds];
}

function printList(expressions: readonly Expression[]): string {
  return expressions.map((expression) => print(expression, BINDS.or)).join(', ');
}

function isNegative({ value }: Value): boolean {
  return (typeof value === 'number' || typeof value === 'bigint') && (value < 0 || Object.is(value, -0));
}

function printValue({ value, decimal }: Value): string {
  if (typeof value === 'string') return printText(value);
  if (typeof value !== 'number') return String(value);
  const text = Object.is(value, -0) ? '-0' : String(value);
  return decimal && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function printText(text: string): string {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, printCodePoint);
  return `"${escaped}"`;
}

function printCodePoint(character: string): string {
  return `\\u{${character.charCodeAt(0).toString(16).padStart(2, '0')}}`;
}

function printField(field: FieldName): string {
  const path = field.path.map((part, at) => {
    if (typeof part === 'number') return `[${part}]`;
    return (at === 0 ? '' : '.') + printName(part);
  });
  return (field.optional ? '?' : '') + path.join('');
}

function printName(name: string): string {
  return isPlain(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}

function printCategory(category: string): string {
  return isPlain(category) ? category : printText(category);
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_@][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name);
}
