import { explain, type Plugin } from '../../osquery/index.ts';
import type { TreeHealth } from '../../process/index.ts';
import type { EventFeedHealth } from '../live/event-feed.ts';
import type { LiveHealth } from '../live/live-options.ts';
import type { StreamHealth } from '../live/stream.ts';
import type { ReloadHealth } from '../reload.ts';
import { type Cell, createListing, type ListColumn } from './listing.ts';

/** What there is to say of the extension as a whole. */
export interface AgentHealth {
  readonly live: LiveHealth;
  readonly tree: TreeHealth;
  readonly reload: ReloadHealth;
  /** Events wait while rules and state are `loading`, and scans fail while there are `no rules`. */
  readonly state: 'loading' | 'running' | 'no rules';
  /** Of the live feed; null without one. */
  readonly feed: EventFeedHealth | null;
  /** Rules at work; rules left out because they cannot be compiled; state given up at its bounds. */
  readonly rules: number;
  readonly faults: number;
  readonly evicted: number;
  /** Rules that were stopped for their cost. */
  readonly stopped: number;
  readonly version: string;
  readonly startedMs: number;
}

/** The row of one stream, or of all: only that one says what is of the extension as a whole. */
interface Line {
  readonly name: string;
  readonly stream: StreamHealth;
  readonly agent: AgentHealth | null;
}

/** The table `detection_health`: a row for each stream of events, and one named `all`. */
export function createHealthTable(health: () => AgentHealth): Plugin {
  return createListing({ name: 'detection_health', columns: COLUMNS, list: () => linesOf(health()) });
}

function linesOf(agent: AgentHealth): readonly Line[] {
  const { streams } = agent.live;
  return [
    { name: 'all', stream: together(streams), agent },
    ...streams.map((stream) => ({ name: stream.table, stream, agent: null })),
  ];
}

/** Counts are added up; of times and delays the greatest counts. A position is one stream's own. */
function together(streams: readonly StreamHealth[]): StreamHealth {
  const sum = (of: (stream: StreamHealth) => number): number =>
    streams.reduce((all, one) => all + of(one), 0);
  const most = (of: (stream: StreamHealth) => number): number =>
    streams.reduce((all, one) => Math.max(all, of(one)), 0);
  return {
    ...{ table: '', position: 0 },
    rows: sum(({ rows }) => rows),
    missing: sum(({ missing }) => missing),
    filled: sum(({ filled }) => filled),
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    resets: sum(({ resets }) => resets),
    timeBackwards: sum(({ timeBackwards }) => timeBackwards),
    scans: sum(({ scans }) => scans),
    foreign: sum(({ foreign }) => foreign),
    gaps: sum(({ gaps }) => gaps),
    queued: sum(({ queued }) => queued),
    refused: sum(({ refused }) => refused),
    positionMs: most(({ positionMs }) => positionMs),
    sparse: streams.some(({ sparse }) => sparse),
    lagMs: most(({ lagMs }) => lagMs),
    scannedMs: most(({ scannedMs }) => scannedMs),
  };
}

