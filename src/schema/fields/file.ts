import { baseName } from '../../process/index.ts';
import { computed, type Definition, textOrNull } from '../definition.ts';
import type { RowEvent } from '../row-event.ts';

/** The path that a row is about, and what follows from it. `columns` decide it. */
export function pathFields(
  columns: readonly string[],
  pathOf: (event: RowEvent) => string,
): readonly Definition[] {
  return pathFamily('file', columns, pathOf);
}

/** Where a renamed file was before; empty for other events. */
export function originalFields(
  columns: readonly string[],
  pathOf: (event: RowEvent) => string,
  note: string,
): readonly Definition[] {
  return pathFamily('file.Ext.original', columns, pathOf).map((one) => ({
    ...one,
    fidelity: 'partial',
    note,
  }));
}

function pathFamily(
  prefix: string,
  columns: readonly string[],
  pathOf: (event: RowEvent) => string,
): readonly Definition[] {
  const made = (name: string, of: (path: string) => string, note = ''): Definition =>
    computed(`${prefix}.${name}`, columns, (event) => textOrNull(of(pathOf(event))), { cache: true, note });
  return [
    made('path', (path) => path),
    made('name', baseName),
    made('directory', directoryOf),
    made('extension', extensionOf, 'what follows the last dot of the name, without it'),
  ];
}

/** Without the last separator, but for the root. */
function directoryOf(path: string): string {
  const name = baseName(path);
  const end = path.length - name.length;
  return end === 1 ? path[0]! : path.slice(0, Math.max(end - 1, 0));
}

/** Empty when the name has no dot but a first one. */
function extensionOf(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1);
}

/**
 * A path made absolute and plain: audit writes it as the program gave it, relative to `cwd`. Does not follow
 * links, as the file may be another by now.
 */
export function resolvePath(cwd: string, path: string): string {
  if (path === '') return '';
  const whole = path.startsWith('/') || cwd === '' ? path : `${cwd}/${path}`;
  if (!/\/(?:\.{0,2})(?:\/|$)/.test(whole)) return whole;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `${whole.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}
