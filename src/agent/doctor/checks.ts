import { checkEvents, checkExpiry, checkFlagFile, checkLateness, checkSchedule } from './event-checks.ts';
import type { Facts, Finding } from './facts.ts';
import {
  checkAuditd,
  checkExtensionFile,
  checkOsqueryd,
  checkRegistered,
  checkRules,
  checkSettings,
  checkStore,
} from './host-checks.ts';
import { checkHealth, checkLoggers, checkWatchdog } from './osquery-checks.ts';

/** In the order in which to mend: what a later check sees often follows from what an earlier one does. */
const CHECKS: readonly ((facts: Facts) => readonly Finding[])[] = [
  checkOsqueryd,
  checkAuditd,
  checkExtensionFile,
  checkSettings,
  checkRules,
  checkRegistered,
  checkFlagFile,
  checkEvents,
  checkSchedule,
  checkExpiry,
  checkLateness,
  checkHealth,
  checkWatchdog,
  checkLoggers,
  checkStore,
];

/** What all checks find. A check that cannot be made, for want of osqueryd, finds nothing. */
export function findingsOf(facts: Facts): readonly Finding[] {
  return CHECKS.flatMap((check) => check(facts));
}
