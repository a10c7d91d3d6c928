import { foldCase, type Scalar, type Value } from '../rule/index.ts';
import { type Automaton, createAutomaton, type Place } from './automaton.ts';
import { isList } from './closure.ts';
import type { Key } from './necessary.ts';
import type { KeyKind } from './selectivity.ts';

/** A key of some entry; the code means something to whoever put it in. */
export type Coded = readonly [key: Key, code: number];

/** Told the codes of the keys that a text has; a code may come more than once. */
export type Visit = (codes: Int32Array) => void;

const PLACES: Readonly<Record<Exclude<KeyKind, 'is'>, Place>> = {
  starts: 'fromStart',
  ends: 'fromEnd',
  has: 'anywhere',
};

/** Answers are remembered for short texts, as names and paths come again and again; so many at a time. */
const LONGEST_REMEMBERED = 100;
const MOST_REMEMBERED = 4096;
const NONE = new Int32Array(0);

/**
 * The keys of one field and the codes behind them: a hash table for whole texts, and for beginnings, ends and parts
 * a trie each way and one automaton. Those three are told no cases apart, so that a text is folded and scanned
 * once; they find some more than there is, which the rules then refuse.
 */
export class TextIndex {
  private readonly exact: Exact | null;
  private readonly folded: Exact | null;
  private readonly parts: readonly Parts[];
  /** No longer text is a key as a whole. */
  private readonly longest: number;
  private remembered = new Map<string, Int32Array>();
  private lastText = '';
  private lastTextCodes: Int32Array = NONE;
  private lastList: readonly Scalar[] | null = null;
  private lastListCodes: Int32Array = NONE;
  private readonly scratch: number[] = [];

  constructor(keys: readonly Coded[]) {
    this.exact = exactOf(keys.filter(([{ kind, folded }]) => kind === 'is' && !folded));
    this.folded = exactOf(keys.filter(([{ kind, folded }]) => kind === 'is' && folded));
    this.parts = (['starts', 'ends', 'has'] as const)
      .map((kind) => partsOf(keys, kind))
      .filter((one) => one !== null);
    this.longest = keys.reduce((most, [{ text }]) => Math.max(most, text.length), 0);
  }

  lookUp(value: Value, visit: Visit): void {
    if (value === null) return;
    const codes = isList(value)
      ? this.codesOfList(value)
      : typeof value === 'string'
        ? this.codesOf(value)
        : NONE;
    if (codes.length > 0) visit(codes);
  }

  /** A parent's arguments are the same list for all of its children, which often come one after the other. */
  private codesOfList(list: readonly Scalar[]): Int32Array {
    if (list === this.lastList) return this.lastListCodes;
    let all: number[] | null = null;
    let only: Int32Array = NONE;
    for (let i = 0; i < list.length; i += 1) {
      const one = list[i];
      if (typeof one !== 'string') continue;
      const codes = this.codesOf(one);
      if (codes.length === 0) continue;
      if (all === null && only.length === 0) only = codes;
      else {
        all ??= [...only];
        for (let j = 0; j < codes.length; j += 1) all.push(codes[j]!);
      }
    }
    const codes = all === null ? only : Int32Array.from(all);
    this.lastList = list;
    this.lastListCodes = codes;
    return codes;
  }

  private codesOf(text: string): Int32Array {
    if (text.length > LONGEST_REMEMBERED) return this.codesOfLong(text);
    const known = this.remembered.get(text);
    if (known !== undefined) return known;
    const codes = this.search(text);
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered = new Map();
    this.remembered.set(text, codes);
    return codes;
  }

  /** A parent's command line is the same for all of its children. */
  private codesOfLong(text: string): Int32Array {
    if (this.parts.length === 0 && text.length > this.longest) return NONE;
    if (text === this.lastText) return this.lastTextCodes;
    this.lastTextCodes = this.search(text);
    this.lastText = text;
    return this.lastTextCodes;
  }

  private search(text: string): Int32Array {
    const found = this.scratch;
    found.length = 0;
    if (text.length <= this.longest) {
      this.exact?.find(text, found);
      this.folded?.find(foldCase(text), found);
    }
    for (const part of this.parts) part.find(text, found);
    return found.length === 0 ? NONE : Int32Array.from(found);
  }
}

function exactOf(keys: readonly Coded[]): Exact | null {
  return keys.length === 0 ? null : new Exact(keys);
}

/** Whole texts. */
class Exact {
  private readonly codes = new Map<string, number[]>();

  constructor(keys: readonly Coded[]) {
    for (const [{ text }, code] of keys) put(this.codes, text, code);
  }

  find(text: string, found: number[]): void {
    const codes = this.codes.get(text);
    if (codes !== undefined) for (let i = 0; i < codes.length; i += 1) found.push(codes[i]!);
  }
}

function partsOf(keys: readonly Coded[], wanted: keyof typeof PLACES): Parts | null {
  const codes = new Map<string, number[]>();
  for (const [{ kind, text }, code] of keys) if (kind === wanted) put(codes, foldCase(text), code);
  return codes.size === 0 ? null : new Parts(codes, PLACES[wanted]);
}

/** Texts that stand at one place of others. */
class Parts {
  private readonly automaton: Automaton;
  private readonly codes: readonly (readonly number[])[];
  /** The number of the scan in which a pattern was found last, so that one that comes often is told once. */
  private readonly seen: Int32Array;
  private scans = 0;
  private found: number[] = [];

  constructor(codes: ReadonlyMap<string, number[]>, place: Place) {
    this.automaton = createAutomaton([...codes.keys()], place);
    this.codes = [...codes.values()];
    this.seen = new Int32Array(codes.size);
  }

  find(text: string, found: number[]): void {
    this.scans = (this.scans + 1) | 0;
    this.found = found;
    this.automaton.scan(text, this.tell);
  }

  private readonly tell = (pattern: number): void => {
    if (this.seen[pattern] === this.scans) return;
    this.seen[pattern] = this.scans;
    const codes = this.codes[pattern]!;
    for (let i = 0; i < codes.length; i += 1) this.found.push(codes[i]!);
  };
}

function put(map: Map<string, number[]>, text: string, code: number): void {
  const known = map.get(text);
  if (known === undefined) map.set(text, [code]);
  else known.push(code);
}
