import { createEngine } from '../match/index.ts';
import {
  type Condition,
  type EventQuery,
  type Operand,
  operandsOf,
  type Rule,
  type SequenceStep,
  walk,
} from '../rule/index.ts';
import { canHold, type Schema } from '../schema/index.ts';
import { type Block, reasonOf } from './blame.ts';
import { caveatsOf } from './caveats.ts';
import { indexCondition, narrowToIndices } from './indices.ts';
import { judgeStep, type StepVerdict } from './step-verdict.ts';

/** Whether and how a rule runs on one platform. */
export interface RuleVerdict {
  /** `runs`: as meant. `caveats`: with the differences that `reasons` name. `unsupported`: it can never fire. */
  readonly verdict: 'runs' | 'caveats' | 'unsupported';
  /** A sentence each. Empty for a rule that runs. */
  readonly reasons: readonly string[];
  /** Whether all that the rule asks for is of this platform, by what it asks of `host.os.type`. */
  readonly meant: boolean;
  /** What leaves the rule unsupported: fields that no table carries, and tests that no event passes. */
  readonly blockedBy: readonly string[];
  /**
   * For each kind of event that must be seen, the tables any of which shows it, those that lose least first: also
   * for those that must be seen to be missing, and those that end a sequence, where any table has them.
   */
  readonly needs: readonly Need[];
}

export interface Need {
  readonly tables: readonly string[];
  /** osqueryd's flags without which the first of the tables has no such event. */
  readonly flags: readonly string[];
}

/** Says what becomes of a rule on a platform. Never throws. */
export function judgeRule(rule: Rule, schema: Schema): RuleVerdict {
  const index = blockedIndex(rule, schema);
  const parts = partsOf(index === null ? narrowToIndices(rule) : rule).map(
    (part): Judged => ({ ...part, step: judgeStep(part.event, part.required, schema) }),
  );
  const foreign = parts.filter(({ step }) => !step.meant);
  const meant = foreign.length === 0;
  const blocked =
    foreign.length === parts.length
      ? foreign.slice(0, 1)
      : parts.filter(({ role, step }) => role !== 'until' && step.blocks.length > 0);
  if (index !== null || blocked.length > 0) {
    const own = index === null ? [] : [index];
    const reasons = [...own.map(reasonOf), ...placed(blocked, ({ blocks }) => blocks.map(reasonOf))];
    return { ...unsupported(reasons, [...own, ...blocked.flatMap(({ step }) => step.blocks)]), meant };
  }
  const fault = faultOf(rule, schema);
  if (fault !== null) return unsupported([`It cannot be run: ${fault}`], []);
  const untils = parts.filter(({ role }) => role === 'until');
  const reasons = unique([
    ...placed(parts, ({ caveats }) => caveats),
    ...placed(untils, ({ blocks }) => blocks.map((block) => `${reasonOf(block)} It ends no sequence.`)),
    ...caveatsOf(
      rule,
      parts.map(({ step }) => step),
      schema,
    ),
  ]);
  return {
    verdict: reasons.length === 0 ? 'runs' : 'caveats',
    ...{ reasons, meant: true, blockedBy: [] },
    needs: needsOf(parts.map(({ step }) => step).filter(({ tables }) => tables.length > 0)),
  };
}

/**
 * Why the matcher cannot run a rule, whatever the platform; null when it can. Only regular expressions and ranges
 * of addresses can stand in the way, so that few rules need to be compiled to know.
 */
function faultOf(rule: Rule, schema: Schema): string | null {
  let fault = FAULTS.get(rule);
  if (fault === undefined) {
    const conditions = [...partsOf(rule).map(({ event }) => event.condition), ...rule.exceptions];
    const simple = keysOf(rule).every(({ kind }) => kind === 'field') && !conditions.some(mayNotCompile);
    fault = simple ? null : compileFault(rule, schema);
    FAULTS.set(rule, fault);
  }
  return fault;
}

