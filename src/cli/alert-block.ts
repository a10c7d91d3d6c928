import { oneLine, type Style } from './style.ts';

const WIDTH = 100;
const MOST_ANCESTORS = 4;

/** An alert's document, as far as a person is shown it. What is missing is left out. */
interface AlertDocument {
  readonly '@timestamp'?: string;
  readonly rule?: { readonly name?: string };
  readonly threat?: readonly { readonly technique?: readonly { readonly id?: string }[] }[];
  readonly process?: ProcessDocument;
  readonly file?: { readonly path?: string };
  readonly event?: { readonly action?: unknown };
  readonly osquery_detect?: {
    readonly alert_id?: string;
    readonly severity?: string;
    readonly risk_score?: number;
    readonly matched?: string;
    readonly ancestors?: readonly ProcessDocument[];
    readonly events?: readonly { readonly table: string; readonly eid: string }[];
  };
}

interface ProcessDocument {
  readonly pid?: number;
  readonly command_line?: string;
  readonly executable?: unknown;
}

/** An alert as a block of lines for a person: what, how grave, which process, from where, and why. */
export function alertBlock(alert: Readonly<Record<string, unknown>>, style: Style): string {
  const { rule, threat, process, file, osquery_detect: detail, ...rest } = alert as AlertDocument;
  const severity = detail?.severity ?? '';
  const mark = severity === 'high' || severity === 'critical' ? style.red : style.yellow;
  const lines: (readonly [string, string])[] = [];
  const add = (label: string, text: string): void => {
    if (text !== '') lines.push([label, oneLine(text, WIDTH)]);
  };
  add('technique', techniquesOf(threat));
  add(
    'when',
    [rest['@timestamp'] ?? '', ...(detail?.events ?? []).map(({ table, eid }) => `${table} ${eid}`)].join(
      '  ',
    ),
  );
  add('file', file?.path ?? '');
  if (process !== undefined) {
    add('process', describe(process));
    const ancestors = (detail?.ancestors ?? []).slice(0, MOST_ANCESTORS);
    ancestors.forEach((ancestor, depth) => {
      add(depth === 0 ? 'started by' : '', `${'  '.repeat(depth)}${describe(ancestor)}`);
    });
  }
  add('because', detail?.matched ?? '');
  add('alert', detail?.alert_id ?? '');
  const head = `${mark(style.bold(`${severity.toUpperCase()} ${detail?.risk_score ?? ''}`))}  ${style.bold(oneLine(rule?.name ?? '', WIDTH))}`;
  return `${head}\n${lines.map(([label, text]) => `  ${style.dim(label.padEnd(10))}  ${text}\n`).join('')}`;
}

function techniquesOf(threat: AlertDocument['threat']): string {
  const ids = (threat ?? []).flatMap(({ technique }) => (technique ?? []).map(({ id }) => id ?? ''));
  return [...new Set(ids)].join(', ');
}

function describe({ command_line, executable, pid }: ProcessDocument): string {
  const program = Array.isArray(executable) ? String(executable[0]) : String(executable ?? '?');
  const words = command_line === undefined || command_line === '' ? program : command_line;
  return pid === undefined ? words : `${words}  (pid ${pid})`;
}
