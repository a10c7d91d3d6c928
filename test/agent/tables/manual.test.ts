import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createTables } from '../../../src/agent/tables/all.ts';
import { ROOT } from '../../events/recording.ts';

const MANUAL = readFileSync(join(ROOT, 'docs/tables.md'), 'utf8');
const tables = createTables({} as Parameters<typeof createTables>[0]);

/** The columns that the manual lists under a table's heading, with what it says of their type. */
function columnsIn(table: string): readonly (readonly [string, string])[] {
  const section = MANUAL.split(/^## /m).find((one) => one.startsWith(`\`${table}\``)) ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)].map(([, name, type]) => [name!, type!]);
}

for (const table of tables) {
  test(`the manual lists the columns of ${table.name}, in their order, with types and marks`, (t) => {
    const marks = new Map([
      ['0', ''],
      ['1', ', index'],
      ['16', ', hidden'],
    ]);
    t.deepEqual(
      columnsIn(table.name),
      table.routes().map(({ name, type, op }) => [name!, `${type}${marks.get(op!)}`]),
    );
  });
}

test('the manual lists no other table of ours', (t) => {
  const headed = [...MANUAL.matchAll(/^## `(detection_\w+)`/gm)].map(([, name]) => name);
  t.deepEqual(headed.sort(), tables.map(({ name }) => name).sort());
});
