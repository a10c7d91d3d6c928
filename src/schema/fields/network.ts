import { columnId } from '../column-ids.ts';
import { computed, type Definition } from '../definition.ts';
import type { RowEvent } from '../row-event.ts';

/** One end of a connection; `at` says which of the row's two addresses is this end's, if any. */
interface End {
  readonly prefix: 'source' | 'destination';
  readonly at: (event: RowEvent) => 'local' | 'remote' | null;
  /** Columns that `at` looks at. */
  readonly decides: readonly string[];
}

export function endFields({ prefix, at, decides }: End): readonly Definition[] {
  const address = { local: columnId('local_address'), remote: columnId('remote_address') };
  const port = { local: columnId('local_port'), remote: columnId('remote_port') };
  const ip = (event: RowEvent): string | null => {
    const which = at(event);
    return which === null ? null : plainAddress(event.text(address[which]));
  };
  const portOf = (event: RowEvent): number | null => {
    const which = at(event);
    return which === null ? null : event.number(port[which]) || null;
  };
  const addresses = ['local_address', 'remote_address', ...decides];
  return [
    computed(`${prefix}.ip`, addresses, ip, { type: 'ip' }),
    computed(`${prefix}.address`, addresses, ip),
    computed(`${prefix}.port`, ['local_port', 'remote_port', ...decides], portOf, { type: 'number' }),
  ];
}

/** What osquery writes where it knows no address. */
const NO_ADDRESS = new Set(['', '0', 'unknown', '?']);
const MAPPED =
  /^(?:0{1,4}:){5}ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$|^::ffff:(?:([0-9a-f]{1,4}):([0-9a-f]{1,4})|(\d+\.\d+\.\d+\.\d+))$/i;

/** The address, an IPv4 one in IPv6's clothing as IPv4; null when there is none. */
export function plainAddress(text: string): string | null {
  if (NO_ADDRESS.has(text)) return null;
  const mapped = text.includes('ffff') || text.includes('FFFF') ? MAPPED.exec(text) : null;
  if (mapped === null) return text;
  if (mapped[5] !== undefined) return mapped[5];
  const [high, low] = [parseInt(mapped[1] ?? mapped[3]!, 16), parseInt(mapped[2] ?? mapped[4]!, 16)];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** By the number of the address family on Linux; 10 and 11 both stand for IPv6 in osquery's history, 30 is macOS's. */
export const FAMILIES: Readonly<Record<string, string>> = {
  '1': 'unix',
  '2': 'ipv4',
  '10': 'ipv6',
  '11': 'ipv6',
  '23': 'ipv6',
  '30': 'ipv6',
};

/** By the number of the protocol. */
export const TRANSPORTS: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'ipv6-icmp',
  '132': 'sctp',
};
