/** A network address as 32 hexadecimal digits, so that texts compare as addresses do; IPv4 as `::ffff:a.b.c.d`. */
export type AddressKey = string;

const MAPPED = '00000000000000000000ffff';
const LONGEST = 45;
const ZERO = 0x30;

/** Reads a dotted IPv4 address to its 32 bits, or -1. No octet has a leading zero, as in Elasticsearch. */
function parseIpv4(text: string): number {
  if (text.length > 15) return -1;
  let address = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (octet < 0 || dots === 3) return -1;
      address = address * 256 + octet;
      octet = -1;
      dots += 1;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    }
  }
  return octet < 0 || dots !== 3 ? -1 : address * 256 + octet;
}

/** Reads an IPv4 or IPv6 address, with a zone (`%eth0`) or without; null for any other text. */
export function parseAddress(text: string): AddressKey | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 >= 0) return mapIpv4(ipv4);
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  return address.length <= LONGEST && address.includes(':') ? parseIpv6(address) : null;
}

function mapIpv4(address: number): AddressKey {
  return MAPPED + address.toString(16).padStart(8, '0');
}

function parseIpv6(text: string): AddressKey | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half, i) => readGroups(half, i === halves.length - 1));
  const [head, tail] = groups as [string | null, string | null | undefined];
  if (head === null || tail === null) return null;
  if (tail === undefined) return head.length === 32 ? head : null;
  const gap = 32 - head.length - tail.length;
  return gap >= 4 ? head + '0'.repeat(gap) + tail : null;
}

/** The digits of groups between colons; the last of an address may be a dotted IPv4 address. */
function readGroups(text: string, last: boolean): string | null {
  if (text === '') return '';
  let digits = '';
  const groups = text.split(':');
  for (let i = 0; i < groups.length; i += 1) {
    const group = groups[i]!;
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      digits += group.toLowerCase().padStart(4, '0');
    } else {
      const ipv4 = last && i === groups.length - 1 ? parseIpv4(group) : -1;
      if (ipv4 < 0) return null;
      digits += ipv4.toString(16).padStart(8, '0');
    }
  }
  return digits.length <= 32 ? digits : null;
}

interface Range {
  readonly low: AddressKey;
  readonly high: AddressKey;
}

/** Reads `address/prefix`, or an address as the range of itself; null for any other text. */
function parseRange(text: string): Range | null {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const key = parseAddress(address);
  if (key === null) return null;
  if (slash < 0) return { low: key, high: key };
  const prefix = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix)) return null;
  const bits = Number(prefix) + (parseIpv4(address) >= 0 ? 96 : 0);
  if (bits > 128) return null;
  const host = (1n << BigInt(128 - bits)) - 1n;
  const low = BigInt(`0x${key}`) & ~host;
  return { low: hex(low), high: hex(low | host) };
}

function hex(address: bigint): AddressKey {
  return address.toString(16).padStart(32, '0');
}

/** Whether an address lies in any of some ranges; null when the text is no address. */
export type AddressTest = (text: string) => boolean | null;

/**
 * Compiles ranges in CIDR notation. IPv4 is what `::ffff:0:0/96` maps it to, in ranges and in values, as in
 * Elasticsearch's `CIDRUtils`. IPv4 values are tested as numbers. Throws when a range cannot be read.
 */
export function compileRanges(texts: readonly string[]): AddressTest {
  const ranges = texts.map((text) => {
    const range = parseRange(text);
    if (range === null) throw new Error(`not a range of addresses: "${text}"`);
    return range;
  });
  const ipv4 = ranges.flatMap(ipv4Part);
  return (text) => {
    const number = parseIpv4(text);
    if (number >= 0) return ipv4.some(([low, high]) => number >= low && number <= high);
    const key = parseAddress(text);
    return key === null ? null : ranges.some(({ low, high }) => key >= low && key <= high);
  };
}

/** Whether a text is a range in CIDR notation, and not a single address. */
export function isRange(text: string): boolean {
  return text.includes('/') && parseRange(text) !== null;
}

function ipv4Part({ low, high }: Range): [number, number][] {
  const first = low > `${MAPPED}00000000` ? low : `${MAPPED}00000000`;
  const last = high < `${MAPPED}ffffffff` ? high : `${MAPPED}ffffffff`;
  return first <= last ? [[Number.parseInt(first.slice(24), 16), Number.parseInt(last.slice(24), 16)]] : [];
}
