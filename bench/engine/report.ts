import type { Figures } from './measures.ts';

export interface Report {
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    /** Of the last minute, when the run ended: what others did at the time. */
    readonly load: number;
    readonly node: string;
    readonly date: string;
    readonly quick: boolean;
  };
  /** By measure. */
  readonly figures: Readonly<Record<string, Figures>>;
  readonly ratios: Readonly<Record<string, number>>;
}

/** A ratio of two figures, and which way is better. */
interface RatioSpec {
  readonly of: readonly [measure: string, figure: string];
  readonly to: readonly [measure: string, figure: string];
  readonly better: 'more' | 'less';
  readonly expected: number;
  readonly says: string;
}

const COST = 'microsecondsPerEvent';

const RATIOS: Readonly<Record<string, RatioSpec>> = {
  matchingToDecoding: {
    ...{ of: ['engine', COST], to: ['decodeContext', COST], better: 'less', expected: 1 },
    says: 'matching, of what decoding the scan context costs',
  },
  unindexedToEngine: {
    ...{ of: ['unindexed', COST], to: ['engine', COST], better: 'more', expected: 15 },
    says: 'asking every rule, times the engine',
  },
  sqliteToEngine: {
    ...{ of: ['sqlite', COST], to: ['engine', COST], better: 'more', expected: 50 },
    says: 'one SQLite query per rule, times the engine',
  },
  growth: {
    ...{ of: ['growth10000', COST], to: ['growth100', COST], better: 'less', expected: 1.5 },
    says: 'an event at 10,000 rules, of one at 100',
  },
  growthByCopies: {
    ...{ of: ['copies10000', COST], to: ['growth100', COST], better: 'less', expected: 1.5 },
    says: 'the same, where the 9,900 more are copies',
  },
};

export function ratiosOf(figures: Report['figures']): Report['ratios'] {
  const found = Object.entries(RATIOS).flatMap(([name, { of, to }]) => {
    const [above, below] = [figures[of[0]]?.[of[1]], figures[to[0]]?.[to[1]]];
    return above === undefined || below === undefined ? [] : [[name, rounded(above / below)] as const];
  });
  return Object.fromEntries(found);
}

/** How much worse a ratio may get before it is told: machines that others use vary. */
const TOLERANCE = 1.35;

/** What got worse, a line each. */
export function compareRatios(now: Report['ratios'], before: Report['ratios']): readonly string[] {
  return Object.entries(RATIOS).flatMap(([name, { better, says }]) => {
    const [is, was] = [now[name], before[name]];
    if (is === undefined || was === undefined) return [];
    const worse = better === 'less' ? is / was : was / is;
    return worse > TOLERANCE ? [`worse: ${says}: ${is}, was ${was}`] : [];
  });
}

/** A line of the table: what, the figure, what is expected. */
type Line = readonly [what: string, figure: string, expected: string];

function linesOf({ figures, ratios }: Report): readonly Line[] {
  const lines: Line[] = [];
  const speed = (name: string, what: string, expected = ''): void => {
    const found = figures[name];
    if (found === undefined) return;
    const { eventsPerSecond = 0, [COST]: cost = 0 } = found;
    lines.push([what, `${whole(eventsPerSecond)} events/s, ${cost.toFixed(2)} µs each`, expected]);
  };
  const rules = figures['engine']?.['rules'] ?? figures['whole']?.['rules'] ?? 0;
  speed('engine', `1. the engine alone, ${rules} rules`, '500,000 events/s');
  speed('engineUnlike', '   the same, no command line twice');
  speed('unindexed', '2. every rule asked, no index');
  speed('sqlite', '   one SQLite query per rule');
  speed('decodeLines', '3. JSON.parse of the result lines');
  speed('decodeContext', '   decoding the scan context');
  speed('whole', '4. scan context in, alerts out', '100,000 events/s');
  for (const [name, found] of Object.entries(figures)) {
    if (/^growth/.test(name)) lines.push(sizeLine(found, `${whole(found['rules'] ?? 0)} rules`));
    if (name === 'copies10000') lines.push(sizeLine(found, '100 rules and 9,900 copies'));
  }
  const sequences = figures['sequences'];
  if (sequences !== undefined) lines.push(sequenceLine(sequences));
  for (const [name, { says, expected, better }] of Object.entries(RATIOS)) {
    const ratio = ratios[name];
    if (ratio !== undefined)
      lines.push([says, String(ratio), `${better === 'more' ? '≥' : '≤'} ${expected}`]);
  }
  return lines;
}

function sizeLine(found: Figures, what: string): Line {
  const { rules = 0, evaluatedPerEvent = 0, loadSeconds = 0, [COST]: cost = 0 } = found;
  return [
    `5. ${what}`,
    `${cost.toFixed(2)} µs an event, ${evaluatedPerEvent.toFixed(1)} rules asked, loaded in ${loadSeconds.toFixed(2)} s`,
    rules === 10_000 ? 'loaded in 3 s' : '',
  ];
}

function sequenceLine(figures: Figures): Line {
  const { events = 0, held = 0, megabytes = 0, residentMegabytes = 0, [COST]: cost = 0 } = figures;
  return [
    `6. ${whole(events)} events, ${whole(held)} sequences held`,
    `${megabytes.toFixed(0)} MB more heap, ${residentMegabytes.toFixed(0)} MB in all, ${cost.toFixed(2)} µs each`,
    '150 MB',
  ];
}

export function toText(report: Report): string {
  const lines = linesOf(report);
  const [left, middle] = [0, 1].map((at) => Math.max(...lines.map((line) => line[at]!.length)));
  const rows = lines.map(
    ([what, figure, expected]) =>
      `${what.padEnd(left!)}  ${figure.padEnd(middle!)}  ${expected === '' ? '' : `(${expected})`}`,
  );
  return [heading(report), '', ...rows.map((row) => row.trimEnd())].join('\n');
}

export function toMarkdown(report: Report): string {
  const rows = linesOf(report).map(
    ([what, figure, expected]) => `| ${what.trim()} | ${figure} | ${expected} |`,
  );
  return [
    `Made by \`npm run bench -- ${report.machine.quick ? '--quick ' : ''}--markdown\`: ${heading(report)}.`,
    'CPU time of one process for each measure, all its threads; the last column is what we set out to reach.',
    '',
    '| | measured | aim |',
    '| --- | ---: | ---: |',
    ...rows,
  ].join('\n');
}

function heading({ machine }: Report): string {
  const { processor, cores, node, date, load, quick } = machine;
  const scale = quick ? ', the small scale' : '';
  return `${date}, ${processor}, ${cores} cores with a load of ${load.toFixed(1)}, Node ${node}${scale}`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
