import { foldCase, type Value } from '../rule/index.ts';
import { type Automaton, createAutomaton, type Place } from './automaton.ts';
import { isList } from './closure.ts';
import type { Key } from './necessary.ts';
import type { KeyKind } from './selectivity.ts';

/** What stands behind a key: codes that mean something to whoever put them in. */
type Codes = readonly number[];

const PLACES: Readonly<Record<Exclude<KeyKind, 'is'>, Place>> = {
  starts: 'fromStart',
  ends: 'fromEnd',
  has: 'anywhere',
};

/** Answers are remembered for short texts, which come again and again (names, paths), so many at a time. */
const LONGEST_REMEMBERED = 100;
const MOST_REMEMBERED = 4096;
const NONE = new Int32Array(0);

/** The keys of one field, and the codes behind them: a hash table, two tries and one automaton. */
export class TextIndex {
  private readonly plain: Matcher | null;
  private readonly folded: Matcher | null;
  private remembered = new Map<string, Int32Array>();

  constructor(keys: readonly (readonly [Key, number])[]) {
    this.plain = matcherOf(keys.filter(([{ folded }]) => !folded));
    this.folded = matcherOf(keys.filter(([{ folded }]) => folded));
  }

  /** Calls back with lists of codes of all keys that a value has; a code may come more than once. */
  lookUp(value: Value, visit: (codes: Int32Array) => void): void {
    if (typeof value === 'string') {
      const codes = this.codesOf(value);
      if (codes.length > 0) visit(codes);
    } else if (isList(value)) {
      for (let i = 0; i < value.length; i += 1) {
        const one = value[i];
        if (typeof one !== 'string') continue;
        const codes = this.codesOf(one);
        if (codes.length > 0) visit(codes);
      }
    }
  }

  private codesOf(text: string): Int32Array {
    if (text.length > LONGEST_REMEMBERED) return this.search(text);
    const known = this.remembered.get(text);
    if (known !== undefined) return known;
    const codes = this.search(text);
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered = new Map();
    this.remembered.set(text, codes);
    return codes;
  }

  private search(text: string): Int32Array {
    const found = new Set<number>();
    const add = (codes: Codes): void => {
      for (const code of codes) found.add(code);
    };
    this.plain?.find(text, add);
    this.folded?.find(foldCase(text), add);
    return found.size === 0 ? NONE : Int32Array.from(found);
  }
}

function matcherOf(keys: readonly (readonly [Key, number])[]): Matcher | null {
  return keys.length === 0 ? null : new Matcher(keys);
}

class Matcher {
  private readonly exact = new Map<string, number[]>();
  private readonly automata: readonly { readonly automaton: Automaton; readonly codes: readonly Codes[] }[];

  constructor(keys: readonly (readonly [Key, number])[]) {
    const partial = new Map<KeyKind, Map<string, number[]>>();
    for (const [{ kind, text }, code] of keys) {
      if (kind === 'is') put(this.exact, text, code);
      else {
        const byText = partial.get(kind) ?? new Map<string, number[]>();
        partial.set(kind, byText);
        put(byText, text, code);
      }
    }
    this.automata = [...partial].map(([kind, byText]) => ({
      automaton: createAutomaton([...byText.keys()], PLACES[kind as keyof typeof PLACES]),
      codes: [...byText.values()],
    }));
  }

  find(text: string, add: (codes: Codes) => void): void {
    const exact = this.exact.get(text);
    if (exact !== undefined) add(exact);
    for (const { automaton, codes } of this.automata) automaton.scan(text, (pattern) => add(codes[pattern]!));
  }
}

function put(map: Map<string, number[]>, text: string, code: number): void {
  const known = map.get(text);
  if (known === undefined) map.set(text, [code]);
  else known.push(code);
}
