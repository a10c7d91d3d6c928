import { type Condition, type Event, walk } from '../../rule/index.ts';
import type { AlikeConditions } from './alike.ts';
import { ALWAYS, type Costed, NEVER, type Predicate } from './closure.ts';

/**
 * Tests that several rules have in common (`process.parent.name in ("bash", "sh", …)`) are compiled once and asked
 * at most once of an event.
 *
 * An answer is kept until the next turn, for the event of the turn alone: a machine that tests an older event in
 * between asks anew, and what an event says may change from one turn to the next.
 */
export class SharedTests {
  private readonly alike: AlikeConditions;
  /** By number: how often the condition occurs, and what was made of it. */
  private readonly uses: number[] = [];
  private readonly known = { true: new Map<number, Costed>(), false: new Map<number, Costed>() };
  private event: Event | null = null;
  private turn = 0;

  constructor(conditions: Iterable<Condition>, alike: AlikeConditions) {
    this.alike = alike;
    for (const condition of conditions) walk(condition, (inner) => this.use(inner));
  }

  /** Begins a turn: answers for this event are remembered until the turn ends. */
  begin(event: Event): void {
    this.event = event;
    this.turn += 1;
  }

  end(): void {
    this.event = null;
  }

  /** The compiled side of a condition; made by `make`, once for all that are alike, when it is common. */
  side(condition: Condition, side: boolean, make: () => Costed): Costed {
    const number = this.alike.numberOf(condition);
    if (condition.kind === 'constant' || (this.uses[number] ?? 0) < 2) return make();
    const made = this.known[`${side}`];
    let one = made.get(number);
    if (one === undefined) {
      const { test, cost } = make();
      const constant = test === ALWAYS || test === NEVER;
      one = constant ? { test, cost } : { test: this.remembering(test), cost: cost / 2 };
      made.set(number, one);
    }
    return one;
  }

  private remembering(test: Predicate): Predicate {
    let answeredIn = 0;
    let answer = false;
    return (event) => {
      if (event !== this.event) return test(event);
      if (answeredIn !== this.turn) {
        answer = test(event);
        answeredIn = this.turn;
      }
      return answer;
    };
  }

  private use(condition: Condition): void {
    const number = this.alike.numberOf(condition);
    this.uses[number] = (this.uses[number] ?? 0) + 1;
  }
}
