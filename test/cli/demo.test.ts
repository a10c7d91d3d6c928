import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from '../events/recording.ts';
import { runCommand } from './run-command.ts';

test('the demo shows the alerts that the README tells of', async (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const told = /<!-- demo: begin -->(.*?)`npm test`/s.exec(readme)![1]!;
  const shown = told.match(/^ {4}.+$/gm)!.map((line) => line.slice(4));
  const { code, out, err } = await runCommand('demo');
  t.is(code, 0);
  t.is(err, '');
  const lines = new Set(out.split('\n'));
  for (const line of shown.filter((one) => !one.includes('"hostIdentifier"'))) t.true(lines.has(line), line);
  const [rows, alerts] = told
    .match(/[\d,]+ (?:recorded rows|alerts)/g)!
    .map((text) => Number.parseInt(text.replace(',', ''), 10));
  t.true(out.includes(`, ${rows} in all; the pack runs`));
  t.is(out.split('\n  alert       ').length - 1, alerts!);
});
