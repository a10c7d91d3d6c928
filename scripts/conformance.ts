import { CORPUS, hasCorpus } from '../test/conformance/corpus.ts';
import { type Outcome, runConformance } from '../test/conformance/run.ts';

/**
 * Runs Elasticsearch's own EQL tests and prints, for each file, how many passed, failed and are not supported,
 * with what differs and the reason for each. Exits with 1 when a test failed or the tests are not there.
 */
function main(): number {
  if (!hasCorpus()) {
    console.error(`Elasticsearch's EQL tests are not at ${CORPUS}.`);
    return 1;
  }
  const all: Outcome[] = [];
  console.log('file                            passed  failed  unsupported');
  for (const { file, outcomes } of runConformance()) {
    console.log(row(file, outcomes));
    all.push(...outcomes);
  }
  console.log(row('all', all));
  for (const { kind, name, reason } of all) if (kind !== 'passed') console.log(`${kind}: ${name}: ${reason}`);
  return count(all, 'failed') > 0 ? 1 : 0;
}

function row(name: string, outcomes: readonly Outcome[]): string {
  const counts = [count(outcomes, 'passed'), count(outcomes, 'failed'), count(outcomes, 'unsupported')];
  return `${name.padEnd(30)} ${counts.map((each, i) => String(each).padStart([7, 7, 12][i]!)).join(' ')}`;
}

function count(outcomes: readonly Outcome[], kind: Outcome['kind']): number {
  return outcomes.filter((outcome) => outcome.kind === kind).length;
}

process.exitCode = main();
