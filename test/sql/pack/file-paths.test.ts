import test from 'ava';
import fc from 'fast-check';
import { compileRuleText } from '../../../src/lang/index.ts';
import { compileCondition } from '../../../src/match/index.ts';
import type { Condition } from '../../../src/rule/index.ts';
import { pathsOf } from '../../../src/sql/pack/file-paths.ts';
import { flatFields } from '../../match/flat-event.ts';

function condition(eql: string): Condition {
  const { query } = compileRuleText(`file where ${eql}`);
  if (query.kind !== 'event') throw new Error('no event query');
  return query.condition;
}

const CASES: readonly { readonly eql: string; readonly paths: readonly string[]; readonly part?: true }[] = [
  { eql: 'file.path == "/etc/shadow"', paths: ['/etc/shadow%'] },
  { eql: 'file.path in ("/etc/b", "/etc/a")', paths: ['/etc/a%', '/etc/b%'] },
  { eql: 'file.path : "/etc/init.d/*"', paths: ['/etc/init.d/%%'] },
  { eql: 'file.path : "/home/*/.ssh/*"', paths: ['/home/%/.ssh/%%'] },
  { eql: 'file.path : "/etc/rc?.d/S*"', paths: ['/etc/rc%.d/S%', '/etc/rc%.d/S%/%%'] },
  { eql: 'file.path : "/etc/*.conf"', paths: ['/etc/%%'] },
  { eql: 'file.path : "/etc/100[%]"', paths: ['/etc/100%'] },
  { eql: 'startsWith(file.path, "/boot/")', paths: ['/boot/%%'] },
  { eql: 'file.directory == "/etc"', paths: ['/etc/%'] },
  { eql: 'file.directory : "/etc/cron*"', paths: ['/etc/cron%/%%'] },
  { eql: 'file.path : "/etc/*" and file.path == "/etc/cron.d/x"', paths: ['/etc/cron.d/x%'] },
  { eql: 'file.path : "/etc/*" or file.path == "/etc/cron.d/x"', paths: ['/etc/%%'] },
  { eql: 'file.path : "/etc/*" and not file.path : "/etc/no*"', paths: ['/etc/%%'] },
  { eql: 'file.path : "/etc/*" or file.name == "x"', paths: ['/etc/%%'], part: true },
  { eql: 'file.path : ("/etc/*", "*/x")', paths: ['/etc/%%'], part: true },
  { eql: 'not file.path : "/etc/*"', paths: [], part: true },
  { eql: 'file.path : "*/.bashrc"', paths: [], part: true },
  { eql: 'file.path : "/*"', paths: [], part: true },
  { eql: 'file.path : "/*/passwd"', paths: [], part: true },
  { eql: 'file.path regex "/etc/.*"', paths: [], part: true },
  { eql: 'stringContains(file.path, "/etc/")', paths: [], part: true },
  { eql: 'file.path : "etc/x"', paths: [], part: true },
  { eql: 'file.name == "x"', paths: [], part: true },
  { eql: 'true', paths: [], part: true },
  { eql: 'false', paths: [] },
];

for (const { eql, paths, part } of CASES) {
  test(`${eql} ${part ? 'is watched in part' : 'is watched'}: ${paths.join(' ')}`, (t) => {
    t.deepEqual(pathsOf(condition(eql), 'linux'), { paths, whole: part !== true });
  });
}

test('on Windows a drive left open is C', (t) => {
  const found = pathsOf(condition('file.path : ("?:\\\\Windows\\\\Tasks\\\\*", "D:\\\\x.exe")'), 'windows');
  t.deepEqual(found, { paths: ['C:\\Windows\\Tasks\\%%', 'D:\\x.exe%'], whole: true });
});

const FIELDS = flatFields({ 'file.path': 'keyword', 'file.directory': 'keyword', 'file.name': 'keyword' });

/** osquery's globs: `%` within a folder, `%%` at the end for all below. */
function isWatched(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split(/(%%$|%)/).map((part) => {
      if (part === '%%') return '.*';
      return part === '%' ? '[^/]*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    });
    return new RegExp(`^${parts.join('')}$`, 's').test(path);
  });
}

const name = fc.constantFrom('a', 'b', 'etc', 'x.conf', '.hidden', 'a b');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`);
/** Patterns whose `*` stands inside a folder's name or at the end: what osquery can say. */
const pattern = fc
  .tuple(path, fc.constantFrom('', '*', '/*', '?', '*.conf', '/.*', '/*b'))
  .map(([start, end]) => `${start}${end}`);
const test_ = fc.oneof(
  path.map((text) => `file.path == "${text}"`),
  fc.array(pattern, { minLength: 1, maxLength: 3 }).map((all) => `file.path like ("${all.join('", "')}")`),
  path.map((text) => `file.directory == "${text}"`),
  pattern.map((text) => `file.directory like "${text}"`),
  path.map((text) => `startsWith(file.path, "${text}")`),
  name.map((text) => `file.name == "${text}"`),
);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    test_,
    fc.tuple(tie('tree'), fc.constantFrom('and', 'or'), tie('tree')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('tree').map((inner) => `not (${inner})`),
  ),
}));

test('what a condition is true of is watched, where it says that its paths are all', (t) => {
  let [held, whole] = [0, 0];
  fc.assert(
    fc.property(tree, fc.array(path, { minLength: 20, maxLength: 20 }), (eql, paths) => {
      const bounds = pathsOf(condition(eql), 'linux');
      if (bounds.whole) whole += 1;
      const holds = compileCondition(condition(eql), FIELDS);
      for (const one of paths) {
        const at = one.lastIndexOf('/');
        const event = FIELDS.event({
          'file.path': one,
          'file.directory': one.slice(0, Math.max(at, 1)),
          'file.name': one.slice(at + 1),
        });
        if (holds(event) !== true) continue;
        held += 1;
        if (bounds.whole)
          t.true(isWatched(one, bounds.paths), `${eql}: ${one} not in ${bounds.paths.join(' ')}`);
      }
    }),
    { numRuns: 1500 },
  );
  t.true(held > 1000 && whole > 300, `${held} ${whole}`);
});
