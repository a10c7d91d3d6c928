import { foldCase, type Scalar, type Value } from '../../rule/index.ts';
import { RecentTexts } from '../../text/index.ts';
import { isList } from '../condition/closure.ts';
import { type Automaton, createAutomaton, type Place } from './automaton.ts';
import type { Key } from './necessary-keys.ts';

/** A key of some entry; the code means something to whoever put it in. */
export type Coded = readonly [key: Key, code: number];

/** Told the codes of the keys that a text has; a code may come more than once. */
export type Visit = (codes: readonly number[]) => void;

/** The keys of one field and the codes behind them. */
export interface TextIndex {
  lookUp(value: Value, visit: Visit): void;
}

/** Makes the index of some keys of one field. Those of kind `word` have fields of their own. */
export function createTextIndex(keys: readonly Coded[]): TextIndex {
  return keys.every(([{ kind }]) => kind === 'word') ? new WordIndex(keys) : new WholeIndex(keys);
}

const NONE: readonly number[] = [];

/** Answers are remembered for short texts, as names and paths come again and again; so many at a time. */
const LONGEST_REMEMBERED = 200;
const MOST_REMEMBERED = 4096;

/**
 * A hash table for whole texts, and for beginnings, ends and parts a trie each way and one automaton. Those three
 * are told no cases apart, so that a text is folded and scanned once; they find some more than there is, which
 * the rules then refuse.
 */
class WholeIndex implements TextIndex {
  private readonly exact: Exact | null;
  private readonly folded: Exact | null;
  private readonly others: Others | null;
  private readonly parts: readonly Parts[];
  /** No longer text is a key as a whole. */
  private readonly longest: number;
  private readonly isShort: boolean;
  private remembered = new Map<string, readonly number[]>();
  private readonly scratch: number[] = [];

  constructor(keys: readonly Coded[]) {
    this.exact = exactOf(keys.filter(([{ kind, folded }]) => kind === 'is' && !folded));
    this.folded = exactOf(keys.filter(([{ kind, folded }]) => kind === 'is' && folded));
    const others = keys.filter(([{ kind }]) => kind === 'isNot');
    this.others = others.length === 0 ? null : new Others(others);
    this.parts = (
      [
        ['starts', 'fromStart'],
        ['ends', 'fromEnd'],
        ['has', 'anywhere'],
      ] as const
    )
      .map(([kind, place]) => partsOf(keys, kind, place))
      .filter((one) => one !== null);
    this.longest = keys.reduce(
      (most, [{ kind, text }]) => (kind === 'is' ? Math.max(most, text.length) : most),
      -1,
    );
    this.isShort = this.parts.length === 0 && this.others === null;
  }

  lookUp(value: Value, visit: Visit): void {
    if (isList(value)) for (let i = 0; i < value.length; i += 1) this.lookUpOne(value[i]!, visit);
    else this.lookUpOne(value, visit);
  }

  private lookUpOne(value: Scalar | null, visit: Visit): void {
    if (typeof value === 'string') this.lookUpText(value, visit);
    else if (this.others !== null) visit(this.others.all);
  }

  private lookUpText(text: string, visit: Visit): void {
    if (this.isShort && text.length > this.longest) return;
    const codes = text.length > LONGEST_REMEMBERED ? this.search(text) : this.recall(text);
    if (codes.length > 0) visit(codes);
  }

  private recall(text: string): readonly number[] {
    const known = this.remembered.get(text);
    if (known !== undefined) return known;
    const codes = this.search(text);
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered = new Map();
    this.remembered.set(text, codes);
    return codes;
  }

  private search(text: string): readonly number[] {
    const found = this.scratch;
    found.length = 0;
    if (text.length <= this.longest) {
      this.exact?.find(text, found);
      this.folded?.find(foldCase(text), found);
    }
    this.others?.find(text, found);
    for (const part of this.parts) part.find(text, found);
    return found.length === 0 ? NONE : found.slice();
  }
}

/** One automaton for all words and parts of words, run over the texts in which they would stand. */
class WordIndex implements TextIndex {
  private readonly parts: Parts;
  private readonly recent = new RecentTexts<readonly number[]>();
  private readonly scratch: number[] = [];

  constructor(keys: readonly Coded[]) {
    this.parts = partsOf(keys, 'word', 'amongWords')!;
  }

  lookUp(value: Value, visit: Visit): void {
    if (typeof value === 'string') this.lookUpText(value, visit);
    else if (isList(value)) {
      for (let i = 0; i < value.length; i += 1) {
        const one = value[i];
        if (typeof one === 'string') this.lookUpText(one, visit);
      }
    }
  }

  private lookUpText(text: string, visit: Visit): void {
    let codes = this.recent.get(text);
    if (codes === undefined) {
      codes = this.search(text);
      this.recent.set(text, codes);
    }
    if (codes.length > 0) visit(codes);
  }

  private search(text: string): readonly number[] {
    const found = this.scratch;
    found.length = 0;
    this.parts.find(text, found);
    return found.length === 0 ? NONE : found.slice();
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

/** Whole texts other than a few. */
class Others {
  /** What is no text is another than all of them. */
  readonly all: readonly number[];
  private readonly keys: readonly {
    readonly texts: ReadonlySet<string>;
    readonly folded: boolean;
    readonly codes: readonly number[];
  }[];

  constructor(keys: readonly Coded[]) {
    this.all = keys.map(([, code]) => code);
    const alike = Map.groupBy(keys, ([{ text, folded }]) => `${folded} ${text}`);
    this.keys = [...alike.values()].map((group) => {
      const [{ text, folded }] = group[0]!;
      return { texts: new Set(text.split('\n')), folded, codes: group.map(([, code]) => code) };
    });
  }

  find(text: string, found: number[]): void {
    for (const { texts, folded, codes } of this.keys) {
      if (texts.has(folded ? foldCase(text) : text)) continue;
      for (let i = 0; i < codes.length; i += 1) found.push(codes[i]!);
    }
  }
}

function partsOf(keys: readonly Coded[], wanted: Key['kind'], place: Place): Parts | null {
  const codes = new Map<string, number[]>();
  for (const [{ kind, text }, code] of keys) if (kind === wanted) put(codes, foldCase(text), code);
  return codes.size === 0 ? null : new Parts(codes, place);
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
