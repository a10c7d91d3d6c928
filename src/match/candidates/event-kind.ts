import type { Event, Field, Value } from '../../rule/index.ts';
import { isList } from '../condition/closure.ts';

/**
 * Fields that say what kind of event it is. They have few values, and nearly every rule asks for some of them, so
 * the rules that a kind rules out are found once for the kind, not for each event.
 */
export const KIND_FIELDS: readonly string[] = [
  ...['event.action', 'event.type', 'event.category', 'event.outcome', 'event.kind'],
  ...['host.os.type', 'data_stream.dataset', 'event.dataset', 'event.module', 'auditd.data.syscall'],
];

/** The most values that are told apart in one field, and the most kinds in all. */
const MOST_VALUES = 64;
const MOST_KINDS = 128;
const MOST_RECENT = 4;
/** A kind's values are short; a longer text is no kind's. */
const LONGEST_VALUE = 64;

interface Node<Plan> {
  readonly byValue: Map<Value, Node<Plan>>;
  readonly byText: Map<string, Node<Plan>>;
  plan: Plan | null;
}

/**
 * Remembers something for each kind of event: a tree of maps, a level for each field. Lists are known by identity
 * where a schema gives the same list each time, else by what they hold. Bounded: an event beyond the bounds has
 * no kind.
 */
export class EventKinds<Plan> {
  private readonly slots: readonly number[];
  private readonly make: (kind: Event) => Plan;
  private readonly root: Node<Plan> = newNode();
  /** The kinds of the last events, known again by values that are the very same: most streams are of few kinds. */
  private readonly recent: { readonly values: readonly Value[]; readonly plan: Plan }[] = [];
  private next = 0;
  private count = 0;

  constructor(fields: readonly Field[], make: (kind: Event) => Plan) {
    this.slots = fields.map(({ slot }) => slot);
    this.make = make;
  }

  /** What was made for the event's kind; null when there are too many kinds. */
  find(event: Event): Plan | null {
    for (let i = 0; i < this.recent.length; i += 1) {
      const { values, plan } = this.recent[i]!;
      if (this.has(event, values)) return plan;
    }
    const plan = this.search(event);
    if (plan !== null) this.remember(event, plan);
    return plan;
  }

  private has(event: Event, values: readonly Value[]): boolean {
    for (let i = 0; i < values.length; i += 1) if (event.get(this.slots[i]!) !== values[i]) return false;
    return true;
  }

  /** In the place of the one remembered longest ago. */
  private remember(event: Event, plan: Plan): void {
    this.recent[this.next] = { values: this.slots.map((slot) => event.get(slot)), plan };
    this.next = (this.next + 1) % MOST_RECENT;
  }

  private search(event: Event): Plan | null {
    let node = this.root;
    for (let i = 0; i < this.slots.length; i += 1) {
      const value = event.get(this.slots[i]!);
      const next = node.byValue.get(value) ?? this.nodeOf(node, value);
      if (next === null) return null;
      node = next;
    }
    if (node.plan !== null) return node.plan;
    if (this.count >= MOST_KINDS) return null;
    this.count += 1;
    node.plan = this.make(this.sample(event));
    return node.plan;
  }

  private nodeOf(node: Node<Plan>, value: Value): Node<Plan> | null {
    const text = textOf(value);
    if (text === null) return null;
    const known = node.byText.get(text);
    if (known === undefined && (node.byText.size >= MOST_VALUES || this.count >= MOST_KINDS)) return null;
    const next = known ?? newNode();
    node.byText.set(text, next);
    if (node.byValue.size < MOST_VALUES) node.byValue.set(value, next);
    return next;
  }

  /** An event that has the kind's values and nothing else. */
  private sample(event: Event): Event {
    const values = new Map(this.slots.map((slot) => [slot, event.get(slot)]));
    return { timeMs: 0, rank: 0, serial: 0, get: (slot) => values.get(slot) ?? null };
  }
}

function newNode<Plan>(): Node<Plan> {
  return { byValue: new Map(), byText: new Map(), plan: null };
}

/** Tells values apart, their types too; null for what is too long for a kind. */
function textOf(value: Value): string | null {
  const parts = isList(value) ? value : [value];
  if (parts.length > MOST_VALUES) return null;
  const texts = parts.map((part) => `${typeof part} ${part}`);
  return texts.some(({ length }) => length > LONGEST_VALUE) ? null : texts.join('\n');
}
