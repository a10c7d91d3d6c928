/** A half-open range of UTF-16 offsets in a source's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A text with a name. A text that was taken out of another one (an EQL query out of a TOML file) keeps the
 * way back: `origin` maps an offset of this text to an offset of the text around it.
 */
export interface Source {
  readonly name: string;
  readonly text: string;
  readonly within?: Source;
  readonly origin?: (offset: number) => number;
}

/** Where an offset is, in the outermost text: line and column count from 1, columns in UTF-16 units. */
export interface Location {
  readonly source: Source;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Makes the source of a whole file or of a text that stands alone. */
export function createSource(name: string, text: string): Source {
  return Object.freeze({ name, text });
}

/** Makes the source of a text found inside another; `origin` maps offsets and defaults to a plain shift. */
export function embedSource(
  within: Source,
  text: string,
  origin: number | ((offset: number) => number),
): Source {
  const map = typeof origin === 'number' ? (offset: number) => origin + offset : origin;
  return Object.freeze({ name: within.name, text, within, origin: map });
}

/** Finds the line and column of an offset in the file that the author edits. Offsets out of range are clamped. */
export function locate(source: Source, offset: number): Location {
  let at = source;
  let position = clamp(offset, at.text.length);
  while (at.within !== undefined && at.origin !== undefined) {
    position = clamp(at.origin(position), at.within.text.length);
    at = at.within;
  }
  let line = 1;
  let lineStart = 0;
  for (;;) {
    const end = at.text.indexOf('\n', lineStart);
    if (end < 0 || end >= position) break;
    line += 1;
    lineStart = end + 1;
  }
  return { source: at, offset: position, line, column: position - lineStart + 1 };
}

function clamp(offset: number, length: number): number {
  return Math.max(0, Math.min(offset, length));
}
