import { ForeignFile } from './migrations.ts';

/** What is to be done about a failure: `corrupt`: a new file; `full`: room; `other`: wait and try again. */
export type Failure = 'corrupt' | 'full' | 'other';

export function failureOf(error: unknown): Failure {
  if (error instanceof ForeignFile) return 'corrupt';
  const code = String((error as { readonly code?: unknown } | null)?.code ?? '');
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_FORMAT')
    return 'corrupt';
  // A missing table or column: someone changed the file.
  if (code === 'SQLITE_ERROR' || code === 'SQLITE_SCHEMA') return 'corrupt';
  return code === 'SQLITE_FULL' ? 'full' : 'other';
}

/** Says an error and its causes in one line. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${explain(error.cause)}`;
}
