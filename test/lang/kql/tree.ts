import type { Literal, Node } from '../../../src/lang/kql/index.ts';
import type { Field, Fields, FieldType } from '../../../src/rule/index.ts';

/** Writes a tree in full, every operator as a call: nothing is left to precedence. */
export function treeOf(node: Node): string {
  switch (node.kind) {
    case 'and':
    case 'or':
      return `${node.kind}(${node.args.map(treeOf).join(', ')})`;
    case 'not':
      return `not(${treeOf(node.arg)})`;
    case 'is':
      return `is(${node.field === null ? 'any field' : leaf(node.field)}, ${leaf(node.value)})`;
    case 'range':
      return `${node.op}(${leaf(node.field)}, ${leaf(node.value)})`;
    case 'nested':
      return `nested(${leaf(node.path)}, ${treeOf(node.arg)})`;
  }
}

/** Texts as JSON, quoted ones marked, wildcards with a bare `*` between texts. */
function leaf(literal: Literal): string {
  switch (literal.kind) {
    case 'keyword':
      return String(literal.value);
    case 'text':
      return `${literal.quoted ? 'phrase ' : ''}${JSON.stringify(literal.value)}`;
    case 'wildcard':
      return literal.pattern.map((part) => (typeof part === 'string' ? JSON.stringify(part) : '*')).join(' ');
  }
}

const TYPES: Readonly<Record<string, FieldType>> = {
  'process.name': 'keyword',
  'process.args': 'keyword',
  'process.pid': 'number',
  'process.interactive': 'boolean',
  'process.parent.name': 'keyword',
  'process.parent.pid': 'number',
  'host.address': 'ip',
  'file.path': 'keyword',
  'file.size': 'number',
  message: 'keyword',
};

const BY_NAME = new Map(
  Object.entries(TYPES).map(([name, type], slot): [string, Field] => [name, { name, slot, type }]),
);

/** The fields that the tests know. */
export const FIELDS: Fields = { find: (name) => BY_NAME.get(name), names: () => BY_NAME.keys() };