const COLUMNS: readonly ListColumn<Line>[] = [
  { name: 'stream', type: 'TEXT', index: true, of: ({ name }) => name },
  ofStream('events', ({ rows }) => rows),
  ofStream('position', ({ position }) => (position === 0 ? null : position)),
  ofStream('newest_time', ({ positionMs }) => time(positionMs)),
  ofStream('lag', ({ lagMs }) => Math.round(lagMs / 1000)),
  ofStream('scans', ({ scans }) => scans),
  ofStream('scan_time', ({ scannedMs }) => time(scannedMs)),
  ofStream('foreign_scans', ({ foreign }) => foreign),
  ofStream('sparse', ({ sparse }) => Number(sparse)),
  ofStream('gaps', ({ gaps }) => gaps),
  ofStream('missing', ({ missing }) => missing),
  ofStream('filled', ({ filled }) => filled),
  ofStream('lost', ({ lost }) => lost),
  ofStream('duplicates', ({ duplicates }) => duplicates),
  ofStream('queued', ({ queued }) => queued),
  ofStream('refused', ({ refused }) => refused),
  ofStream('resets', ({ resets }) => resets),
  ofStream('clock_back', ({ timeBackwards }) => timeBackwards),
  ofAgent('rejected', ({ live }) => total(live.reader.rejected)),
  ofAgent('repaired', ({ live }) => total(live.reader.repaired)),
  ofAgent('cut_cmdlines', ({ live }) => live.reader.cut),
  ofAgent('rules', ({ rules }) => rules),
  ofAgent('faults', ({ faults }) => faults),
  ofAgent('evicted', ({ evicted }) => evicted),
  ofAgent('rules_stopped', ({ stopped }) => stopped),
  ofAgent('reloads', ({ reload }) => reload.reloads),
  ofAgent('reload_refusals', ({ reload }) => reload.refusals),
  ofAgent('reload_time', ({ reload }) => time(reload.loadedMs)),
  ofAgent('processes', ({ tree }) => tree.held),
  ofAgent('processes_evicted', ({ tree }) => tree.evicted),
  ofAgent('processes_inferred', ({ tree }) => tree.inferred),
  ofAgent('alerts', ({ live }) => live.store.alerts),
  ofAgent('alerts_waiting', ({ live }) => live.store.waiting),
  ofAgent('alerts_returned', ({ live }) => live.delivery.returned),
  ofAgent('alerts_delivered', ({ live }) => live.delivery.delivered),
  ofAgent('alerts_repeated', ({ live }) => live.delivery.repeated),
  ofAgent('alerts_late', ({ live }) => live.lateAlerts),
  ofAgent('alerts_unwritten', ({ live }) => live.store.unwritten),
  ofAgent('alerts_dropped', ({ live }) => live.store.dropped),
  ofAgent('store_bytes', ({ live }) => live.store.bytes),
  ofAgent('snapshot_time', ({ live }) => time(live.snapshot?.savedMs ?? 0)),
  ofAgent('memory', () => process.memoryUsage.rss()),
  ofAgent('cpu_time', () => Math.round(cpuMs())),
  ofAgent('start_time', ({ startedMs }) => time(startedMs)),
  ofAgent('live_events', ({ feed }) => feed?.events ?? null),
  ofAgent('live_foreign', ({ feed }) => feed?.foreign ?? null),
  ofAgent('live_malformed', ({ feed }) => feed?.malformed ?? null),
  ofAgent('fill_questions', ({ live }) => live.filler?.asked ?? null),
  ofAgent('fill_failures', ({ live }) => live.filler?.failed ?? null),
  ofAgent('failed', ({ live }) => live.failures.count),
  textOfAgent('state', ({ state }) => state),
  textOfAgent('last_error', ({ live }) => (live.failures.count === 0 ? '' : explain(live.failures.last))),
  textOfAgent('fill_error', ({ live }) => live.filler?.lastFailure ?? ''),
  textOfAgent('reload_error', ({ reload }) => reload.refusal ?? ''),
  textOfAgent('store', ({ live }) => live.store.path ?? ''),
  textOfAgent('store_state', ({ live }) => live.store.state),
  textOfAgent('store_error', ({ live }) => live.store.trouble ?? ''),
  textOfAgent('version', ({ version }) => version),
];

function ofStream(name: string, of: (stream: StreamHealth) => Cell): ListColumn<Line> {
  return { name, type: 'BIGINT', of: ({ stream }) => of(stream) };
}

function ofAgent(name: string, of: (agent: AgentHealth) => Cell): ListColumn<Line> {
  return { name, type: 'BIGINT', of: ({ agent }) => (agent === null ? null : of(agent)) };
}

function textOfAgent(name: string, of: (agent: AgentHealth) => string): ListColumn<Line> {
  return { name, type: 'TEXT', of: ({ agent }) => (agent === null ? '' : of(agent)) };
}

/** Unix seconds; null for what has not been. */
function time(ms: number): number | null {
  return ms === 0 ? null : Math.floor(ms / 1000);
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Of the process, since it started. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
