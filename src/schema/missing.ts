import { suggest } from '../text/index.ts';

/** Why no event table has what a family of fields asks for, by the beginning of the names. */
const REASONS: readonly (readonly [string, string])[] = [
  ['process.env_vars', 'osquery leaves `env` of process_events empty on Linux'],
  ['process.hash', 'process tables have no hash of the program'],
  ['process.pe', 'process tables do not read the header of the program'],
  ['process.thread.capabilities', 'audit rows as osquery keeps them have no capabilities'],
  ['process.interactive', 'process tables tell of no terminal'],
  ['process.parent.interactive', 'process tables tell of no terminal'],
  ['process.tty', 'process tables tell of no terminal'],
  ['process.code_signature', 'only tables of macOS tell of the signatures of processes'],
  ['process.parent.code_signature', 'only tables of macOS tell of the signatures of processes'],
  ['container.', 'event tables tell of no container'],
  ['kubernetes.', 'osquery has no events of Kubernetes'],
  ['orchestrator.', 'osquery has no events of an orchestrator'],
  ['registry.', 'only Windows has a registry'],
  ['dll.', 'osquery has no event table for loaded libraries'],
  ['winlog.', 'only Windows has such records'],
  ['http.', 'osquery does not see what goes over a connection'],
  ['url.', 'osquery does not see what goes over a connection'],
  ['dns.', 'only Windows has an event table for DNS lookups'],
  ['cloud.', 'osquery has no events of a cloud'],
  ['auditd.data.a', 'osquery drops the arguments of system calls'],
  ['file.Ext.header_bytes', 'osquery does not read the contents of files'],
  ['file.Ext.entropy', 'osquery does not read the contents of files'],
  ['kibana.', 'alerts of other rules are no events of osquery'],
];

/** Says why a field cannot be had, and of a field that is in no known family, which similar one can. */
export function missingBecause(field: string, known: Iterable<string>): string {
  const reason = REASONS.find(([beginning]) => field.startsWith(beginning))?.[1];
  if (reason !== undefined) return `${reason}.`;
  const near = suggest(field, known);
  return `no event table of osquery carries it.${near === undefined ? '' : ` ${near}`}`;
}
