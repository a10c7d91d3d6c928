import { DECLARED } from './columns.ts';
import type { ColumnSpec, Platform } from './table.ts';

/** The tables that are read. */
export type TableName = keyof typeof DECLARED;

/** The columns that osquery declares for a table on a platform, in its order; none where it has no such table. */
export function columnsOf(table: TableName, platform: Platform): readonly ColumnSpec[] {
  const declared: Readonly<Record<string, unknown>> = DECLARED[table];
  if (!(declared['platforms'] as readonly string[]).includes(platform)) return [];
  return [declared['all'], declared[platform]]
    .filter((text) => typeof text === 'string')
    .flatMap((text) => text.split(' '))
    .map((text) => {
      const [name = '', type = ''] = text.replace('!', '').split(':');
      return { name, type: type as ColumnSpec['type'], hidden: text.endsWith('!') };
    });
}
