import type { Condition, Operand, Pattern, Rule, Scalar } from '../../src/rule/index.ts';
import type { TableSpec } from '../../src/schema/index.ts';
import type { Cell, Row } from './arbitrary.ts';
import { randomRows, stored } from './rows.ts';
import { eventsOf } from './rule-pairs.ts';

/** A number from 0 on below the given one. */
type Random = (below: number) => number;

interface Wish {
  readonly field: string;
  readonly value: Scalar;
}

/**
 * Rows that rules ask for, about: texts and numbers of a rule's own tests where its fields come from, the rest at
 * random. Most nearly match, and many do, where rows made at random never would.
 */
export function witnessRows(
  rules: readonly Rule[],
  table: TableSpec,
  count: number,
  seed: number,
): readonly Row[] {
  const random = seeded(seed);
  const base = randomRows(table, count, seed);
  return base.map((row) => {
    const events = eventsOf(rules[random(rules.length)]!.query);
    const wishes: Wish[] = [];
    wish(events[random(events.length)]!.condition, random, wishes);
    return granted(row, wishes, { table, random });
  });
}

function seeded(seed: number): Random {
  let state = (seed * 2654435761) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Collects what would make a condition true, as far as one test after the other tells. */
function wish(condition: Condition, random: Random, wishes: Wish[]): void {
  const add = (operand: Operand, values: readonly (Scalar | null)[]): void => {
    const value = values[random(values.length)];
    if (operand.kind === 'field' && value !== undefined && value !== null)
      wishes.push({ field: operand.name, value });
  };
  switch (condition.kind) {
    case 'and':
      for (const arg of condition.args) wish(arg, random, wishes);
      return;
    case 'or':
      wish(condition.args[random(condition.args.length)]!, random, wishes);
      return;
    case 'definite':
      wish(condition.arg, random, wishes);
      return;
    case 'not':
      // Now and then what must not be, so that rows are near on that side, too.
      if (random(8) === 0) wish(condition.arg, random, wishes);
      return;
    case 'compare':
      if (condition.right.kind === 'literal')
        add(condition.left, [cased(condition.right.value, condition.ignoreCase, random)]);
      return;
    case 'oneOf':
      add(
        condition.operand,
        condition.values.map((value) => cased(value, condition.ignoreCase, random)),
      );
      return;
    case 'like':
      add(
        condition.operand,
        condition.patterns.map((pattern) => cased(filled(pattern, random), condition.ignoreCase, random)),
      );
      return;
    case 'regex':
      add(
        condition.operand,
        condition.patterns.map((pattern) => pattern.replace(/\\(.)|[()?+*]|\|.*$|\[[^\]]*\]/g, '$1')),
      );
      return;
    case 'cidr':
      add(
        condition.operand,
        condition.ranges.map((range) => range.replace(/\/.*$/, '')),
      );
      return;
    case 'truthy': {
      const { operand } = condition;
      const [of, ...literals] = operand.kind === 'call' ? operand.args : [operand];
      const texts = literals.flatMap((one) => (one.kind === 'literal' ? [one.value] : []));
      if (of !== undefined) add(of, texts.length === 0 ? [true] : texts);
      return;
    }
    default:
      return;
  }
}

function cased(value: Scalar | null, ignoreCase: boolean, random: Random): Scalar | null {
  if (!ignoreCase || typeof value !== 'string' || random(2) === 0) return value;
  return random(2) === 0 ? value.toUpperCase() : value.toLowerCase();
}

const FILLINGS = ['', '', 'x', '/y', ' z ', '.1', 'é'];

function filled(pattern: Pattern, random: Random): string {
  return pattern
    .map((part) =>
      typeof part === 'string' ? part : part.wild === 'anyOne' ? 'q' : FILLINGS[random(FILLINGS.length)]!,
    )
    .join('');
}

interface Making {
  readonly table: TableSpec;
  readonly random: Random;
}

/** The row with the wishes in the columns that their fields come from. */
function granted(row: Row, wishes: readonly Wish[], { table, random }: Making): Row {
  const made: Record<string, string> = {};
  const words: string[] = [];
  for (const { field, value } of wishes) {
    const derivation = table.fields.get(field)?.derivation;
    const text = String(value);
    if (derivation === undefined) continue;
    if (derivation.kind === 'column') made[derivation.column] = text;
    if (derivation.kind === 'cases') {
      const fitting = Object.entries(derivation.cases).filter(([, one]) => [one].flat().includes(value));
      const [chosen] = fitting[random(fitting.length || 1)] ?? [];
      if (chosen !== undefined) made[derivation.column] = chosen;
    }
    if (derivation.kind !== 'computed') continue;
    const own = table.columns.find(
      ({ name, type }) => derivation.columns.includes(name) && type === 'TEXT',
    )?.name;
    if (/\.args$/.test(field)) words.splice(random(words.length + 1), 0, text);
    else if (/\.(command_line|title)$/.test(field)) made['cmdline'] = text;
    else if (field === 'process.name' && 'cmdline' in row && random(3) === 0) made['cmdline'] ??= text;
    else if (own !== undefined) made[own] = pathFor(field, text, made[own]);
  }
  if (words.length > 0)
    made['cmdline'] = [made['cmdline'] ?? nameIn(made['path']) ?? 'sh', ...words].join(' ');
  return { ...row, ...known(stored(made, table), table) };
}

function pathFor(field: string, text: string, before: string | undefined): string {
  if (/\.name$/.test(field)) return before?.endsWith('/') ? `${before}${text}` : `/usr/bin/${text}`;
  if (/\.extension$/.test(field)) return `${before ?? '/tmp/x'}.${text}`;
  if (/\.directory$/.test(field)) return `${text}/`;
  return text;
}

function nameIn(path: string | undefined): string | undefined {
  return path?.split('/').at(-1);
}

/** Numbers that are none are left as they were. */
function known(row: Row, table: TableSpec): Record<string, Cell> {
  const names = new Set(table.columns.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(row).filter(([name, cell]) => names.has(name) && !Number.isNaN(cell)),
  );
}
