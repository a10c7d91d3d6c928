import { assertNever } from '../../rule/index.ts';
import type { Literal, Node } from './ast.ts';

const SIGNS = { lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

/** Prints a query so that parsing it gives the same tree, spans aside. */
export function printKql(node: Node): string {
  switch (node.kind) {
    case 'or':
      return node.args.map((arg) => (arg.kind === 'or' ? `(${printKql(arg)})` : printKql(arg))).join(' or ');
    case 'and':
      return node.args.map((arg) => (isList(arg) ? `(${printKql(arg)})` : printKql(arg))).join(' and ');
    case 'not':
      return isList(node.arg) || node.arg.kind === 'not'
        ? `not (${printKql(node.arg)})`
        : `not ${printKql(node.arg)}`;
    case 'is':
      return node.field === null
        ? printLiteral(node.value)
        : `${printLiteral(node.field)}: ${printLiteral(node.value)}`;
    case 'range':
      return `${printLiteral(node.field)} ${SIGNS[node.op]} ${printLiteral(node.value)}`;
    case 'nested':
      return `${printLiteral(node.path)}: { ${printKql(node.arg)} }`;
    default:
      return assertNever(node);
  }
}

function isList(node: Node): boolean {
  return node.kind === 'and' || node.kind === 'or';
}

export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'keyword':
      return String(literal.value);
    case 'wildcard':
      return literal.pattern.map((part) => (typeof part === 'string' ? unquoted(part) : '*')).join('');
    case 'text':
      if (literal.quoted) return `"${spaced(literal.value.replace(/[\\"]/g, '\\$&'))}"`;
      return literal.value === '' ? '\\t' : unquoted(literal.value);
    default:
      return assertNever(literal);
  }
}

/** A keyword inside of a value is broken up with a code point: `\not` would be a line break and "ot". */
function unquoted(text: string): string {
  const words = text
    .replace(/[\\():<>"*{}]/g, '\\$&')
    .replace(
      /(?<=^|[ \t\r\n\u00a0])(?:and|or)(?=$|[ \t\r\n\u00a0])|not(?=$|[ \t\r\n\u00a0])/gi,
      (word) => codePoint(word[0]!) + word.slice(1),
    );
  return spaced(words);
}

function spaced(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u00a0\u2028\u2029]/g, (char) => {
    return { '\t': '\\t', '\r': '\\r', '\n': '\\n' }[char] ?? codePoint(char);
  });
}

function codePoint(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
