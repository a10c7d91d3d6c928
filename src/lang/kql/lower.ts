import {
  ANYTHING,
  and,
  assertNever,
  type Condition,
  definite,
  FALSE,
  type FieldRef,
  type Fields,
  field,
  literal,
  not,
  or,
  type Pattern,
  type Scalar,
  TRUE,
} from '../../rule/index.ts';
import { RuleError, type Source, type Span } from '../../text/index.ts';
import { fitsAll, type Is, type Literal, type Node, type Range, type Wildcard } from './ast.ts';
import { printLiteral } from './print.ts';
import { isAddress, meanings, numberOf } from './value.ts';
import { isTextField, wordPattern } from './words.ts';

export interface LowerOptions {
  /** The fields that a wildcard in a field name can name, and their types. Without it such names are unsupported. */
  readonly fields?: Fields;
}

/** Elastic Defend's copies of fields that are compared without regard to case. */
const CASELESS = '.caseless';

/**
 * Lowers a query to the neutral condition, by Kibana's meaning (kbn-es-query, src/kuery/functions) on
 * Elastic's mappings:
 *
 * - KQL knows true and false only, so the whole and everything that is negated is `definite`.
 * - A value equals a keyword field's value exactly, case and all; `*` is the only wildcard, and not in quotes.
 * - A text is compared as text and, where it writes a number or a boolean, also as that; the field's type
 *   picks one. In an IP field an address or a CIDR range is compared as address.
 * - `message`, PowerShell's script block text and `….text` are searched by words; `….caseless` is the field
 *   without that ending, compared without regard to case.
 * - A nested query holds for an event as if the event were the one nested object: osquery's rows are flat.
 *
 * Throws a RuleError `KQL_UNSUPPORTED` for what needs Elasticsearch's list of all fields (a value without a
 * field), for `null` as a value and for a range of anything but a text or number.
 */
export function lowerKql(ast: Node, source: Source, options: LowerOptions = {}): Condition {
  return definite(new Lowering(source, options.fields).lower(ast, ''));
}

class Lowering {
  readonly #source: Source;
  readonly #fields: Fields | undefined;

  constructor(source: Source, fields: Fields | undefined) {
    this.#source = source;
    this.#fields = fields;
  }

  /** `path` stands before every field name: the nested path with its dot, or nothing. */
  lower(node: Node, path: string): Condition {
    switch (node.kind) {
      case 'and':
        return and(...node.args.map((arg) => this.lower(arg, path)));
      case 'or':
        return or(...this.#alternatives(node.args, path));
      case 'not':
        return not(definite(this.lower(node.arg, path)));
      case 'is':
        return this.#is(node, path);
      case 'range':
        return this.#range(node, path);
      case 'nested':
        return this.#nested(node.arg, `${path}${this.#name(node.path, node.path.span)}.`);
      default:
        return assertNever(node);
    }
  }

  /** Values of one field next to each other become one test of all of them. */
  #alternatives(args: readonly Node[], path: string): readonly Condition[] {
    const conditions: Condition[] = [];
    for (let i = 0; i < args.length; ) {
      const first = args[i]!;
      const name = first.kind === 'is' ? this.#mergeable(first) : undefined;
      let end = i + 1;
      if (name !== undefined) {
        while (end < args.length && this.#mergeable(args[end]!) === name) end += 1;
        conditions.push(
          this.#anyOf(
            `${path}${name}`,
            args.slice(i, end).map((arg) => (arg as Is).value),
          ),
        );
      } else {
        conditions.push(this.lower(first, path));
      }
      i = end;
    }
    return conditions;
  }

