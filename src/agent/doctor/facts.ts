import type { StoreHealth } from '../../store/index.ts';
import type { HostFacts } from '../sight.ts';
import type { RuleVerdict } from '../verdict.ts';

/** What one check found. */
export interface Finding {
  readonly check: CheckName;
  /** `fail`: detection does not work as it should. `warn`: it may stop working, or be late. */
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was seen, one sentence. */
  readonly seen: string;
  /** What to do, a command where there is one; null where nothing is to be done. */
  readonly advice: string | null;
}

export type CheckName =
  | 'osqueryd'
  | 'auditd'
  | 'extension_file'
  | 'registered'
  | 'settings'
  | 'rules'
  | 'events'
  | 'schedule'
  | 'expiry'
  | 'lateness'
  | 'health'
  | 'watchdog'
  | 'loggers'
  | 'store';

/** All that the checks look at, gathered before any of them runs. */
export interface Facts {
  /** The version of this program. */
  readonly version: string;
  readonly nowMs: number;
  readonly host: HostSide;
  /** What osqueryd says, or why it says nothing. */
  readonly osquery: OsquerySide | { readonly trouble: string };
}

/** What can be known without osqueryd. */
export interface HostSide {
  readonly socketPath: string;
  /** Running osqueryds, and programs that read audit. */
  readonly processes: readonly { readonly pid: number; readonly name: string }[];
  /** The list of extensions that osqueryd loads; `lines` is null where there is none. */
  readonly load: { readonly path: string; readonly lines: readonly string[] | null };
  /** The extension's files that the list names; the one that packages install when it names none. */
  readonly files: readonly ExtensionFile[];
  /** osqueryd's flags as its flag file says; null where there is none. */
  readonly flagFile: { readonly path: string; readonly flags: ReadonlyMap<string, string> } | null;
  /** Why the settings cannot be used; null when they can. */
  readonly settingsTrouble: string | null;
  /** Whether the settings want events as they happen. */
  readonly live: boolean;
  readonly rules: RulesSide;
  readonly store: StoreSide;
}

export interface ExtensionFile {
  readonly path: string;
  /** Null where there is no such file. */
  readonly owner: number | null;
  readonly mode: number;
  readonly folderMode: number;
  /** Why others could put something in its place, with the remedy; null when they cannot. */
  readonly flaw: string | null;
}

export interface RulesSide {
  /** Of each rule that can run. */
  readonly verdicts: readonly RuleVerdict[];
  readonly unsupported: number;
  /** A headline for each rule or file that is left out because something is wrong with it. */
  readonly broken: readonly string[];
}

export interface StoreSide {
  readonly path: string;
  readonly exists: boolean;
  readonly health: StoreHealth | null;
  /** Free in its folder's file system; null where that cannot be told. */
  readonly freeBytes: number | null;
}

export interface OsquerySide {
  readonly version: string;
  readonly sight: HostFacts;
  /** Events that each table has had since osqueryd started. */
  readonly events: ReadonlyMap<string, number>;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly schedule: readonly ScheduledScan[];
  /** The extension's own row `all` of `detection_health`; null where it gives none. */
  readonly health: Readonly<Record<string, string>> | null;
  /** How long an event took; null when that was not tried. */
  readonly lateness: Lateness | null;
}

/** A scheduled query that feeds a stream. */
export interface ScheduledScan {
  readonly name: string;
  readonly stream: string;
  readonly intervalSeconds: number;
  readonly executions: number;
  /** Unix seconds; 0 when it never ran. */
  readonly lastExecuted: number;
  readonly denylisted: boolean;
}

export interface Lateness {
  /** From the act to the row, milliseconds; null when none came in time. */
  readonly lateMs: number | null;
  /** How long was waited at most. */
  readonly patienceMs: number;
  /** Why nothing could be done to be seen; null when it was done. */
  readonly trouble: string | null;
}
