import {
  type Condition,
  type Event,
  type EventQuery,
  type Field,
  type Fields,
  field,
  literal,
  not,
  operandsOf,
  walk,
} from '../../rule/index.ts';
import type { Predicate } from '../condition/closure.ts';
import { compileTest } from '../condition/predicate.ts';
import { entriesOf } from './entries.ts';
import { EventKinds, KIND_FIELDS } from './event-kind.ts';
import type { Known } from './necessary.ts';
import type { Key } from './necessary-keys.ts';
import { createTextIndex, type TextIndex } from './text-index.ts';

export interface RuleIndexOptions {
  readonly fields: Fields;
  readonly categoryField: string;
}

/**
 * Finds the rules that an event may matter to, without asking them all.
 *
 * An event's kind leaves out the rules for other kinds. For the rest, what an event must have for a rule's
 * conditions to be true (`needsOf`) is looked up the other way round: each field that any rule needs is read once,
 * its texts are looked up among the keys of all rules, and a rule is a candidate when each set of one of
 * its alternatives was hit. Rules that need nothing that can be looked up are always candidates.
 *
 * Sound: a rule left out does not match. Looking up allocates nothing; what was hit is told from what was hit by
 * an earlier event by its number.
 */
export class RuleIndex {
  private readonly kinds: EventKinds<Plan>;
  private readonly general: () => Plan;
  private anyKind: Plan | null = null;

  constructor(queries: readonly EventQuery[], options: RuleIndexOptions) {
    const conditions = queries.map((query) => conditionOf(query, options));
    const tests = new KindTests(conditions, kindFields(options), options.fields);
    const plan = (known: Known): Plan => new Plan(conditions, options.fields, known);
    this.kinds = new EventKinds(kindFields(options), (kind) => plan(tests.knownOf(kind)));
    this.general = () => plan(() => undefined);
  }

  /** The numbers of the candidates, ascending; good until the next call. */
  candidates(event: Event): readonly number[] {
    const plan = this.kinds.find(event) ?? this.planOfAnyKind();
    return plan.candidates(event);
  }

  private planOfAnyKind(): Plan {
    this.anyKind ??= this.general();
    return this.anyKind;
  }
}

function conditionOf({ category, condition }: EventQuery, { categoryField }: RuleIndexOptions): Condition {
  if (category === null) return condition;
  const left = field(categoryField);
  const isCategory: Condition = {
    kind: 'compare',
    op: 'eq',
    left,
    right: literal(category),
    ignoreCase: false,
  };
  return { kind: 'and', args: [isCategory, condition] };
}

function kindFields({ fields, categoryField }: RuleIndexOptions): readonly Field[] {
  const names = new Set([categoryField, ...KIND_FIELDS]);
  return [...names].map((name) => fields.find(name)).filter((one) => one !== undefined);
}

/** The tests that an event's kind decides: those that ask fields of the kind alone, and fields that no event has. */
class KindTests {
  private readonly numbers = new Map<Condition, number>();
  private readonly tests: { readonly yes: Predicate; readonly no: Predicate }[] = [];

  constructor(conditions: readonly Condition[], kind: readonly Field[], fields: Fields) {
    const ofKind = new Set(kind.map(({ name }) => name));
    const byText = new Map<string, number>();
    const decided = (condition: Condition): boolean =>
      operandsOf(condition).length > 0 &&
      operandsOf(condition).every(
        (operand) =>
          operand.kind === 'literal' ||
          (operand.kind === 'field' && (ofKind.has(operand.name) || fields.find(operand.name) === undefined)),
      );
    const add = (condition: Condition): void => {
      if (!decided(condition)) return;
      const text = JSON.stringify(condition, (_, value: unknown) =>
        typeof value === 'bigint' || typeof value === 'number' ? `${typeof value} ${value}` : value,
      );
      let number = byText.get(text);
      if (number === undefined) {
        number = this.tests.length;
        const [yes, no] = [compileTest(condition, fields), compileTest(not(condition), fields)];
        this.tests.push({ yes: yes.test, no: no.test });
        byText.set(text, number);
      }
      this.numbers.set(condition, number);
    };
    for (const condition of conditions) walk(condition, add);
  }

  knownOf(kind: Event): Known {
    const truths = this.tests.map(({ yes, no }) => (yes(kind) ? true : no(kind) ? false : null));
    return (condition) => {
      const number = this.numbers.get(condition);
      return number === undefined ? undefined : truths[number];
    };
  }
}

/** Bits of a code that say which set of its entry it is of. */
const SET_BITS = 2;
const SET_MASK = 3;
const LAST_TURN = 0x3fff_ffff;

/** The index for one kind of event. An entry is one alternative of one rule. */
class Plan {
  private readonly always: readonly number[];
  private readonly slots: readonly number[];
  private readonly indexes: readonly TextIndex[];
  /** By entry: the sets that must be hit, the rule, the turn in which one was hit last, those hit in it. */
  private readonly wanted: Uint8Array;
  private readonly queryOf: Int32Array;
  private readonly turnOf: Int32Array;
  private readonly hit: Uint8Array;
  /** By rule: the turn in which it was found last. */
  private readonly foundIn: Int32Array;
  private readonly found: number[] = [];
  private turn = 0;

  constructor(queries: readonly Condition[], fields: Fields, known: Known) {
    const { always, entries } = entriesOf(queries, fields, known);
    const bySlot = new Map<number, (readonly [Key, number])[]>();
    for (const [entry, { sets }] of entries.entries()) {
      for (const [number, { keys }] of sets.entries()) {
        for (const key of keys) {
          const list = bySlot.get(key.slot) ?? [];
          bySlot.set(key.slot, list);
          list.push([key, (entry << SET_BITS) | number]);
        }
      }
    }
    this.always = always;
    this.slots = [...bySlot.keys()];
    this.indexes = [...bySlot.values()].map((keys) => createTextIndex(keys));
    this.wanted = Uint8Array.from(entries, ({ sets }) => (1 << sets.length) - 1);
    this.queryOf = Int32Array.from(entries, ({ query }) => query);
    this.turnOf = new Int32Array(entries.length);
    this.hit = new Uint8Array(entries.length);
    this.foundIn = new Int32Array(queries.length);
  }

  candidates(event: Event): readonly number[] {
    if (this.slots.length === 0) return this.always;
    this.nextTurn();
    const { found } = this;
    found.length = 0;
    for (let i = 0; i < this.slots.length; i += 1) {
      this.indexes[i]!.lookUp(event.get(this.slots[i]!), this.visit);
    }
    if (found.length === 0) return this.always;
    for (const query of this.always) found.push(query);
    return found.length === 1 ? found : found.sort(ascending);
  }

  private nextTurn(): void {
    this.turn += 1;
    if (this.turn < LAST_TURN) return;
    this.turnOf.fill(0);
    this.foundIn.fill(0);
    this.turn = 1;
  }

  private readonly visit = (codes: readonly number[]): void => {
    const { turn, turnOf, hit, wanted } = this;
    for (let i = 0; i < codes.length; i += 1) {
      const code = codes[i]!;
      const entry = code >> SET_BITS;
      const before = turnOf[entry] === turn ? hit[entry]! : 0;
      const after = before | (1 << (code & SET_MASK));
      turnOf[entry] = turn;
      hit[entry] = after;
      if (after === wanted[entry]) this.find(this.queryOf[entry]!);
    }
  };

  private find(query: number): void {
    if (this.foundIn[query] === this.turn) return;
    this.foundIn[query] = this.turn;
    this.found.push(query);
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
