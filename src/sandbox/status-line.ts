/** A line of osquery's status log. */
export interface StatusLine {
  /** 0 info, 1 warning, 2 error. */
  readonly severity: 0 | 1 | 2;
  /** Where in core such a line comes from. */
  readonly filename: string;
  readonly line: number;
  readonly message: string;
  readonly hostIdentifier: string;
  readonly calendarTime: string;
  readonly unixTime: number;
}

/** `Tue Nov 24 03:16:35 2026 UTC`, as osquery writes the time in every line. */
export function calendarTime(unixTime: number): string {
  const [day, date, month, year, time] = new Date(unixTime * 1000).toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year} UTC`;
}

/** The line as osquery's loggers write it where they write JSON: all values are texts. */
export function printStatusLine(status: StatusLine): string {
  const { hostIdentifier, calendarTime, unixTime, severity, filename, line, message } = status;
  return JSON.stringify({
    hostIdentifier,
    calendarTime,
    unixTime: String(unixTime),
    severity: String(severity),
    filename,
    line: String(line),
    message,
  });
}

/** Status lines as a logger plugin gets them. Source: osquery/logger/logger.cpp (`serializeIntermediateLog`). */
export function printIntermediateLog(lines: readonly StatusLine[]): string {
  return JSON.stringify(
    lines.map(({ severity, filename, line, message, hostIdentifier, calendarTime, unixTime }) => ({
      s: severity,
      f: filename,
      i: line,
      m: message,
      h: hostIdentifier,
      c: calendarTime,
      u: unixTime,
    })),
  );
}
