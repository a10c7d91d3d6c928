import type { Usage } from './subject.ts';

/** Shares of one core, percent. */
interface Shares {
  /** All of the extension. */
  readonly percent: number;
  /** The same extension with one rule that nothing matches: reads rows, keeps the process tree. Null when it was not fed. */
  readonly noRulesPercent: number | null;
  /** An extension that parses the batches and does nothing with them. Null when it was not fed. */
  readonly decodePercent: number | null;
}

/** What the extension did in one minute. */
export interface Minute extends Shares {
  readonly minute: number;
  /** Rows handed over since the start, and alerts that came back. */
  readonly events: number;
  readonly alerts: number;
  readonly rssMegabytes: number;
  /** How long pings waited for the event loop, milliseconds: half of them no longer, and the longest. */
  readonly lagMs: number;
  readonly mostLagMs: number;
  /** How long the longest answer took, milliseconds. */
  readonly mostAnswerMs: number;
  /** Canaries whose alert has not come. */
  readonly lost: number;
}

/** The extension and something that does less, fed the same rows in the same minutes; percent of one core. */
export interface Beside {
  readonly percent: number;
  readonly floorPercent: number;
}

/** What the extension did in the whole run. */
export interface Measured extends Pick<Shares, 'percent'> {
  readonly beside: Readonly<Record<'decode' | 'noRules', Beside>>;
  readonly events: number;
  readonly alerts: number;
  /** Mean memory, MB, of the first and of the last third. */
  readonly rss: { readonly first: number; readonly last: number };
  readonly registeredMs: number;
  readonly registeredCpuMs: number;
  /** CPU time until the rules were at work. */
  readonly runningCpuMs: number;
  /** What the extension tells of itself at the end, by column of `detection_health`. */
  readonly told: Readonly<Record<string, number>>;
  readonly mostLagMs: number;
  readonly lost: number;
  readonly errors: readonly string[];
}

export interface Plan {
  readonly minutes: number;
  readonly eventsPerSecond: number;
  readonly execsPerSecond: number;
  readonly intervalSeconds: number;
  readonly rules: string;
}

/** Columns of `detection_health` that say what was lost or went wrong; `missing` rows may have been found since. */
export const TOLD: readonly string[] = [
  ...['missing', 'filled', 'lost', 'gaps', 'refused', 'rejected', 'alerts_dropped', 'faults', 'failed'],
];
const LOSSES: readonly string[] = ['lost', 'alerts_dropped', 'failed'];

/** Whether nothing was lost, as far as anyone knows. */
export function isGood({ lost, told }: Measured): boolean {
  return lost === 0 && LOSSES.every((name) => told[name] === 0);
}

const COLUMNS: readonly (readonly [title: string, cell: (minute: Minute) => string])[] = [
  ['minute', ({ minute }) => String(minute)],
  ['events', ({ events }) => grouped(events)],
  ['alerts', ({ alerts }) => grouped(alerts)],
  ['cpu %', ({ percent }) => percent.toFixed(2)],
  ['decode', ({ decodePercent }) => decodePercent?.toFixed(2) ?? ''],
  ['no rules', ({ noRulesPercent }) => noRulesPercent?.toFixed(2) ?? ''],
  ['rss MB', ({ rssMegabytes }) => rssMegabytes.toFixed(0)],
  ['lag ms', ({ lagMs }) => lagMs.toFixed(1)],
  ['most lag', ({ mostLagMs }) => mostLagMs.toFixed(0)],
  ['answer', ({ mostAnswerMs }) => mostAnswerMs.toFixed(0)],
  ['lost', ({ lost }) => String(lost)],
];
const WIDTH = 10;

export function printHead(): string {
  return COLUMNS.map(([title]) => title.padStart(WIDTH)).join('');
}

export function printMinute(minute: Minute): string {
  return COLUMNS.map(([, cell]) => cell(minute).padStart(WIDTH)).join('');
}

export function printSummary(plan: Plan, measured: Measured): string {
  const { percent, beside, rss } = measured;
  const share = (value: number): string => `${value.toFixed(2)} %`;
  return [
    `${grouped(plan.eventsPerSecond)} events a second (${grouped(plan.execsPerSecond)} execs) for ${plan.minutes} minutes, a scan each ${plan.intervalSeconds} s; rules: ${plan.rules}`,
    `one core     ${share(percent)} in all; ${beyond(beside.decode)} beyond parsing the batches, ${beyond(beside.noRules)} beyond the same without rules`,
    `memory       ${rss.first.toFixed(0)} MB in the first third, ${rss.last.toFixed(0)} MB in the last`,
    `registered   after ${measured.registeredMs.toFixed(0)} ms, ${measured.registeredCpuMs.toFixed(0)} ms of CPU; rules at work after ${measured.runningCpuMs.toFixed(0)} ms of CPU`,
    `event loop   a ping waited ${measured.mostLagMs.toFixed(0)} ms at the most`,
    `alerts       ${grouped(measured.alerts)} of ${grouped(measured.events)} events; canaries lost: ${measured.lost}`,
    `it tells     ${Object.entries(measured.told)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    ...measured.errors.slice(0, 5).map((error) => `error        ${error}`),
  ].join('\n');
}

function beyond({ percent, floorPercent }: Beside): string {
  return `${(percent - floorPercent).toFixed(2)} % (${percent.toFixed(2)} - ${floorPercent.toFixed(2)})`;
}

/** Means, because single values swing with each collection. */
export function growth(usages: readonly Usage[]): { readonly first: number; readonly last: number } {
  const third = Math.max(1, Math.floor(usages.length / 3));
  const mean = (some: readonly Usage[]): number =>
    some.reduce((sum, { rssMegabytes }) => sum + rssMegabytes, 0) / some.length;
  return { first: mean(usages.slice(0, third)), last: mean(usages.slice(-third)) };
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
