import type { Expression, JoinKey, Statement, Term } from '../../../src/lang/eql/index.ts';
import type { Field, Fields, FieldType, Query, SequenceStep } from '../../../src/rule/index.ts';
import { printCondition } from '../../../src/rule/index.ts';

/** Writes a tree in full, every operator as a call: nothing is left to precedence. */
export function treeOf({ query, pipes }: Statement): string {
  const after = pipes.map(({ name, count }) => `\n${name}(${count})`).join('');
  if (query.kind === 'eventFilter') return eventOf(query) + after;
  const lines = [`${query.kind}${keysOf(query.by)}`];
  if (query.kind === 'sequence' && query.maxSpan !== null) {
    lines.push(`maxspan(${query.maxSpan.value}, ${query.maxSpan.unit})`);
  }
  lines.push(...query.terms.map(termOf));
  if (query.kind === 'sequence' && query.until !== null) lines.push(`until ${termOf(query.until)}`);
  return lines.join('\n') + after;
}

function eventOf({ category, condition }: Term['filter']): string {
  return `${category === null ? 'any' : JSON.stringify(category)} ${expressionOf(condition)}`;
}

function termOf({ missing, filter, by, runs }: Term): string {
  return `${missing ? 'missing' : 'step'} ${eventOf(filter)}${keysOf(by)}${runs === null ? '' : ` runs(${runs})`}`;
}

function keysOf(keys: readonly JoinKey[]): string {
  return keys.length === 0 ? '' : ` by(${keys.map((key) => expressionOf(key.expression)).join(', ')})`;
}

function expressionOf(expression: Expression): string {
  const list = (items: readonly Expression[]): string => items.map(expressionOf).join(', ');
  switch (expression.kind) {
    case 'and':
    case 'or':
      return `${expression.kind}(${list(expression.args)})`;
    case 'not':
      return `not(${expressionOf(expression.arg)})`;
    case 'negation':
      return `minus(${expressionOf(expression.arg)})`;
    case 'comparison':
    case 'arithmetic':
      return `${expression.op}(${list([expression.left, expression.right])})`;
    case 'in':
      return `${expression.negated ? 'not ' : ''}in${expression.ignoreCase ? '~' : ''}(${list([expression.operand, ...expression.values])})`;
    case 'textMatch':
      return `${expression.op}${expression.ignoreCase && expression.op !== ':' ? '~' : ''}(${list([expression.operand, ...expression.values])})`;
    case 'call':
      return `${expression.name}${expression.ignoreCase ? '~' : ''}(${list(expression.args)})`;
    case 'field':
      return (
        (expression.optional ? '?' : '') +
        expression.path.map((part) => (typeof part === 'number' ? `[${part}]` : part)).join('/')
      );
    case 'value':
      if (typeof expression.value === 'string') return JSON.stringify(expression.value);
      return `${expression.value}${typeof expression.value === 'bigint' ? 'n' : ''}${expression.decimal ? 'd' : ''}`;
  }
}

/** Writes what a query means. */
export function meaningOf(query: Query): string {
  if (query.kind === 'event') return `${query.category ?? 'any'}: ${printCondition(query.condition)}`;
  if (query.kind === 'sequence') {
    const until = query.until === null ? [] : [`until ${stepOf(query.until)}`];
    return [`sequence within ${query.maxSpanMs ?? 'any'} ms`, ...query.steps.map(stepOf), ...until].join(
      '\n',
    );
  }
  if (query.kind === 'sample') return ['sample', ...query.steps.map(stepOf)].join('\n');
  return query.kind;
}

function stepOf({ event, by, missing }: SequenceStep): string {
  const keys = by.map(({ operand, optional }) => {
    return `${optional ? '?' : ''}${operand.kind === 'field' ? operand.name : operand.kind}`;
  });
  return `${missing ? 'no ' : ''}${meaningOf(event)} by (${keys.join(', ')})`;
}

const TYPES: Readonly<Record<string, FieldType>> = {
  'process.name': 'keyword',
  'process.args': 'keyword',
  'process.args_count': 'number',
  'process.pid': 'number',
  'process.interactive': 'boolean',
  'process.entity_id': 'keyword',
  'process.parent.name': 'keyword',
  'process.parent.pid': 'number',
  'source.ip': 'ip',
  'file.path': 'keyword',
  'file.size': 'number',
  'file.mtime': 'date',
  'agent.version': 'version',
};

const BY_NAME = new Map(
  Object.entries(TYPES).map(([name, type], slot): [string, Field] => [name, { name, slot, type }]),
);

/** The fields that the tests know. */
export const FIELDS: Fields = { find: (name) => BY_NAME.get(name), names: () => BY_NAME.keys() };