function keysOf({ query }: Rule): readonly Operand[] {
  return 'steps' in query ? query.steps.flatMap(({ by }) => by.map(({ operand }) => operand)) : [];
}

function compileFault(rule: Rule, schema: Schema): string | null {
  const [first] = createEngine({ rules: [rule], fields: schema.fields }).faults;
  if (first === undefined) return null;
  return first.error instanceof Error ? first.error.message : String(first.error);
}

function mayNotCompile(condition: Condition): boolean {
  let found = false;
  walk(condition, (inner) => {
    if (inner.kind === 'regex' || inner.kind === 'cidr') found = true;
    found ||= operandsOf(inner).some(({ kind }) => kind === 'call' || kind === 'condition');
  });
  return found;
}

const FAULTS = new WeakMap<Rule, string | null>();

function unsupported(reasons: readonly string[], blocks: readonly Block[]): RuleVerdict {
  const blockedBy = unique(blocks.map(({ subject }) => subject));
  return { verdict: 'unsupported', reasons: unique(reasons), meant: true, blockedBy, needs: [] };
}

/** The `index` of a rule that asks for data that no event table stands for. */
function blockedIndex(rule: Rule, schema: Schema): Block | null {
  const condition = indexCondition(rule);
  if (condition === null || schema.tablesOf(null).some((table) => canHold(condition, table))) return null;
  return {
    subject: `index ${rule.indices.join(', ')}`,
    reason: 'no event table of osquery stands for such data.',
    elsewhere: false,
  };
}

/** An event query of a rule and what it is for. */
interface Part {
  readonly event: EventQuery;
  readonly required: readonly string[];
  readonly role: 'event' | 'absence' | 'until';
  /** Which event of a sequence or sample it is, from 1; null when the rule asks for one event only. */
  readonly place: number | null;
}

interface Judged extends Part {
  readonly step: StepVerdict;
}

function partsOf({ query }: Rule): readonly Part[] {
  const alone = { role: 'event', place: null } as const;
  switch (query.kind) {
    case 'event':
      return [{ event: query, required: [], ...alone }];
    case 'threshold': {
      const { event, by, cardinality } = query;
      return [{ event, required: cardinality === null ? by : [...by, cardinality.field], ...alone }];
    }
    case 'newTerms':
      return [{ event: query.event, required: query.fields, ...alone }];
    case 'sequence': {
      const steps = query.steps.map(partOf);
      return query.until === null
        ? steps
        : [...steps, { ...partOf(query.until), role: 'until', place: null }];
    }
    case 'sample':
      return query.steps.map(partOf);
  }
}

function partOf({ event, by, missing }: SequenceStep, at = 0): Part {
  const required = by
    .filter(({ optional }) => !optional)
    .flatMap(({ operand }) => (operand.kind === 'field' ? [operand.name] : []));
  return { event, required, role: missing ? 'absence' : 'event', place: at + 1 };
}

/** What is to be told of each part, each text once with the events that it is about. */
function placed(
  parts: readonly Judged[],
  textsOf: (step: StepVerdict) => readonly string[],
): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { role, place, step } of parts) {
    const name = role === 'until' ? 'until' : place === null ? '' : `event ${place}`;
    for (const text of textsOf(step)) places.set(text, [...(places.get(text) ?? []), name]);
  }
  return [...places].map(([text, names]) => {
    const where = unique(names).join(', ');
    return where === '' ? text : `${where}: ${text}`;
  });
}

function needsOf(steps: readonly StepVerdict[]): readonly Need[] {
  const needs = steps.map(({ tables, flags }): Need => ({ tables: tables.map(({ name }) => name), flags }));
  return [...new Map(needs.map((need) => [JSON.stringify(need), need])).values()];
}

function unique<T>(values: Iterable<T>): readonly T[] {
  return [...new Set(values)];
}
