import type { Value } from '../../rule/index.ts';
import type { Category } from '../table.ts';

/** What kind of event a record is. */
export interface RecordKind {
  readonly category: readonly Category[];
  readonly type: readonly string[];
  readonly action: string;
}

const SYSMON = 'Microsoft-Windows-Sysmon';
const SECURITY = 'Microsoft-Windows-Security-Auditing';
const EVENTLOG = 'Microsoft-Windows-Eventlog';

/** One line for each kind: ids, categories, types, action. */
function kinds(text: string): ReadonlyMap<string, RecordKind> {
  const found = new Map<string, RecordKind>();
  for (const line of text.trim().split('\n')) {
    const [ids = '', category = '', type = '', ...action] = line.trim().split(' ');
    const kind = {
      category: category.split(',') as Category[],
      type: type.split(','),
      action: action.join(' '),
    };
    for (const id of ids.split(',')) found.set(id, kind);
  }
  return found;
}

/**
 * Records of the channel Security, in the words of Elastic's integration (`packages/system/data_stream/security`).
 * Processes and services that start and end are left to process_etw_events: no act is to be two events.
 */
const SECURITY_KINDS = kinds(`
1102 iam admin,change audit-log-cleared
1104 iam admin logging-full
1105 iam admin auditlog-archieved
1108 iam admin logging-processing-error
4610 configuration access authentication-package-loaded
4611 configuration change trusted-logon-process-registered
4614 configuration access notification-package-loaded
4616 configuration change system-time-changed
4622 configuration access security-package-loaded
4624 authentication start logged-in
4625 authentication start logon-failed
4634,4647 authentication end logged-out
4648 authentication start logged-in-explicit
4657 registry,configuration change registry-value-modified
4670 iam,configuration admin,change permissions-changed
4672,4964 iam admin logged-in-special
4673 iam admin privileged-service-called
4674 iam admin privileged-operation
4697 iam,configuration admin,change service-installed
4698 iam,configuration creation,admin scheduled-task-created
4699 iam,configuration deletion,admin scheduled-task-deleted
4700 iam,configuration change,admin scheduled-task-enabled
4701 iam,configuration change,admin scheduled-task-disabled
4702 iam,configuration change,admin scheduled-task-updated
4706 configuration creation domain-trust-added
4707 configuration deletion domain-trust-removed
4713 configuration change kerberos-policy-changed
4716 configuration change trusted-domain-information-changed
4717 iam,configuration admin,change system-security-access-granted
4718 iam,configuration admin,deletion system-security-access-removed
4719 iam,configuration admin,change changed-audit-config
4720 iam user,creation added-user-account
4722 iam user,change enabled-user-account
4723 iam user,change changed-password
4724 iam user,change reset-password
4725 iam user,deletion disabled-user-account
4726 iam user,deletion deleted-user-account
4727,4731,4754 iam group,creation added-group-account
4728,4732,4756 iam group,change added-member-to-group
4729,4733,4757 iam group,change removed-member-from-group
4730,4734,4758 iam group,deletion deleted-group-account
4735,4737,4755 iam group,change modified-group-account
4738 iam user,change modified-user-account
4739 configuration change domain-policy-changed
4740 iam user,change locked-out-user-account
4741 iam creation,admin added-computer-account
4742 iam change,admin changed-computer-account
4743 iam deletion,admin deleted-computer-account
4764 iam group,change type-changed-group-account
4767 iam user,change unlocked-user-account
4768 authentication start kerberos-authentication-ticket-requested
4769 authentication start kerberos-service-ticket-requested
4770 authentication start kerberos-service-ticket-renewed
4771 authentication start kerberos-preauth-failed
4776 authentication start credential-validated
4778 authentication,session start session-reconnected
4779 authentication,session end session-disconnected
4781 iam user,change renamed-user-account
4798 iam user,info group-membership-enumerated
4799 iam group,info user-member-enumerated
4817 iam,configuration admin,change object-audit-changed
4902 iam,configuration admin,creation user-audit-policy-created
4904 iam,configuration admin,change security-event-source-added
4905 iam,configuration admin,deletion security-event-source-removed
4907 iam,configuration admin,change audit-setting-changed
4912 iam,configuration admin,change per-user-audit-policy-changed
4950 configuration change windows-firewall-setting-changed
4954 configuration change windows-firewall-group-policy-changed
5140 network,file info,access network-share-object-accessed
5145 network,file info,access network-share-object-access-checked
5152 network connection,denied windows-firewall-packet-drop
5156 network connection,allowed windows-firewall-connection
5157 network connection,denied windows-firewall-packet-block
`);

/**
 * Records of Sysmon, in the words of Elastic's integration (`packages/windows/data_stream/sysmon_operational`).
 * Processes that start and end, and lookups of names, are left to the tables that osquery has for them.
 */
const SYSMON_KINDS = kinds(`
2 file change A process changed a file creation time
3 network start,connection,protocol Network connection
4 process change Sysmon service state changed
6 driver start Driver loaded
7 process change Image loaded
8 process change CreateRemoteThread
9 process access RawAccessRead
10 process access ProcessAccess
11 file creation FileCreate
12 configuration,registry change RegistryEvent (Object create and delete)
13 configuration,registry change RegistryEvent (Value Set)
14 configuration,registry change RegistryEvent (Key and Value Rename)
15 file access FileCreateStreamHash
16 configuration change ServiceConfigurationChange
17 file creation PipeEvent (Pipe Created)
18 file access PipeEvent (Pipe Connected)
19 process info WmiEvent (WmiEventFilter activity detected)
20 process change WmiEvent (WmiEventConsumer activity detected)
21 process access WmiEvent (WmiEventConsumerToFilter activity detected)
23 file deletion FileDelete (File Delete archived)
25 process change ProcessTampering (Process image change)
26 file deletion FileDeleteDetected (File Delete logged)
27 file creation FileBlockExecutable
28 file deletion FileBlockShredding
29 file creation FileExecutableDetected
`);

const BY_PROVIDER: ReadonlyMap<string, ReadonlyMap<string, RecordKind>> = new Map([
  [SECURITY, SECURITY_KINDS],
  [EVENTLOG, SECURITY_KINDS],
  [SYSMON, SYSMON_KINDS],
]);

/** Null for a record that is of no kind in ECS. */
export function kindOf(provider: string, eventId: string): RecordKind | null {
  return BY_PROVIDER.get(provider)?.get(eventId) ?? null;
}

const ALL: readonly RecordKind[] = [...SECURITY_KINDS.values(), ...SYSMON_KINDS.values()];

export const CATEGORIES: readonly Category[] = [...new Set(ALL.flatMap(({ category }) => category))];
export const TYPES: readonly string[] = [...new Set(ALL.flatMap(({ type }) => type))];
export const ACTIONS: readonly string[] = [...new Set(ALL.map(({ action }) => action))];

/** What fields of one record go together; a rule that asks for a category and for a type of another finds nothing. */
export const KINDS: readonly Readonly<Record<string, Value>>[] = [...new Set(ALL)].map(
  ({ category, type, action }) => ({
    'event.category': category,
    'event.type': type,
    'event.action': action,
  }),
);
