import { fieldsOf, type Query, type Rule, walk } from '../rule/index.ts';
import type { FieldSource, Schema, TableSpec } from '../schema/index.ts';
import type { StepVerdict } from './step-verdict.ts';

/** What differs from what a rule means although its events can be seen, a sentence each. */
export function caveatsOf(rule: Rule, steps: readonly StepVerdict[], schema: Schema): readonly string[] {
  const tables = [...new Set(steps.flatMap((step) => step.tables))];
  return [
    ...fidelityOf(steps),
    ...timeCaveats(rule.query, tables),
    ...exceptionCaveats(rule, tables, schema),
    ...outputCaveats(rule, tables, schema),
    ...(rule.language === 'kuery' ? wordCaveats(rule.query) : []),
    ...(rule.enabled ? [] : ['It is not enabled.']),
    ...rule.remarks,
  ];
}

/** What is only usually or partly so of the fields that a rule asks for. */
function fidelityOf(steps: readonly StepVerdict[]): readonly string[] {
  const used = steps.flatMap(({ fields, tables }) =>
    tables.flatMap((table) =>
      fields.flatMap((name) => {
        const source = table.fields.get(name);
        return source === undefined || isSure(source) ? [] : [{ name, table: table.name, source }];
      }),
    ),
  );
  const groups = Map.groupBy(used, ({ source }) => `${source.fidelity} ${source.note}`);
  return [...groups.values()].map((group) => {
    const { fidelity, note } = group[0]!.source;
    return `${fidelity === 'partial' ? 'Partly known' : 'Approximate'}: ${list(group, 'name')} of ${list(group, 'table')} (${note}).`;
  });
}

function list<K extends string>(of: readonly Readonly<Record<K, string>>[], key: K): string {
  return [...new Set(of.map((one) => one[key]))].join(', ');
}

/** What is the same in every row is decided, by whatever name. */
function isSure({ fidelity, derivation }: FieldSource): boolean {
  return fidelity === 'exact' || derivation.kind === 'constant';
}

const DAY_MS = 86_400_000;

function timeCaveats(query: Query, tables: readonly TableSpec[]): readonly string[] {
  if (query.kind === 'newTerms') {
    const learned = duration(Math.min(DAY_MS, query.historyMs));
    return [`It learns what is usual for ${learned} before it finds anything new.`];
  }
  const audited = tables.filter(isAudited).map(({ name }) => name);
  if (query.kind !== 'sequence' || query.maxSpanMs === null || audited.length === 0) return [];
  return [
    `maxspan=${duration(query.maxSpanMs)} is approximate: the time of ${audited.join(', ')} is when osquery stored the event, up to a minute late.`,
  ];
}

/** Audit hands records on in batches, long after the act. */
function isAudited({ flags }: TableSpec): boolean {
  return flags.includes('--disable_audit=false');
}

/** Why none of the tables has a field; null when one has. */
function lackOf(name: string, tables: readonly TableSpec[], schema: Schema): string | null {
  if (tables.some(({ fields }) => fields.has(name))) return null;
  return schema.explain(name).missing ?? 'the tables of the rule do not carry it.';
}

function exceptionCaveats(
  { exceptions }: Rule,
  tables: readonly TableSpec[],
  schema: Schema,
): readonly string[] {
  const names = new Set(exceptions.flatMap((exception) => [...fieldsOf(exception).keys()]));
  return [...names].flatMap((name) => {
    const why = lackOf(name, tables, schema);
    return why === null ? [] : [`${name}: ${why} An exception asks for it and lets nothing pass by it.`];
  });
}

/** What a missing field changes of the alerts, each with the field. */
function outputCaveats(rule: Rule, tables: readonly TableSpec[], schema: Schema): readonly string[] {
  const { suppression, overrides } = rule;
  const effect =
    suppression?.missing === 'doNotSuppress'
      ? 'No alert is suppressed.'
      : 'Alerts are suppressed without regard to it.';
  const uses: readonly (readonly [string | null, string])[] = [
    ...(suppression?.by ?? []).map((name) => [name, effect] as const),
    [overrides.nameField, 'It names no alert.'],
    ...overrides.severity.map(({ field }) => [field, 'It changes no severity.'] as const),
    [overrides.riskScoreField, 'It changes no risk score.'],
  ];
  return uses.flatMap(([name, what]) => {
    const why = name === null ? null : lackOf(name, tables, schema);
    return why === null ? [] : [`${name}: ${why} ${what}`];
  });
}

function wordCaveats(query: Query): readonly string[] {
  if (query.kind === 'sequence' || query.kind === 'sample') return [];
  const names: string[] = [];
  walk(query.kind === 'event' ? query.condition : query.event.condition, (inner) => {
    if (inner.kind === 'regex' && inner.dialect === 're2') names.push(...fieldsOf(inner).keys());
  });
  return names.map(
    (name) =>
      `${name} is searched by words, each a run of letters, digits and "_": this finds a little more than Elasticsearch.`,
  );
}

/** As rules write durations. */
function duration(ms: number): string {
  for (const [unit, size] of UNITS) if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}

const UNITS = [
  ['d', DAY_MS],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
