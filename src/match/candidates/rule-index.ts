import {
  type Condition,
  type Event,
  type EventQuery,
  type Field,
  type Fields,
  type Frame,
  field,
  literal,
  not,
  operandsOf,
  walk,
} from '../../rule/index.ts';
import type { AlikeConditions } from '../condition/alike.ts';
import type { Predicate } from '../condition/closure.ts';
import { compileTest } from '../condition/predicate.ts';
import { asksOnly, weaken } from '../condition/weaken.ts';
import { ByNumber } from './by-number.ts';
import { EventKinds, KIND_FIELDS } from './event-kind.ts';
import type { Known } from './necessary.ts';
import { type Candidates, Plan } from './plan.ts';

export interface RuleIndexOptions {
  readonly fields: Fields;
  readonly categoryField: string;
  readonly alike: AlikeConditions;
}

/**
 * Finds the rules that an event may matter to, without asking them all.
 *
 * An event's kind leaves out the rules for other kinds. For the rest, what an event must have for a rule's
 * conditions to be true (`needsOf`) is looked up the other way round: each field that any rule needs is read once,
 * its texts are looked up among the keys of all rules, and a rule is a candidate when each set of one of
 * its alternatives was hit. Rules that need nothing that can be looked up are always candidates.
 *
 * For events of a known frame only command lines are looked up, and only for the rules that the rest leaves open.
 *
 * Sound: a rule left out does not match. Looking up allocates nothing; what was hit is told from what was hit by
 * an earlier event by its number.
 */
export class RuleIndex {
  private readonly kinds: EventKinds<Plan>;
  /** What is known of frames; null for those of which one event came. */
  private readonly frames = new ByNumber<Frame, Candidates | null>();
  private readonly conditions: readonly Condition[];
  private readonly fields: Fields;
  private readonly weakTests: (Predicate | undefined)[] = [];
  private readonly general: () => Plan;
  private anyKind: Plan | null = null;

  constructor(queries: readonly EventQuery[], options: RuleIndexOptions) {
    this.conditions = queries.map((query) => conditionOf(query, options));
    this.fields = options.fields;
    const tests = new KindTests(this.conditions, kindFields(options), options);
    const plan = (known: Known): Plan => new Plan(this.conditions, options.fields, known);
    this.kinds = new EventKinds(kindFields(options), (kind) => plan(tests.knownOf(kind)));
    this.general = () => plan(() => undefined);
  }

  /** The numbers of the candidates, ascending; good until the next call. */
  candidates(event: Event, frame: Frame | null): readonly number[] {
    if (frame === null) return this.planOf(event).candidates(event);
    const known = this.frames.get(frame);
    if (known !== null && known !== undefined) return known.candidates(event);
    const plan = this.planOf(event);
    // Where every event has another frame, as with working directories of a moment, knowing them is worth nothing.
    const made = known === undefined ? null : plan.within(event, (query) => this.weakTest(query)(event));
    this.frames.set(frame, made);
    return (made ?? plan).candidates(event);
  }

  private planOf(event: Event): Plan {
    return this.kinds.find(event) ?? this.planOfAnyKind();
  }

  private planOfAnyKind(): Plan {
    this.anyKind ??= this.general();
    return this.anyKind;
  }

  /** What says no of an event says no of all that have its frame. */
  private weakTest(query: number): Predicate {
    const known = this.weakTests[query];
    if (known !== undefined) return known;
    const isSteady = ({ ofTheMoment, ofTheLine }: Field): boolean =>
      ofTheMoment !== true && ofTheLine !== true;
    const weak = weaken(this.conditions[query]!, (one) => asksOnly(one, this.fields, isSteady));
    const { test } = compileTest(weak, this.fields);
    this.weakTests[query] = test;
    return test;
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

  constructor(conditions: readonly Condition[], kind: readonly Field[], { fields, alike }: RuleIndexOptions) {
    const ofKind = new Set(kind.map(({ name }) => name));
    const bySame = new Map<number, number>();
    const decided = (condition: Condition): boolean =>
      operandsOf(condition).length > 0 &&
      operandsOf(condition).every(
        (operand) =>
          operand.kind === 'literal' ||
          (operand.kind === 'field' && (ofKind.has(operand.name) || fields.find(operand.name) === undefined)),
      );
    const add = (condition: Condition): void => {
      if (!decided(condition)) return;
      const same = alike.numberOf(condition);
      let number = bySame.get(same);
      if (number === undefined) {
        number = this.tests.length;
        const [yes, no] = [compileTest(condition, fields), compileTest(not(condition), fields)];
        this.tests.push({ yes: yes.test, no: no.test });
        bySame.set(same, number);
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
