import { parseDocument } from 'yaml';
import { RuleError, type Source } from '../../text/index.ts';
import { checkLength, type Document, isTable, type Path, type Place } from './document.ts';
import { findYamlPlace } from './yaml-places.ts';

/**
 * Reads the objects of a file with one JSON object a line. A line that is none is given to `problem` as a
 * RuleError, NDJSON_SYNTAX; the other lines are read.
 */
export function readNdjson(source: Source, problem: (error: RuleError) => void): readonly Document[] {
  const found: Document[] = [];
  let start = 0;
  while (start < source.text.length) {
    const newline = source.text.indexOf('\n', start);
    const end = newline < 0 ? source.text.length : newline;
    const line = source.text.slice(start, end);
    try {
      if (line.trim() !== '') found.push(readLine(source, line, start));
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      problem(error);
    }
    start = end + 1;
  }
  return found;
}

function readLine(source: Source, line: string, start: number): Document {
  checkLength(source, start, line.length);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw syntaxError(source, start + positionIn(cause, line), sentence(cause), cause);
  }
  if (!isTable(value)) throw syntaxError(source, start, 'Expected a JSON object on each line.');
  return { source, value, place: (path) => placeIn(line, start, path) };
}

/** JSON is YAML, whose parser knows where its values are. */
function placeIn(line: string, start: number, path: Path): Place {
  const document = parseDocument(line, { prettyErrors: false, logLevel: 'silent', strict: false });
  const place = findYamlPlace(document, line, path);
  const { unitAt } = place;
  const moved = { start: start + place.start, end: start + place.end };
  return unitAt === undefined ? moved : { ...moved, unitAt: (unit) => start + unitAt(unit) };
}

/** V8 says `… at position N …`, and nothing when the text ends too early. */
function positionIn(cause: unknown, line: string): number {
  const said = cause instanceof Error ? /position (\d+)/.exec(cause.message) : null;
  return said === null ? line.length : Number(said[1]);
}

function sentence(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const short = message.replace(/ in JSON at position.*$/s, '').replace(/, .*is not valid JSON$/s, '');
  return `Not a JSON object: ${short}.`;
}

function syntaxError(source: Source, start: number, message: string, cause?: unknown): RuleError {
  return new RuleError(message, { code: 'NDJSON_SYNTAX', source, span: { start, end: start + 1 }, cause });
}
