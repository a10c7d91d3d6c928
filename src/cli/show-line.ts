import { alertBlock } from './alert-block.ts';
import { oneLine, type Style } from './style.ts';

/** A result line as a block for a person, and itself below, cut to one row of the terminal unless asked whole. */
export function showResult(line: string, style: Style, whole: boolean): string {
  const { columns } = JSON.parse(line) as { columns?: Readonly<Record<string, string>> };
  const document = JSON.parse(columns?.['alert'] ?? '{}') as Readonly<Record<string, unknown>>;
  const shown = whole ? line : oneLine(line, 160);
  return `${alertBlock(document, style)}  ${style.dim('logged')}      ${style.dim(shown)}`;
}

/** pino's JSON as a person reads it. */
export function describeLog(line: string): string {
  try {
    const { msg, level, time, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    return oneLine([msg, ...rest].join(' '), 160);
  } catch {
    return oneLine(line, 160);
  }
}
