import test from 'ava';
import { CORPUS, hasCorpus } from './corpus.ts';
import { runConformance } from './run.ts';

const run = hasCorpus() ? test : test.skip;
if (!hasCorpus()) console.log(`skipped: Elasticsearch's EQL tests are not at ${CORPUS}`);

run("Elasticsearch's own EQL tests find here what they find there", (t) => {
  const reports = runConformance();
  const outcomes = reports.flatMap(({ file, outcomes }) => outcomes.map((one) => ({ file, ...one })));
  t.deepEqual(
    reports.map(({ file, outcomes }) => [file, outcomes.length]),
    [
      ['test_queries.toml', 133],
      ['additional_test_queries.toml', 61],
      ['test_extra.toml', 40],
      ['test_sample.toml', 25],
    ],
  );
  t.deepEqual(
    outcomes.filter(({ kind }) => kind === 'failed'),
    [],
  );
  t.deepEqual(
    outcomes.filter(({ kind }) => kind === 'unsupported').map(({ name }) => name),
    [],
  );
});
