import test from 'ava';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { isTable, type Path } from '../../../src/lang/documents/document.ts';
import { readToml } from '../../../src/lang/documents/toml.ts';
import { findTomlPlaces } from '../../../src/lang/documents/toml-places.ts';
import { createSource } from '../../../src/text/index.ts';

const DOCUMENT = `# a comment with "quotes" and [brackets]
title = "x" # after
"quoted key"."in'ner" = 1
site."a.b" = true
dates = [ 2020-01-01, # one
  2021-01-01T00:00:00Z,
]
inline = { a = [1, { b = 'c' }], "d e" = """f""" }

[rule]
query = '''
process where true
'''
list = ["""
    one
    """, 'two]', "three, # no comment"]
odd = """quotes "" inside, and two at the end"""""

[[rule.threat]]
framework = "A"

[[rule.threat.technique]]
id = "T1"
[[rule.threat.technique.sub]]
id = "T1.1"

[rule.threat.tactic]
id = "TA1"

[[rule.threat]]
framework = "B"
[rule.threat.tactic]
id = "TA2"

[a.b.c]
d = 0x10
`;

test('every value of a document is found where it is written', (t) => {
  const paths = checkPlaces(t.deepEqual.bind(t), DOCUMENT);
  t.true(paths.includes('["rule","threat",0,"technique",0,"sub",0,"id"]'));
  t.true(paths.includes('["rule","threat",1,"tactic","id"]'));
  t.is(paths.length, 41);
});

test('a value that is not there has the place of the nearest table around it', (t) => {
  const text = '[rule]\nname = "x"\n\n[[rule.threat]]\nframework = "A"\n';
  const place = findTomlPlaces(text);
  t.is(place(['rule', 'query']).start, 0);
  t.is(place(['rule', 'threat', 0, 'tactic', 'id']).start, text.indexOf('[[rule.threat]]'));
  t.is(place(['other']).start, 0);
});

/** Reads each value again from where it is said to stand; gives the paths of all. */
function checkPlaces(
  equal: (a: unknown, b: unknown, message: string) => void,
  text: string,
): readonly string[] {
  const place = findTomlPlaces(text);
  const paths: string[] = [];
  const visit = (value: unknown, path: Path): void => {
    paths.push(JSON.stringify(path));
    if (Array.isArray(value)) for (const [i, one] of value.entries()) visit(one, [...path, i]);
    else if (isTable(value)) for (const [key, one] of Object.entries(value)) visit(one, [...path, key]);
    else {
      const { start, end } = place(path);
      equal(parse(`again = ${text.slice(start, end)}`), { again: value } as never, JSON.stringify(path));
    }
  };
  visit(parse(text), []);
  return paths;
}

const unit = fc.constantFrom('a', 'é', '😀', ' ', '\t', '\n', '"', "'", '\\');
const KINDS: readonly { name: string; write: (value: string) => string | undefined }[] = [
  { name: 'basic', write: (value) => JSON.stringify(value) },
  { name: 'literal', write: (value) => (/['\n]/.test(value) ? undefined : `'${value}'`) },
  { name: 'long literal', write: (value) => (/'''|'$/.test(value) ? undefined : `'''\n${value}'''`) },
  {
    name: 'long basic',
    write: (value) => `"""\r\n${value.replaceAll('\\', '\\u005c').replaceAll('"', '\\"')}"""`,
  },
  {
    name: 'broken over lines',
    write: (value) =>
      value === '' || /^\s/.test(value) ? undefined : `"""\\\n   ${value.replace(/[\\"]/g, '\\$&')}\\\n  """`,
  },
];

for (const { name, write } of KINDS) {
  test(`each unit of a ${name} string has the place where it is written`, (t) => {
    let written = 0;
    const texts = fc.array(unit, { maxLength: 12 }).map((units) => units.join(''));
    fc.assert(
      fc.property(texts, (value) => {
        const raw = write(value);
        if (raw === undefined) return;
        const text = `# before\nother = 1\nquery = ${raw}\nafter = 2\n`;
        if (parse(text)['query'] !== value) return;
        written += 1;
        const { start, end, unitAt } = findTomlPlaces(text)(['query']);
        t.is(text.slice(start, end), raw);
        for (let i = 0; i < value.length; i += 1) {
          const at = unitAt!(i);
          const plain = text[at] === value[i];
          t.true(plain || text[at] === '\\', `${i} of ${JSON.stringify(raw)} at ${at - start}`);
          if (i > 0) t.true(at > unitAt!(i - 1) || value.codePointAt(i - 1)! > 0xffff);
        }
        t.true(unitAt!(value.length) < end);
      }),
      { seed: 1, numRuns: 200 },
    );
    t.true(written > 50, `${written} texts could be written`);
  });
}

const MALFORMED: readonly { name: string; text: string; want: string }[] = [
  {
    name: 'a truncated file',
    text: '[rule]\nname = "x"\nquery = """\nprocess where true\n',
    want: `rules/a.toml:3:9: TOML_SYNTAX: Unfinished string.
2 | name = "x"
3 | query = """
  |         ^`,
  },
  {
    name: 'a key without a value',
    text: '[rule]\nname =\n',
    want: `rules/a.toml:2:7: TOML_SYNTAX: Invalid value.
1 | [rule]
2 | name =
  |       ^`,
  },
];

for (const { name, text, want } of MALFORMED) {
  test(`malformed TOML names its place: ${name}`, (t) => {
    const error = t.throws(() => readToml(createSource('rules/a.toml', text))) as unknown as {
      render(): string;
    };
    t.is(error.render(), want);
  });
}
