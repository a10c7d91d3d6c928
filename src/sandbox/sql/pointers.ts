import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Where the reading of events stands: the number of the last row that each scheduled query has read, by the query's name. */
export interface Pointers {
  get(query: string): number | undefined;
  set(query: string, row: number): void;
}

/**
 * Kept in a file beside the events, when these are in one. A pointer moves while a statement runs, when SQLite
 * lets nobody write to its own file.
 */
export function createPointers(path: string | undefined): Pointers {
  if (path === undefined) return new Map();
  const file = `${path}.pointers`;
  const known = new Map<string, number>(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []);
  return {
    get: (query) => known.get(query),
    set(query, row) {
      if (known.get(query) === row) return;
      known.set(query, row);
      writeFileSync(`${file}.new`, JSON.stringify([...known]));
      renameSync(`${file}.new`, file);
    },
  };
}
