import { isMap, isScalar, isSeq, type Node, parseAllDocuments, type Scalar, type YAMLMap } from 'yaml';
import { createSource, embedSource, type Source } from '../../text/index.ts';
import { configError, stripComments } from './config-text.ts';

/** A value of a configuration, and the way to its place. */
export interface Entry {
  /** The parsed value: scalars as they are, maps and lists through `get` and `items`. */
  readonly value: unknown;
  /** The member of a map; undefined where there is none, or this is no map. */
  get(key: string): Entry | undefined;
  /** The members of a map in their order. */
  members(): readonly (readonly [string, Entry])[];
  /** The elements of a list; none of anything else. */
  items(): readonly Entry[];
  /** The text, and the place of each of its characters in the file; undefined when it is no text. */
  text(): Source | undefined;
  /** Where it begins. */
  readonly start: number;
  readonly source: Source;
}

/** Reads a configuration: JSON as osquery takes it, or YAML of Fleet. Throws RuleError, PACK_SYNTAX. */
export function readDocuments(name: string, text: string): readonly Entry[] {
  const isYaml = /\.ya?ml$/i.test(name) || !/^\s*(?:(?:#|\/\/)[^\n]*\n\s*)*[[{]/.test(text);
  const source = isYaml ? createSource(name, text) : stripComments(name, text);
  if (!isYaml) checkJson(source);
  const documents = parseAllDocuments(source.text, { uniqueKeys: false, stringKeys: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const reason =
        error.code === 'RESOURCE_EXHAUSTION'
          ? 'It nests too deeply.'
          : `It is no YAML: ${error.message.split('\n')[0]}`;
      throw configError(source, error.pos[0], reason, error);
    }
    return document.contents === null ? [] : [entryOf(document.contents as Node, source)];
  });
}

/** YAML takes more than JSON does: what osquery would refuse is told as osquery sees it. */
function checkJson(source: Source): void {
  try {
    JSON.parse(source.text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const at = Number(/at position (\d+)/.exec(message)?.[1] ?? source.text.length);
    throw configError(source, at, `osquery takes no such JSON: ${message.split('\n')[0]}.`, cause);
  }
}

function entryOf(node: Node, source: Source): Entry {
  const members = (): readonly (readonly [string, Entry])[] =>
    isMap(node) ? pairsOf(node).map(([key, value]) => [key, entryOf(value, source)] as const) : [];
  return {
    value: isScalar(node) ? node.value : undefined,
    // Of two members with one name osquery takes the last.
    get: (key) => members().findLast(([name]) => name === key)?.[1],
    members,
    items: () => (isSeq(node) ? node.items.map((item) => entryOf(item as Node, source)) : []),
    text: () =>
      isScalar(node) && typeof node.value === 'string' ? textOf(node as Scalar<string>, source) : undefined,
    start: node.range?.[0] ?? 0,
    source,
  };
}

function pairsOf(map: YAMLMap): readonly (readonly [string, Node])[] {
  return map.items.flatMap(({ key, value }) =>
    isScalar(key) && value !== null ? [[String(key.value), value as Node] as const] : [],
  );
}

function textOf(node: Scalar<string>, source: Source): Source {
  const [start, end] = node.range ?? [0, 0];
  const raw = source.text.slice(start, end);
  const places = raw.startsWith('"') && !raw.includes('\n') ? quotedPlaces(raw) : linePlaces(raw, node.value);
  return embedSource(source, node.value, (offset) => start + (places[offset] ?? places.at(-1) ?? 0));
}

/** The place of each UTF-16 unit of a text in double quotes on one line. */
function quotedPlaces(raw: string): readonly number[] {
  const places: number[] = [];
  for (let at = 1; at < raw.length; at += raw[at] === '\\' ? (raw[at + 1] === 'u' ? 6 : 2) : 1)
    places.push(at);
  return places;
}

/**
 * The beginning of the line that each unit is on, where the text keeps its lines (a block); of its first line where
 * it does not.
 */
function linePlaces(raw: string, value: string): readonly number[] {
  const starts = [...raw.matchAll(/^/gm)].map(({ index }) => index);
  const lines = value.split('\n');
  const first = /^[|>]/.test(raw) ? 1 : 0;
  return lines.flatMap((line, at) => Array.from({ length: line.length + 1 }, () => starts[first + at] ?? 0));
}
