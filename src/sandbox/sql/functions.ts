import { createHash } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { Database } from 'better-sqlite3';

type Argument = string | number | bigint | Buffer | null;

/** osquery's `regex_max_size`, in bytes. */
const MOST_REGEX = 256;

/**
 * Registers the functions that osquery adds to SQLite's own and that a pack may use. Arguments that are no UTF-8
 * arrive with their bad bytes replaced: better-sqlite3 gives text to functions as text.
 * Sources: osquery/sql/sqlite_string.cpp, sqlite_network.cpp, sqlite_encoding.cpp, sqlite_hashing.cpp.
 */
export function registerFunctions(db: Database): void {
  const define = (name: string, fn: (...values: Argument[]) => Argument, varargs = false): void => {
    db.function(name, { deterministic: true, varargs }, fn);
  };
  define('split', (input, tokens, index) => pick(input, tokens, index, splitByCharacters));
  define('regex_split', (input, pattern, index) => pick(input, pattern, index, splitByRegex));
  define('regex_match', (input, pattern, index) => {
    if (input === null || pattern === null || index === null) return null;
    return compile(text(pattern)).exec(text(input))?.[toIndex(index)] ?? null;
  });
  define('concat', (...values) => concat('', values), true);
  define(
    'concat_ws',
    (...values) => {
      if (values.length === 0) throw new Error('Missing separator to concat_ws');
      return concat(values[0] === null ? '' : text(values[0]!), values.slice(1));
    },
    true,
  );
  define('inet_aton', (address) => inetAton(address));
  define('in_cidr_block', (block, address) => inCidrBlock(block, address));
  define('to_base64', (value) => (value === null ? null : bytes(value).toString('base64')));
  define('from_base64', (value) => (value === null ? null : Buffer.from(text(value), 'base64').toString()));
  define('conditional_to_base64', (value) => {
    if (value === null) return null;
    return /^[\x20-\x7e]*$/.test(text(value)) ? text(value) : bytes(value).toString('base64');
  });
  for (const algorithm of ['md5', 'sha1', 'sha256']) {
    define(algorithm, (value) =>
      value === null ? null : createHash(algorithm).update(bytes(value)).digest('hex'),
    );
  }
}

function pick(
  input: Argument,
  token: Argument,
  index: Argument,
  split: (input: string, token: string) => readonly string[],
): string | null {
  if (input === null || token === null || index === null) return null;
  if (text(token) === '') throw new Error('Invalid input to split function');
  return split(text(input), text(token))[toIndex(index)] ?? null;
}

/** Each character of the token separates; empty parts are left out, the others trimmed (utils/conversions/split.cpp). */
function splitByCharacters(input: string, tokens: string): readonly string[] {
  const parts: string[] = [''];
  for (const character of input) {
    if (tokens.includes(character)) parts.push('');
    else parts.push(parts.pop()! + character);
  }
  return parts.filter((part) => part !== '').map((part) => part.trim());
}

function splitByRegex(input: string, pattern: string): readonly string[] {
  const parts: string[] = [];
  let at = 0;
  for (const match of input.matchAll(new RegExp(compile(pattern), 'g'))) {
    parts.push(input.slice(at, match.index));
    at = match.index + match[0].length;
  }
  // C++'s token iterator leaves out the rest when it is empty.
  if (at < input.length || parts.length === 0) parts.push(input.slice(at));
  return parts;
}

/**
 * osquery runs `std::regex`, ECMAScript's grammar, so JavaScript's own engine is the nearest, backtracking included:
 * the pattern is the pack's. What std::regex adds to ECMAScript is refused.
 */
function compile(pattern: string): RegExp {
  if (Buffer.byteLength(pattern) > MOST_REGEX) {
    throw new Error(`Invalid regex: too big, max size is ${MOST_REGEX} bytes`);
  }
  if (/\[\[[:.=]/.test(pattern)) throw new Error('Invalid regex: the sandbox has no [[:classes:]]');
  try {
    return new RegExp(pattern);
  } catch {
    throw new Error('Invalid regex');
  }
}

/** Skips NULLs, but a separator follows each value that is not the last argument: `concat_ws('-', 'a', NULL)` is `a-`. */
function concat(separator: string, values: readonly Argument[]): string | null {
  if (values.length === 0) return null;
  return values
    .map((value, index) => {
      if (value === null) return '';
      return text(value) + (index + 1 < values.length ? separator : '');
    })
    .join('');
}

function inetAton(address: Argument): number | null {
  if (address === null || isIP(text(address)) !== 4) return null;
  return text(address)
    .split('.')
    .reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Of an IPv4 block, osquery counts the *hosts*: network and broadcast address are not in it, unless it is a /32. */
function inCidrBlock(block: Argument, address: Argument): number {
  if (typeof block !== 'string') throw new Error('CIDR must be a string');
  if (typeof address !== 'string') throw new Error('IP address must be a string');
  const version = isIP(address);
  if (version === 0) throw new Error('IP address cannot be parsed');
  const [network, length] = [block.slice(0, block.indexOf('/')), block.slice(block.indexOf('/') + 1)];
  const bits = Number(length);
  if (isIP(network) !== version || !/^\d{1,3}$/.test(length) || bits > (version === 4 ? 32 : 128)) {
    throw new Error(`CIDR for IP address v${version} cannot be parsed`);
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  if (!list.check(address, family)) return 0;
  if (version === 6 || bits === 32) return 1;
  const size = 2 ** (32 - bits);
  const host = inetAton(address)! % size;
  return host !== 0 && host !== size - 1 ? 1 : 0;
}

function toIndex(value: Argument): number {
  return Number.parseInt(text(value), 10) || 0;
}

function text(value: Exclude<Argument, null> | Argument): string {
  return Buffer.isBuffer(value) ? value.toString() : String(value);
}

function bytes(value: Argument): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(text(value));
}
