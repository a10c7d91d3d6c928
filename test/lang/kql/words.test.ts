import test from 'ava';
import { RE2JS } from 're2js';
import { lowerKql, parseKql } from '../../../src/lang/kql/index.ts';
import { type Condition, walk } from '../../../src/rule/index.ts';
import { createSource } from '../../../src/text/index.ts';

const CASES: readonly { query: string; found: readonly string[]; missed: readonly string[] }[] = [
  {
    query: 'message: segfault',
    found: ['sshd: SEGFAULT at 0', 'segfault'],
    missed: ['segfaults', 'seg fault', ''],
  },
  { query: 'message: (quick fox)', found: ['a fox', 'quick'], missed: ['quicker foxes'] },
  { query: 'message: "quick fox"', found: ['the Quick, fox!'], missed: ['fox quick', 'quick red fox'] },
  { query: 'message: "a+b (c)"', found: ['a b c', 'x a+b, c'], missed: ['ab c'] },
  { query: 'message: *ault*', found: ['segfaults', 'ault'], missed: ['au lt'] },
  { query: 'message: kern* pan*', found: ['kernel', 'a panic'], missed: ['akernel', 'span'] },
  { query: 'message: été', found: ['un été chaud', 'ÉTÉ'], missed: ['étés'] },
  { query: 'message: 42', found: ['exit 42'], missed: ['420'] },
  {
    query: 'powershell.file.script_block_text: "New-Object Net.WebClient"',
    found: ['$x = (new-object Net.WebClient).Get()'],
    missed: ['New Object Net.WebClient', 'New-Objects Net.WebClient'],
  },
];

for (const { query, found, missed } of CASES) {
  test(`${query} finds words`, (t) => {
    const pattern = patternOf(query);
    for (const text of found) t.true(pattern.matcher(text).find(), text);
    for (const text of missed) t.false(pattern.matcher(text).find(), text);
  });
}

function patternOf(query: string): RE2JS {
  const source = createSource('rule.kql', query);
  const patterns: string[] = [];
  walk(lowerKql(parseKql(source), source), (condition: Condition) => {
    if (condition.kind === 'regex' && condition.ignoreCase) patterns.push(...condition.patterns);
  });
  return RE2JS.compile(patterns.join('|'), RE2JS.CASE_INSENSITIVE);
}
