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
  --markdown        a Markdown table
  --json            one JSON list
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

/** One row a field: where each table has it from and how faithfully, tables that agree together. */
export function fieldsMarkdown(rows: readonly FieldMapRow[]): string {
  const byField = Map.groupBy(rows, ({ field }) => field);
  const lines = [...byField].map(([field, sources]) => {
    const bySource = Map.groupBy(sources, ({ from, fidelity }) => `${from} (${fidelity})`);
    const had = [...bySource].map(
      ([source, same]) => `${same.map(({ table }) => table).join(', ')}: ${source}`,
    );
    const notes = [...new Set(sources.map(({ note }) => note))].filter((note) => note !== '');
    return [`\`${field}\``, had.join('; '), notes.join(' ')];
  });
  const head = ['field', 'from', 'note'];
  return [head, head.map(() => '---'), ...lines].map(markdownRow).join('');
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}
