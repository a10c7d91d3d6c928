import { transformQuery } from '../match/index.ts';
import { ANYTHING, and, type Condition, field, type Pattern, type Rule } from '../rule/index.ts';

/** Says in which of Elasticsearch's data streams other agents would put an event. */
const DATASET = field('event.dataset');
/** Indices that hold no events of hosts: alerts of rules, traces, measurements. */
const NO_EVENTS = /^(?:\.alerts-|\.internal\.|traces-|metrics-|apm-)/;

/**
 * What a rule's `index` asks of events: data streams (`logs-endpoint.events.file*`) are the tables alone that stand
 * for them. An index of another kind (`auditbeat-*`, one's own) can hold anything; null: so can the rule's.
 */
export function indexCondition({ indices }: Rule): Condition | null {
  const datasets = indices.map(datasetOf).filter((one) => one !== null);
  if (datasets.length === 0 || datasets.includes('*')) return null;
  const patterns = [...new Set(datasets)].map(patternOf);
  return { kind: 'like', operand: DATASET, patterns, ignoreCase: false };
}

/** Gives the rule as its `index` means it. */
export function narrowToIndices(rule: Rule): Rule {
  const isThere = indexCondition(rule);
  if (isThere === null) return rule;
  const query = transformQuery(rule.query, (condition) => and(isThere, condition));
  return Object.freeze({ ...rule, query });
}

/**
 * The datasets that a pattern of index names takes in: a data stream is called `logs-DATASET-NAMESPACE`, and a
 * dataset has no hyphen. `*` is any; null is none that could be added (`-logs-x*` takes out).
 */
function datasetOf(index: string): string | null {
  const name = index.slice(index.indexOf(':') + 1);
  if (name.startsWith('-')) return null;
  if (NO_EVENTS.test(name)) return name;
  return /^logs-([^-]*)/.exec(name)?.[1] ?? '*';
}

function patternOf(dataset: string): Pattern {
  return dataset
    .split(/(\*)/)
    .filter((part) => part !== '')
    .map((part) => (part === '*' ? ANYTHING : part));
}