  /** The plain field name of a test whose value is a text or pattern. */
  #mergeable(node: Node): string | undefined {
    return node.kind === 'is' && node.field?.kind === 'text' && !fitsAll(node.value)
      ? node.field.value
      : undefined;
  }

  #is(node: Is, path: string): Condition {
    const { field: name, value, span } = node;
    if (name === null) {
      if (fitsAll(value)) return TRUE;
      throw this.#unsupported(
        `a value without a field (${printLiteral(value)}) searches every field of an index.`,
        span,
        `Name the field, as in process.name: ${printLiteral(value)}`,
      );
    }
    if (fitsAll(name) && fitsAll(value) && path === '') return TRUE;
    return or(...this.#names(name, path).map((one) => this.#anyOf(one, [value])));
  }

  /** The field, or all fields that the pattern fits. */
  #names(name: Literal, path: string): readonly string[] {
    if (name.kind !== 'wildcard') return [`${path}${this.#name(name, name.span)}`];
    const shown = `${path}${printLiteral(name)}`;
    if (this.#fields === undefined) {
      throw this.#unsupported(`a wildcard in a field name (${shown}) needs a list of fields.`, name.span);
    }
    const fits = new RegExp(`^${regexOf([path, ...name.pattern])}$`, 's');
    const names = [...this.#fields.names()].filter((one) => fits.test(one)).sort();
    if (names.length === 0) throw this.#unsupported(`no field has a name like ${shown}.`, name.span);
    return names;
  }

  #name(name: Literal, span: Span): string {
    if (name.kind === 'text') return name.value;
    if (name.kind === 'keyword' && name.value !== null) return String(name.value);
    throw this.#unsupported(`${printLiteral(name)} cannot name a field here.`, span);
  }

  /** Whether the field has any of the values. */
  #anyOf(name: string, values: readonly Literal[]): Condition {
    if (values.some(fitsAll)) return { kind: 'exists', operand: operandOf(name) };
    if (isTextField(name)) return this.#anyWord(name, values);
    const operand = operandOf(name);
    const ignoreCase = name.endsWith(CASELESS);
    const isIp = (this.#fields?.find(name)?.type ?? (/(?:^|[._])ip$/.test(name) ? 'ip' : undefined)) === 'ip';
    const ranges: string[] = [];
    const scalars: Scalar[] = [];
    const patterns: Pattern[] = [];
    for (const value of values) {
      if (value.kind === 'wildcard') {
        patterns.push(collapsed(value));
      } else {
        const text = this.#textOf(value);
        if (isIp && isAddress(text)) ranges.push(text);
        else scalars.push(...meanings(text));
      }
    }
    return or(
      ...(scalars.length > 0 ? [{ kind: 'oneOf', operand, values: scalars, ignoreCase } as const] : []),
      ...(patterns.length > 0 ? [{ kind: 'like', operand, patterns, ignoreCase } as const] : []),
      ...(ranges.length > 0 ? [{ kind: 'cidr', operand, ranges } as const] : []),
    );
  }

  #anyWord(name: string, values: readonly Literal[]): Condition {
    const pattern = wordPattern(name, values);
    if (pattern === undefined) return FALSE;
    return { kind: 'regex', operand: operandOf(name), patterns: [pattern], dialect: 're2', ignoreCase: true };
  }

  #textOf(value: Exclude<Literal, Wildcard>): string {
    if (value.value !== null) return String(value.value);
    throw this.#unsupported('null is no value to look for.', value.span, 'Write "not field: *".');
  }

  #range(node: Range, path: string): Condition {
    const { op, value } = node;
    if (value.kind !== 'text') {
      throw this.#unsupported(`a range needs a text or number, not ${printLiteral(value)}.`, value.span);
    }
    const number = numberOf(value.value);
    const bounds = number === undefined ? [value.value] : [value.value, number];
    return or(
      ...this.#names(node.field, path).flatMap((name) =>
        bounds.map(
          (bound): Condition => ({
            kind: 'compare',
            op,
            left: operandOf(name),
            right: literal(bound),
            ignoreCase: name.endsWith(CASELESS),
          }),
        ),
      ),
    );
  }

  /** A query with `not` could hold for an object that is not there, so one of its fields must be. */
  #nested(arg: Node, path: string): Condition {
    const inner = this.lower(arg, path);
    const seen = new Set<string>();
    const hasNot = this.#collect(arg, path, seen);
    if (!hasNot) return inner;
    return and(
      or(...[...seen].map((name): Condition => ({ kind: 'exists', operand: operandOf(name) }))),
      inner,
    );
  }

  #collect(node: Node, path: string, into: Set<string>): boolean {
    switch (node.kind) {
      case 'and':
      case 'or':
        return node.args.map((arg) => this.#collect(arg, path, into)).includes(true);
      case 'not':
        this.#collect(node.arg, path, into);
        return true;
      case 'is':
      case 'range':
        if (node.field !== null) for (const name of this.#names(node.field, path)) into.add(name);
        return false;
      case 'nested':
        return this.#collect(node.arg, `${path}${this.#name(node.path, node.path.span)}.`, into);
      default:
        return assertNever(node);
    }
  }

  #unsupported(message: string, span: Span, hint?: string): RuleError {
    return new RuleError(`Unsupported: ${message}`, {
      code: 'KQL_UNSUPPORTED',
      source: this.#source,
      span,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function operandOf(name: string): FieldRef {
  return field(name.endsWith(CASELESS) ? name.slice(0, -CASELESS.length) : name);
}

/** Wildcards next to each other are one. */
function collapsed({ pattern }: Wildcard): Pattern {
  return pattern.filter((part, i) => typeof part === 'string' || pattern[i - 1] !== ANYTHING);
}

function regexOf(pattern: Pattern): string {
  return pattern
    .map((part) => (typeof part === 'string' ? part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : '.*'))
    .join('');
}
