import { embedSource, RuleError, type Source } from '../../text/index.ts';

/** A table of a document, as its format's parser gives it. */
export type Table = Readonly<Record<string, unknown>>;

/** The keys and indexes that lead to a value, from the document's root. */
export type Path = readonly (string | number)[];

/** Where a value is written in its file. */
export interface Place {
  readonly start: number;
  readonly end: number;
  /** For a text: the file's offset of each of its UTF-16 units, and of its end; makes way for escapes and indents. */
  readonly unitAt?: (unit: number) => number;
}

/** One document of a file: its values, and the way back to where each is written. */
export interface Document {
  /** The whole file. */
  readonly source: Source;
  readonly value: Table;
  /** The place of a value; of the nearest table around it when there is none. Slow: meant for errors. */
  place(path: Path): Place;
}

/** Makes a source of a text in the document. Nothing is looked up before an error asks for its line. */
export function embedText(document: Document, path: Path, text: string): Source {
  let place: Place | undefined;
  return embedSource(document.source, text, (offset) => {
    place ??= document.place(path);
    return place.unitAt?.(offset) ?? place.start;
  });
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A longer document is no rule that anyone wrote. */
const LONGEST_DOCUMENT = 4_000_000;

/** Throws RuleError, RULE_LIMIT, when a document is too long to be read. */
export function checkLength(source: Source, start: number, length: number): void {
  if (length <= LONGEST_DOCUMENT) return;
  throw new RuleError(
    `The document has ${length} characters; ${LONGEST_DOCUMENT} are the most that are read.`,
    {
      code: 'RULE_LIMIT',
      source,
      span: { start, end: start },
    },
  );
}
