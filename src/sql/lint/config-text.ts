import { createSource, embedSource, RuleError, type Source, type Span } from '../../text/index.ts';

/**
 * The JSON that osquery makes of a configuration before it parses it: lines that end in a backslash are joined with
 * the next, then lines that begin with `#` or `//` are taken out. Each place of it knows its place in the file.
 * Source: osquery/config/config.cpp, `stripConfigComments`.
 */
export function stripComments(name: string, text: string): Source {
  const file = createSource(name, text);
  const kept: Span[] = [];
  let line: Span[] = [];
  let start = 0;
  const endLine = (end: number): void => {
    line.push({ start, end });
    const whole = line.map((part) => text.slice(part.start, part.end)).join('');
    if (!/^\s*(?:#|\/\/)/.test(whole)) kept.push(...line);
    line = [];
  };
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (newline > 0 && text[newline - 1] === '\\') line.push({ start, end: newline - 1 });
    else endLine(newline < 0 ? end : end + 1);
    start = end + 1;
  }
  if (line.length > 0) endLine(start);
  return embedSource(file, kept.map((part) => text.slice(part.start, part.end)).join(''), originOf(kept));
}

/** Where an offset of the kept parts, one after another, is in the file. */
function originOf(kept: readonly Span[]): (offset: number) => number {
  return (offset) => {
    let left = offset;
    for (const { start, end } of kept) {
      if (left < end - start) return start + left;
      left -= end - start;
    }
    return kept.at(-1)?.end ?? 0;
  };
}

/** What is wrong with a configuration as a whole. */
export function configError(source: Source, offset: number, message: string, cause?: unknown): RuleError {
  return new RuleError(message, { code: 'PACK_SYNTAX', source, span: { start: offset, end: offset }, cause });
}
