/** A line of osquery's result log: the rows that one scheduled query gave. */
export interface ResultLine {
  /** The query's name: `pack_<pack>_<query>`, Fleet's `pack/<team>/<query>`, or as the configuration has it. */
  readonly name: string;
  readonly host: string;
  /** When the query ran, Unix seconds; 0 when the line does not say. */
  readonly unixTime: number;
  readonly rows: readonly ResultRow[];
}

export interface ResultRow {
  readonly action: 'added' | 'removed' | 'snapshot';
  /** Values as osquery wrote them: texts, or numbers with `--logger_numerics`. */
  readonly columns: Readonly<Record<string, unknown>>;
}

/**
 * Reads a line in any of the three formats that osquery writes: event (`columns` and `action`), batch
 * (`diffResults` with lists of added and removed rows) and snapshot (`snapshot`). Null for what is none: status
 * lines, other logs, broken lines.
 *
 * osquery's documentation shows `hostname` where the daemon writes `hostIdentifier`, and numbers as strings:
 * both are taken. https://osquery.readthedocs.io/en/stable/deployment/logging/
 */
export function parseResultLine(line: string): ResultLine | null {
  const record = parseRecord(line);
  if (record === null || typeof record['name'] !== 'string') return null;
  const rows = rowsOf(record);
  if (rows === null) return null;
  return {
    name: record['name'],
    host: String(record['hostIdentifier'] ?? record['hostname'] ?? ''),
    unixTime: Number(record['unixTime'] ?? 0) || 0,
    rows,
  };
}

/** What a line of the result log says of one row. */
export interface NewResultLine {
  readonly name: string;
  readonly host: string;
  readonly unixTime: number;
  readonly columns: Readonly<Record<string, string>>;
}

/** Prints a row that was added, as osquery does in its event format, but in ASCII: every logger passes that on. */
export function printResultLine({ name, host, unixTime, columns }: NewResultLine): string {
  const [day, date, month, year, time] = new Date(unixTime * 1000).toUTCString().replace(',', '').split(' ');
  const line = {
    ...{ name, hostIdentifier: host },
    calendarTime: `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year} UTC`,
    ...{ unixTime, epoch: 0, counter: 0, numerics: false, columns, action: 'added' },
  };
  const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(line).replace(/[\u007f-\uffff]/g, escapeUnit);
}

function rowsOf(record: Readonly<Record<string, unknown>>): readonly ResultRow[] | null {
  const { columns, diffResults, snapshot } = record;
  if (isRecord(columns)) {
    return [{ action: record['action'] === 'removed' ? 'removed' : 'added', columns }];
  }
  if (Array.isArray(snapshot)) return rowsWith('snapshot', snapshot);
  if (isRecord(diffResults)) {
    return [...rowsWith('removed', diffResults['removed']), ...rowsWith('added', diffResults['added'])];
  }
  return null;
}

/** A list of rows; an empty one is written as an empty text by some versions. */
function rowsWith(action: ResultRow['action'], rows: unknown): readonly ResultRow[] {
  return Array.isArray(rows) ? rows.filter(isRecord).map((columns) => ({ action, columns })) : [];
}

function parseRecord(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
