import { plainAddress, TRANSPORTS } from '../fields/network.ts';
import type { EventData } from './event-log.ts';

/** The first of the names that the record has a value for; empty when it has none. */
export function first(data: EventData, ...names: readonly string[]): string {
  for (const name of names) {
    const value = data.get(name);
    if (value !== undefined) return value;
  }
  return '';
}

/** The program that acted: Sysmon calls it one thing, the auditing of Windows another. */
export function programIn(data: EventData): string {
  return first(data, 'Image', 'SourceImage', 'ProcessName', 'CallerProcessName', 'Application');
}

/** Its pid, decimal of Sysmon and hexadecimal of auditing; 0 when there is none. */
export function pidIn(data: EventData): number {
  const pid = Number(
    first(data, 'SourceProcessId', 'ProcessId', 'ProcessID', 'CallerProcessId') || Number.NaN,
  );
  return Number.isSafeInteger(pid) && pid > 0 ? pid : 0;
}

/** The file that the record is about: one that was made, loaded, asked for on a share, or a pipe. */
export function fileIn(data: EventData): string {
  return first(data, 'TargetFilename', 'ImageLoaded', 'RelativeTargetName', 'PipeName');
}

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
}

/** Records whose user is who logged on, rather than who asked for it. */
const OF_TARGET: ReadonlySet<string> = new Set(
  '4624 4625 4634 4647 4768 4769 4770 4771 4776 4964'.split(' '),
);

/** Who acted, by the id of the record; after Elastic's pipelines for Security and Sysmon. */
export function userIn(data: EventData, eventId: string): Account {
  const user = data.get('User');
  if (user !== undefined) {
    const at = user.indexOf('\\');
    return { id: '', name: user.slice(at + 1), domain: user.slice(0, Math.max(at, 0)) };
  }
  if (OF_TARGET.has(eventId)) return targetIn(data);
  return {
    id: first(data, 'SubjectUserSid'),
    name: first(data, 'SubjectUserName', 'AccountName'),
    domain: first(data, 'SubjectDomainName'),
  };
}

/** Whom the record is about: an account, a group, a computer. */
export function targetIn(data: EventData): Account {
  const [name = ''] = first(data, 'TargetUserName').split('@');
  return { id: first(data, 'TargetUserSid', 'TargetSid'), name, domain: first(data, 'TargetDomainName') };
}

export function addressIn(data: EventData, ...names: readonly string[]): string | null {
  const address = plainAddress(first(data, ...names));
  return address !== null && /^[\d.]+$|:/.test(address) ? address : null;
}

export function portIn(data: EventData, ...names: readonly string[]): number | null {
  const port = Number(first(data, ...names));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

export function transportIn(data: EventData): string | null {
  const protocol = first(data, 'Protocol').toLowerCase();
  return TRANSPORTS[protocol] ?? (protocol === '' ? null : protocol);
}

/** `MD5=…,SHA256=…` by name, in small letters. */
export function hashIn(data: EventData, name: string): string | null {
  const found = first(data, 'Hashes', 'Hash')
    .split(',')
    .find((part) => part.toLowerCase().startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1).toLowerCase();
}

export interface RegistryPlace {
  readonly path: string;
  readonly hive: string;
  readonly key: string;
  readonly value: string;
}

/** The key or value that a record of Sysmon or of auditing is about; null when it is about none. */
export function registryIn(data: EventData, eventId: string): RegistryPlace | null {
  const path = eventId === '4657' ? auditedPath(data) : first(data, 'TargetObject');
  if (path === '') return null;
  const [hive = '', ...rest] = path.split('\\');
  const value = eventId === '12' ? '' : (rest.at(-1) ?? '');
  return { path, hive, key: (value === '' ? rest : rest.slice(0, -1)).join('\\'), value };
}

function auditedPath(data: EventData): string {
  const key = first(data, 'ObjectName');
  return key === '' ? '' : `${key}\\${first(data, 'ObjectValueName')}`;
}

/** What a value was set to; Sysmon writes numbers as `DWORD (0x00000001)`. */
export function registryText(data: EventData): string | null {
  const details = first(data, 'Details', 'NewValue');
  const number = /^[DQ]WORD \((0x[0-9a-f]+)(?:-(0x[0-9a-f]+))?\)$/i.exec(details);
  if (number === null) return details === '' ? null : details;
  const [, high = '0', low] = number;
  return low === undefined ? String(BigInt(high)) : String((BigInt(high) << 32n) | BigInt(low));
}
