import { SqlError } from '../../sqlite/index.ts';
import { locate, RuleError, type Source } from '../../text/index.ts';
import { readDocuments } from './documents.ts';
import { SCHEDULE_TRAPS } from './schedule-traps.ts';
import { type Configuration, type LintQuery, readConfiguration } from './scheduled.ts';
import { SQL_TRAPS } from './sql-traps.ts';
import { type Block, readBlocks } from './statement.ts';
import { isEventTable, type Setting, type Trap } from './trap.ts';

/** A query in a trap. */
export interface Finding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The query's name, after its pack's where it has one; empty for what is wrong with the whole file. */
  readonly query: string;
  readonly trap: string;
  /** What happens, and what to do about it: a sentence or two each. */
  readonly what: string;
  readonly remedy: string;
}

export interface LintOptions {
  /** Flags of osqueryd by name without dashes, as a flagfile has them; those in configurations count, too. */
  readonly flags?: ReadonlyMap<string, string>;
}

export interface LintReport {
  /** By file, in the order given, and line. */
  readonly findings: readonly Finding[];
  /** Queries that were looked at, by file. */
  readonly queries: ReadonlyMap<string, number>;
}

const TRAPS: readonly Trap[] = [...SQL_TRAPS, ...SCHEDULE_TRAPS];

/**
 * Reads packs and configurations of anyone, and explains how their queries of event tables go wrong. `texts` may be
 * osquery's JSON or Fleet's YAML; what flags and `file_paths` any of them sets holds for all.
 */
export function lintPacks(
  texts: readonly { readonly name: string; readonly text: string }[],
  options: LintOptions = {},
): LintReport {
  const findings: Finding[] = [];
  const files = texts.map(({ name, text }) => {
    try {
      return { name, documents: readDocuments(name, text).map(readConfiguration) };
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      findings.push({
        ...placeOf(error.source, error.span.start),
        ...UNREADABLE,
        query: '',
        what: error.message,
      });
      return { name, documents: [] };
    }
  });
  const setting = settingOf(
    files.flatMap(({ documents }) => documents),
    options,
  );
  const queries = new Map<string, number>();
  for (const { name, documents } of files) {
    const all = documents.flatMap((document) => document.queries);
    queries.set(name, all.length);
    findings.push(...all.flatMap((query) => lintQuery(query, setting)));
  }
  const order = new Map(texts.map(({ name }, at) => [name, at]));
  findings.sort((a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line);
  return { findings, queries };
}

const UNREADABLE = { trap: 'unreadable', remedy: 'Correct it: osquery cannot read it either.' } as const;

function settingOf(documents: readonly Configuration[], { flags }: LintOptions): Setting {
  const all = new Map([...documents.flatMap((document) => [...document.flags]), ...(flags ?? [])]);
  const hasFilePaths = documents.some((document) => document.hasFilePaths);
  return {
    flags: all.size > 0 || flags !== undefined ? all : null,
    hasFilePaths: hasFilePaths || (documents.some(({ isWhole }) => isWhole) ? false : null),
  };
}

function lintQuery(query: LintQuery, setting: Setting): readonly Finding[] {
  let blocks: readonly Block[];
  try {
    blocks = readBlocks(query.sql.text);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const what = `SQLite takes no such query: ${error.message}.`;
    return [{ ...placeOf(query.sql, 0), ...UNREADABLE, query: query.name, what }];
  }
  const events = blocks.flatMap((block) =>
    block.tables.filter(({ name }) => isEventTable(name)).map((table) => ({ block, table })),
  );
  return TRAPS.flatMap(({ name, remedy, find }) =>
    find({ query, blocks, events }, setting).map(({ what, at = 0 }) => ({
      ...placeOf(query.sql, at),
      ...{ query: query.name, trap: name, what, remedy },
    })),
  );
}

function placeOf(source: Source, offset: number): Pick<Finding, 'file' | 'line'> {
  const { source: file, line } = locate(source, offset);
  return { file: file.name, line };
}
