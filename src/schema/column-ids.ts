import { DECLARED } from './columns.ts';

const IDS = new Map<string, number>();
for (const table of Object.values(DECLARED)) {
  for (const text of Object.values(table)) {
    if (typeof text !== 'string') continue;
    for (const column of text.split(' ')) {
      const name = column.slice(0, column.indexOf(':'));
      if (!IDS.has(name)) IDS.set(name, IDS.size);
    }
  }
}

/** How many column names there are in all tables. */
export const COLUMN_COUNT = IDS.size;

/** The number of a column name, the same in all tables, so that no name is hashed per row. */
export function columnId(name: string): number {
  const id = IDS.get(name);
  if (id === undefined) throw new Error(`no table has a column "${name}"`);
  return id;
}

/** -1 for a name that no table has. */
export function findColumnId(name: string): number {
  return IDS.get(name) ?? -1;
}
