import { readFileSync } from 'node:fs';
import test from 'ava';
import { README, regenerate } from '../../scripts/generate-readme.ts';

test('what commands make of the README is what they make today (npm run generate)', (t) => {
  const text = readFileSync(README, 'utf8');
  t.is(regenerate(text), text);
});
