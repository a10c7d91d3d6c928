import { readFileSync } from 'node:fs';
import test from 'ava';
import { CORPUS, coverageMarkdown, hasCorpus, measureCoverage } from '../../scripts/coverage.ts';
import { fillPart, README, regenerate } from '../../scripts/generate-readme.ts';

test('what commands make of the README is what they make today (npm run generate)', (t) => {
  const text = readFileSync(README, 'utf8');
  t.is(regenerate(text), text);
});

if (!hasCorpus) console.warn(`skipped: Elastic's rules are not at ${CORPUS}`);

(hasCorpus ? test : test.skip)(
  'the coverage that the README tells is that of today (npm run corpus -- --readme)',
  async (t) => {
    const text = readFileSync(README, 'utf8');
    t.is(fillPart(text, 'coverage', coverageMarkdown(await measureCoverage())), text);
  },
);
