import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type Document as YamlDocument } from 'yaml';
import type { Path, Place } from './document.ts';

/** Finds where a value of a YAML document (or of a JSON text read as one) is written. */
export function findYamlPlace(document: YamlDocument, text: string, path: Path): Place {
  let node: Node | null = document.contents;
  let place = placeOf(node, text) ?? { start: document.range?.[0] ?? 0, end: document.range?.[0] ?? 0 };
  for (const [depth, segment] of path.entries()) {
    node = childOf(document, node, segment);
    const found = placeOf(node, text);
    if (found === undefined) return { start: place.start, end: place.end };
    place = depth === path.length - 1 ? found : { start: found.start, end: found.end };
  }
  return place;
}

function childOf(document: YamlDocument, node: Node | null, segment: string | number): Node | null {
  let child: unknown = null;
  if (isSeq(node)) child = node.items[Number(segment)];
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
    child = pair?.value ?? pair?.key;
  }
  return isAlias(child) ? (child.resolve(document) ?? child) : ((child as Node | undefined) ?? null);
}

function placeOf(node: Node | null, text: string): Place | undefined {
  const range = node?.range;
  if (range === undefined || range === null) return undefined;
  const [start, end] = range;
  if (!isScalar(node) || typeof node.value !== 'string') return { start, end };
  const { value } = node as Scalar<string>;
  let offsets: readonly number[] | undefined;
  const unitAt = (unit: number): number => {
    offsets ??= align(text, start, end, value);
    return offsets[Math.max(0, Math.min(unit, offsets.length - 1))]!;
  };
  return { start, end, unitAt };
}

const ESCAPED_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * The offset of each unit of a scalar's value, and of its end. Indents, folded lines and escapes add or change
 * white space and escaped characters only: all others are in the text in their order, so one pass over both
 * finds them.
 */
function align(text: string, start: number, end: number, value: string): readonly number[] {
  const quote = text[start];
  const quoted = quote === '"' || quote === "'";
  let at = start + (quoted ? 1 : 0);
  if (quote === '|' || quote === '>') at = text.indexOf('\n', start) + 1;
  const offsets: number[] = [];
  for (let i = 0; i < value.length; i += 1) {
    const unit = value[i]!;
    if (quote === '"' && isLineEnd(text, at)) at = skipBlank(text, at, end);
    if (quote === '"' && text[at] === '\\') {
      offsets.push(at);
      const digits = ESCAPED_DIGITS[text[at + 1]!] ?? 0;
      // A code point of two units may be one escape; the second unit then has the place of the first.
      if (digits === 8 && unit >= '\ud800' && unit <= '\udbff') {
        offsets.push(at);
        i += 1;
      }
      at += 2 + digits;
      continue;
    }
    if (/\s/.test(unit)) {
      offsets.push(at);
      if (text[at] === unit && !(unit === '\n' && quoted)) at += 1;
      else at = skipBlank(text, at, end);
      continue;
    }
    if (text[at] !== unit) at = skipBlank(text, at, end);
    offsets.push(at);
    at += quote === "'" && unit === "'" ? 2 : 1;
  }
  offsets.push(Math.min(at, end));
  return offsets;
}

/** White space, line ends, and the backslash that ends a line of a double-quoted text. */
function skipBlank(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && (/\s/.test(text[at]!) || isLineEnd(text, at))) at += 1;
  return at;
}

function isLineEnd(text: string, at: number): boolean {
  return text[at] === '\\' && (text[at + 1] === '\n' || text[at + 1] === '\r');
}
