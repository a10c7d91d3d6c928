import type { TableDefinition } from '../definition.ts';
import { apparmorEvents } from './apparmor-events.ts';
import { dnsLookupEvents } from './dns-lookup-events.ts';
import { esProcessEvents } from './es-process-events.ts';
import { esProcessFileEvents } from './es-process-file-events.ts';
import { fileEvents } from './file-events.ts';
import { ntfsJournalEvents } from './ntfs-journal-events.ts';
import { powershellEvents } from './powershell-events.ts';
import { processEtwEvents } from './process-etw-events.ts';
import { processEvents } from './process-events.ts';
import { processFileEvents } from './process-file-events.ts';
import { listeningPorts, processes, processOpenSockets } from './snapshots.ts';
import { socketEvents } from './socket-events.ts';
import { syslogEvents } from './syslog-events.ts';
import { userEvents } from './user-events.ts';
import { windowsEvents } from './windows-events.ts';

/** Every table that is read, on whatever platform. */
export const TABLES: readonly TableDefinition[] = [
  ...[processEvents, processFileEvents, fileEvents, socketEvents, userEvents],
  ...[apparmorEvents, syslogEvents],
  ...[esProcessEvents, esProcessFileEvents],
  ...[processEtwEvents, dnsLookupEvents, powershellEvents, ntfsJournalEvents, windowsEvents],
  ...[processes, listeningPorts, processOpenSockets],
];
