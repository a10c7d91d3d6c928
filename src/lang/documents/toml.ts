import { parse, TomlError } from 'smol-toml';
import { RuleError, type Source } from '../../text/index.ts';
import type { Document, Path, Place, Table } from './document.ts';
import { findTomlPlaces } from './toml-places.ts';

/** Reads a TOML file, which is one document. Throws RuleError: TOML_SYNTAX. */
export function readToml(source: Source): Document {
  let places: ((path: Path) => Place) | undefined;
  return {
    source,
    value: parseToml(source),
    place: (path) => {
      places ??= findTomlPlaces(source.text);
      return places(path);
    },
  };
}

function parseToml(source: Source): Table {
  try {
    return parse(source.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const start = offsetOf(source.text, error.line, error.column);
    throw new RuleError(sentence(error), {
      code: 'TOML_SYNTAX',
      source,
      span: { start, end: start + 1 },
      cause: error,
    });
  }
}

/** The parser's message without its own excerpt. */
function sentence(error: TomlError): string {
  const first = error.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '');
  return `${first.charAt(0).toUpperCase()}${first.slice(1)}.`;
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let i = 1; i < line; i += 1) start = text.indexOf('\n', start) + 1;
  return start + column - 1;
}
