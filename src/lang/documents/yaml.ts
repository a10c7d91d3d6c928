import { parseAllDocuments, type Document as YamlDocument } from 'yaml';
import { RuleError, type Source } from '../../text/index.ts';
import { type Document, isTable } from './document.ts';
import { findYamlPlace } from './yaml-places.ts';

/** As many uses of anchors as a file may have: each copies what it names. */
const MOST_ALIASES = 100;

/**
 * Reads a YAML file (1.2, core schema) with any number of documents. What is wrong is given to `problem` as a
 * RuleError: YAML_SYNTAX; documents before and after are still read.
 */
export function readYaml(source: Source, problem: (error: RuleError) => void): readonly Document[] {
  const found: Document[] = [];
  for (const document of parse(source, problem)) {
    try {
      const value = contentOf(document, source);
      if (value === null) continue;
      if (!isTable(value)) {
        throw syntaxError(source, document.range[0], 'Expected keys and values, found something else.');
      }
      found.push({ source, value, place: (path) => findYamlPlace(document, source.text, path) });
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      problem(error);
    }
  }
  return found;
}

function parse(source: Source, problem: (error: RuleError) => void): readonly YamlDocument.Parsed[] {
  try {
    return [...parseAllDocuments(source.text, { prettyErrors: false, logLevel: 'silent' })];
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    problem(syntaxError(source, 0, 'The file nests too deeply.', cause));
    return [];
  }
}

function contentOf(document: YamlDocument.Parsed, source: Source): unknown {
  const [error] = document.errors;
  if (error !== undefined) throw syntaxError(source, error.pos[0], sentence(error.message));
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    if (holdsItself(value, [])) throw new ReferenceError('A table holds itself');
    return value;
  } catch (cause) {
    // An alias without its anchor or more uses than allowed.
    if (cause instanceof RangeError) {
      throw syntaxError(source, document.range[0], 'The document nests too deeply.', cause);
    }
    if (!(cause instanceof ReferenceError || cause instanceof TypeError)) throw cause;
    throw syntaxError(source, document.range[0], sentence(cause.message), cause);
  }
}

function holdsItself(value: unknown, around: readonly unknown[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.includes(value)) return true;
  const inner = [...around, value];
  return Object.values(value).some((one) => holdsItself(one, inner));
}

function syntaxError(source: Source, start: number, message: string, cause?: unknown): RuleError {
  return new RuleError(message, { code: 'YAML_SYNTAX', source, span: { start, end: start + 1 }, cause });
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
