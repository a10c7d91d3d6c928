import test from 'ava';
import SQLite from 'better-sqlite3';
import { registerFunctions } from '../../../src/sandbox/sql/functions.ts';

const db = new SQLite(':memory:');
registerFunctions(db);

const CASES: readonly { readonly sql: string; readonly want: string | number | null }[] = [
  { sql: `split('192.168.0.1', '.', 1)`, want: '168' },
  { sql: `split('192.168.0.1', '.0', 0)`, want: '192' },
  { sql: `split('..a. b ..', '.', 1)`, want: 'b' },
  { sql: `split('a', '.', 5)`, want: null },
  { sql: `split(NULL, '.', 0)`, want: null },
  { sql: `regex_split('192.168.0.1', '\\.0', 0)`, want: '192.168' },
  { sql: `regex_split('a1b22c', '[0-9]+', 2)`, want: 'c' },
  { sql: `regex_match('hello world', '(\\w+) (\\w+)', 2)`, want: 'world' },
  { sql: `regex_match('hello', 'l+', 0)`, want: 'll' },
  { sql: `regex_match('hello', 'x', 0)`, want: null },
  { sql: `regex_match('hello', 'l', 1)`, want: null },
  { sql: `concat('a', NULL, 1)`, want: 'a1' },
  { sql: `concat_ws('-', 'a', NULL, 'b')`, want: 'a-b' },
  { sql: `concat_ws('-', 'a', NULL)`, want: 'a-' },
  { sql: `inet_aton('1.2.3.4')`, want: 16909060 },
  { sql: `inet_aton('::1')`, want: null },
  { sql: `in_cidr_block('10.0.0.0/8', '10.1.2.3')`, want: 1 },
  { sql: `in_cidr_block('10.0.0.0/8', '11.1.2.3')`, want: 0 },
  { sql: `in_cidr_block('10.0.0.0/8', '10.0.0.0')`, want: 0 },
  { sql: `in_cidr_block('10.0.0.0/8', '10.255.255.255')`, want: 0 },
  { sql: `in_cidr_block('10.0.0.1/32', '10.0.0.1')`, want: 1 },
  { sql: `in_cidr_block('fe80::/10', 'fe80::1')`, want: 1 },
  { sql: `in_cidr_block('fe80::/10', '::1')`, want: 0 },
  { sql: `to_base64('ab')`, want: 'YWI=' },
  { sql: `from_base64('YWI=')`, want: 'ab' },
  { sql: `conditional_to_base64('ab')`, want: 'ab' },
  { sql: `conditional_to_base64('a' || char(10))`, want: 'YQo=' },
  { sql: `md5('a')`, want: '0cc175b9c0f1b6a831c399e269772661' },
  { sql: `sha256(NULL)`, want: null },
];
for (const { sql, want } of CASES) {
  test(`${sql} is ${JSON.stringify(want)}`, (t) => {
    t.is(db.prepare(`SELECT ${sql} AS value`).pluck().get() as typeof want, want);
  });
}

const FAILING: readonly { readonly sql: string; readonly message: RegExp }[] = [
  { sql: `split('a', '', 0)`, message: /^Invalid input to split function$/ },
  { sql: `regex_match('a', '(', 0)`, message: /^Invalid regex$/ },
  { sql: `regex_match('a', '${'a'.repeat(257)}', 0)`, message: /too big, max size is 256 bytes/ },
  { sql: `regex_match('a', '[[:alpha:]]', 0)`, message: /no \[\[:classes:\]\]/ },
  { sql: `in_cidr_block('10.0.0.0/8', '')`, message: /^IP address cannot be parsed$/ },
  { sql: `in_cidr_block('fe80::/10', '10.0.0.1')`, message: /^CIDR for IP address v4 cannot be parsed$/ },
  { sql: `in_cidr_block('10.0.0.0/33', '10.0.0.1')`, message: /^CIDR for IP address v4 cannot be parsed$/ },
  { sql: `in_cidr_block('10.0.0.0/8', NULL)`, message: /^IP address must be a string$/ },
  { sql: `concat_ws()`, message: /^Missing separator to concat_ws$/ },
];
for (const { sql, message } of FAILING) {
  test(`${sql.slice(0, 60)} fails`, (t) => {
    t.throws(() => db.prepare(`SELECT ${sql}`).get(), { message });
  });
}
