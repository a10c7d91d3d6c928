import type { Signature } from '../process/index.ts';
import { columnId } from './column-ids.ts';

const SIGNING = columnId('signing_id');
const TEAM = columnId('team_id');
const CDHASH = columnId('cdhash');
const FLAGS = columnId('codesigning_flags');
const PLATFORM = columnId('platform_binary');

/** What decides a signature. */
export const SIGNATURE_COLUMNS = [
  'signing_id',
  'team_id',
  'cdhash',
  'codesigning_flags',
  'platform_binary',
] as const;

/** A row whose columns are asked for by their ids. */
interface Texts {
  has(id: number): boolean;
  text(id: number): string;
}

/**
 * The code signature that a row of es_process_events tells; null without its columns. Trusted is what the kernel
 * takes for valid and is not signed ad hoc; the chain to Apple is not checked. Only of Apple's own programs
 * is the signer told.
 */
export function signatureOf(row: Texts): Signature | null {
  if (!row.has(SIGNING)) return null;
  const exists = row.text(SIGNING) !== '' || row.text(CDHASH) !== '';
  const flags = row.text(FLAGS).split(', ');
  return {
    exists,
    trusted: row.has(FLAGS) ? exists && !flags.includes('NOT_VALID') && !flags.includes('ADHOC') : null,
    subject: row.text(PLATFORM) === '1' ? 'Software Signing' : '',
    id: row.text(SIGNING),
    teamId: row.text(TEAM),
  };
}
