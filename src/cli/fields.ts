import { parseArgs } from 'node:util';
import { type FieldMapRow, fieldMap } from '../schema/index.ts';
import type { Command } from './command.ts';
import { platformOf } from './options.ts';
import { columns } from './style.ts';

export const fields: Command = {
  name: 'fields',
  summary: 'list the ECS fields that osquery can fill, and how faithfully',
  help: `Usage: osquery-detect fields [OPTIONS]

Lists each ECS field, the osquery table it comes from, the column or derivation, and its fidelity: exact,
approximate (usually so) or partial (said of some events only).

  --platform NAME   linux, darwin or windows (default linux)
  --markdown        a Markdown table of the event tables: the columns that each field is made from, "~" before what
                    is approximate, "?" before what is partial
  --json            one JSON list

Example: osquery-detect fields --platform darwin
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        platform: { type: 'string', default: 'linux' },
        markdown: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const rows = fieldMap(platformOf(values.platform));
    if (values.json) io.out(`${JSON.stringify(rows, null, 2)}\n`);
    else io.out(values.markdown ? fieldsMarkdown(rows) : columns([HEAD, ...rows.map(cells)]));
    return 0;
  },
};

const HEAD = ['field', 'table', 'from', 'fidelity', 'note'];

function cells({ field, table, from, fidelity, note }: FieldMapRow): readonly string[] {
  return [field, table, from, fidelity, note];
}

const MARKS: Readonly<Record<FieldMapRow['fidelity'], string>> = {
  exact: '',
  approximate: '~ ',
  partial: '? ',
};

/**
 * A table of the fields that event tables have, a column for each table: the columns that a field is made from, and
 * how faithfully. Fields that are had in the same way everywhere share a row.
 */
export function fieldsMarkdown(rows: readonly FieldMapRow[]): string {
  const seen = rows.filter(({ evented }) => evented);
  const tables = [...new Set(seen.map(({ table }) => table))].sort();
  const fields = [...Map.groupBy(seen, ({ field }) => field)].map(([field, sources]) => {
    const notes = new Set(sources.map(({ note }) => note).filter((note) => note !== ''));
    const had = tables.map((table) => {
      const source = sources.find((one) => one.table === table);
      return source === undefined ? '' : `${MARKS[source.fidelity]}${madeFrom(source)}`;
    });
    return { field: `\`${field}\``, rest: markdownRow([...had, [...notes].join('; ')]) };
  });
  const lines = [...Map.groupBy(fields, ({ rest }) => rest)].map(
    ([rest, same]) => `| ${same.map(({ field }) => field).join(' ')} ${rest}`,
  );
  const head = ['field', ...tables, 'note'];
  return [markdownRow(head), markdownRow(head.map(() => '---')), ...lines].join('');
}

/** The columns; of what no column decides, whether it is the same in every row. */
function madeFrom({ columns: names, from }: FieldMapRow): string {
  if (names.length > 0) return names.join(' ');
  return from.startsWith('always') ? 'always' : 'host';
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}
