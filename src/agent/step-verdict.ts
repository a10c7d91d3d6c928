import { and, type Condition, type EventQuery, field, fieldsOf, literal } from '../rule/index.ts';
import { canHold, type Schema, switchesFor, type TableSpec } from '../schema/index.ts';
import { type Block, blame, namesOf, noEvent, reasonOf, shown, whyMissing } from './blame.ts';
import { forPlatform } from './for-platform.ts';

/** What osquery's event tables on a platform can show of one event that a rule asks for. */
export interface StepVerdict {
  /** Whether the rule is meant for the platform, by what it asks of `host.os.type`. */
  readonly meant: boolean;
  /** The tables whose events can pass, those that lose least first. None: the rule can never find the event. */
  readonly tables: readonly TableSpec[];
  /** Why there is no table. */
  readonly blocks: readonly Block[];
  /** What is not found, or found beyond what is meant, a sentence each. */
  readonly caveats: readonly string[];
  /** The flags without which the first table has none of the events. */
  readonly flags: readonly string[];
  /** Every field that the event is asked for on this platform. */
  readonly fields: readonly string[];
}

/**
 * Finds the tables that can show an event. `required` are fields that it must have besides: keys of a sequence,
 * of a threshold, new terms. docs/decisions/2026-11-24-missing-fields.md says what a missing field means.
 */
export function judgeStep(event: EventQuery, required: readonly string[], schema: Schema): StepVerdict {
  const asked = forPlatform(withRequired(event, required), schema);
  const fields = [...fieldsOf(asked).keys()];
  const nothing = { meant: true, tables: [], caveats: [], flags: [], fields };
  if (asked.kind === 'constant' && asked.value !== true) {
    const block = { subject: 'host.os.type', reason: 'it is for another system.', elsewhere: false };
    return { ...nothing, meant: false, blocks: [block] };
  }
  const candidates = schema.tablesOf(event.category);
  if (candidates.length === 0) {
    const subject = `event.category == "${event.category}"`;
    return { ...nothing, blocks: [{ subject, reason: noEvent([], schema), elsewhere: false }] };
  }
  const tables = generalOf(candidates.filter((table) => canHold(asked, table)));
  if (tables.length === 0) return { ...nothing, blocks: blame(asked, candidates, schema) };
  const losses = lossesOf(asked, { tables, candidates, schema });
  const best = byLoss(tables, (table) => [
    losses.filter(({ where }) => where.includes(table)).length,
    event.category === null || table.categories[0] === event.category ? 0 : 1,
    fields.filter((name) => (table.fields.get(name)?.fidelity ?? 'exact') !== 'exact').length,
    table.flags.length,
  ]);
  const switched = best.map((table) => ({ table, switches: switchesFor(asked, table) }));
  return {
    ...nothing,
    tables: best,
    blocks: [],
    caveats: [...told(losses, best), ...switched.flatMap(partlySwitched)],
    flags: [...best[0]!.flags, ...switched[0]!.switches.filter(({ only }) => only).map(({ flag }) => flag)],
  };
}

/** Without the tables of special events, unless there are no others: the event is of their kind. */
function generalOf(tables: readonly TableSpec[]): readonly TableSpec[] {
  const general = tables.filter(({ special }) => !special);
  return general.length > 0 ? general : tables;
}

/** The tables in order of what they lose, the first number counting most. */
function byLoss(
  tables: readonly TableSpec[],
  lossOf: (table: TableSpec) => readonly number[],
): readonly TableSpec[] {
  const losses = new Map(tables.map((table) => [table, lossOf(table)]));
  return tables.toSorted((a, b) => {
    const [left, right] = [losses.get(a)!, losses.get(b)!];
    const at = left.findIndex((loss, index) => loss !== right[index]);
    return at < 0 ? 0 : left[at]! - right[at]!;
  });
}

interface Switched {
  readonly table: TableSpec;
  readonly switches: ReturnType<typeof switchesFor>;
}

function partlySwitched({ table, switches }: Switched): readonly string[] {
  return switches
    .filter(({ only }) => !only)
    .map(({ flag }) => `Some of the events come from ${table.name} with ${flag} only.`);
}

function withRequired({ category, condition }: EventQuery, required: readonly string[]): Condition {
  const isThere = required.map((name): Condition => ({ kind: 'exists', operand: field(name) }));
  if (category === null) return and(condition, ...isThere);
  const [left, right] = [field('event.category'), literal(category)];
  return and({ kind: 'compare', op: 'eq', left, right, ignoreCase: false }, condition, ...isThere);
}

/** What a missing field changes: an alternative that never holds, an exclusion that never applies. */
interface Loss {
  readonly kind: 'never' | 'more' | 'fewer';
  /** The fields, or the alternative's own text. */
  readonly what: string;
  readonly why: string;
  readonly where: readonly TableSpec[];
}

interface Live {
  /** The tables that can show the event, and all that have events of its category. */
  readonly tables: readonly TableSpec[];
  readonly candidates: readonly TableSpec[];
  readonly schema: Schema;
}

function lossesOf(condition: Condition, { tables, candidates, schema }: Live): readonly Loss[] {
  const losses: Loss[] = [];
  const visit = (inner: Condition, nots: number): void => {
    switch (inner.kind) {
      case 'or':
      case 'and':
        for (const arg of inner.args) {
          if (inner.kind === 'or' && nots === 0 && !tables.some((table) => canHold(arg, table))) {
            const why = blame(arg, candidates, schema).map(reasonOf).join(' ');
            losses.push({ kind: 'never', what: shown(arg), why, where: tables });
          } else visit(arg, nots);
        }
        return;
      case 'not':
        visit(inner.arg, nots + 1);
        return;
      case 'definite':
        visit(inner.arg, nots);
        return;
      default:
        if (nots === 0) return;
        for (const name of fieldsOf(inner).keys()) {
          const where = tables.filter((table) => !table.fields.has(name));
          if (where.length === 0) continue;
          const why = whyMissing(name, where, schema);
          losses.push({ kind: nots % 2 === 1 ? 'more' : 'fewer', what: name, why, where });
        }
    }
  };
  visit(condition, 0);
  return losses;
}

/** One sentence for all fields that are lost in the same way. */
function told(losses: readonly Loss[], tables: readonly TableSpec[]): readonly string[] {
  const groups = Map.groupBy(losses, ({ kind, why, where }) => `${kind} ${why} ${namesOf(where)}`);
  return [...groups.values()].map((group) => {
    const { kind, why, where } = group[0]!;
    const what = [...new Set(group.map((loss) => loss.what))].join(', ');
    const place = where.length === tables.length ? '' : `On ${namesOf(where)}: `;
    const effect = {
      never: 'This alternative never holds.',
      more: 'What the rule excludes by it matches too.',
      fewer: 'Events that it would let match do not.',
    }[kind];
    return kind === 'never' && why.startsWith(`${what}: `)
      ? `${place}${why} ${effect}`
      : `${place}${what}: ${why} ${effect}`;
  });
}
