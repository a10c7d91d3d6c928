import type { Plugin } from '../../../src/osquery/index.ts';

export type Row = Readonly<Record<string, string>>;

export interface Ask {
  /** Column, operator (osquery's number) and expression. */
  readonly constraints?: readonly (readonly [string, number, string])[];
  readonly used?: readonly string[];
}

/** Calls a table's `generate` as core does. Throws what core would say of a failure. */
export async function ask(table: Plugin, { constraints = [], used }: Ask = {}): Promise<readonly Row[]> {
  const names = table.routes().flatMap(({ name }) => (name === undefined ? [] : [name]));
  const context = {
    constraints: names.map((name) => ({
      name,
      list: constraints.filter(([column]) => column === name).map(([, op, expr]) => ({ op, expr })),
      affinity: 'TEXT',
    })),
    ...(used !== undefined && { colsUsed: used }),
  };
  const request = { action: 'generate', context: JSON.stringify(context) };
  const bytes = Object.entries(request).map(([key, text]) => [key, Buffer.from(text)] as const);
  const { status, rows, encoded } = await table.call(new Map(bytes));
  if (status.code !== 0) throw new Error(status.message);
  return encoded?.toRows() ?? (rows as readonly Row[]);
}
