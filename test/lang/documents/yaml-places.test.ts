import test from 'ava';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Document } from '../../../src/lang/documents/document.ts';
import { readNdjson } from '../../../src/lang/documents/ndjson.ts';
import { readYaml } from '../../../src/lang/documents/yaml.ts';
import { createSource, type RuleError } from '../../../src/text/index.ts';

/** Where `X` stands in the value of `query`, and where the document says that it is written. */
function checkX(t: { is(a: unknown, b: unknown): void }, document: Document, file: string): void {
  const value = document.value['query'] as string;
  const at = document.place(['query']).unitAt?.(value.indexOf('X'));
  t.is(file.slice(at, at! + 1), 'X');
  t.is(at, file.indexOf('X'));
}

const SCALARS: readonly { name: string; yaml: string }[] = [
  { name: 'plain', yaml: 'query: process where X\n' },
  { name: 'plain over lines', yaml: 'query: process where\n  a and\n\n  X\nname: a\n' },
  { name: 'single quotes', yaml: "query: 'it''s X'\n" },
  { name: 'single quotes over lines', yaml: "query: 'it''s\n   an\n\n   X'\n" },
  { name: 'double quotes', yaml: 'query: "a \\"b\\" \\u0041\\x41 \\\\ X"\n' },
  { name: 'double quotes over lines', yaml: 'query: "a \\\n   b\n   c \\\n  \\ X"\n' },
  { name: 'a literal block', yaml: '- 1\n---\nquery: |\n    process where\n\n      a and\n    X\n' },
  { name: 'a literal block with an indent given', yaml: 'query: |2-\n    a\n  X\n' },
  { name: 'a folded block', yaml: 'query: >-\n  a\n  b\n\n  c\n    more\n  X\nname: a\n' },
  { name: 'a flow table', yaml: '{ name: a, query: "a X" }\n' },
  { name: 'an alias', yaml: 'first: &q "a X"\nquery: *q\n' },
];

for (const { name, yaml } of SCALARS) {
  test(`a text in YAML is found where it is written: ${name}`, (t) => {
    for (const file of [yaml, yaml.replaceAll('\n', '\r\n')]) {
      const found = readYaml(createSource('a.yaml', file), () => undefined).at(-1)!;
      checkX(t, found, file);
    }
  });
}

test('a text that a YAML library wrote is found, however it is wrapped', (t) => {
  const word = fc.constantFrom('a', 'b"c', "d'e", '\n', '  ', '\\', 'é', '😀', ': ', '# ', 'long words here');
  const types = fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED');
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), types, (words, defaultStringType) => {
      const file = stringify(
        { name: 'n', query: `${words.join(' ')}X y` },
        { defaultStringType, lineWidth: 30 },
      );
      const [document] = readYaml(createSource('a.yaml', file), (error) => t.fail(error.render()));
      checkX(t, document!, file);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('a text in an NDJSON line is found where it is written', (t) => {
  const file =
    '{"a":1}\n\n{"name":"\\n","list":[{"query":"no"}],"query":"a \\"b\\"\\n\\u0041 \\ud83d\\ude00 X"}\n';
  const documents = readNdjson(createSource('a.ndjson', file), () => t.fail());
  t.is(documents.length, 2);
  checkX(t, documents[1]!, file);
  t.is(file.slice(documents[1]!.place(['list', 0, 'query']).start).slice(0, 4), '"no"');
});

interface Malformed {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly want: readonly string[];
  /** Names of the documents that are read all the same. */
  readonly read: readonly string[];
}

const MALFORMED: readonly Malformed[] = [
  {
    name: 'a broken line of NDJSON',
    file: 'export.ndjson',
    text: '{"name":"a"}\n{"name":"b",}\n{"name":"c"}\n',
    want: ['export.ndjson:2:13: NDJSON_SYNTAX: Not a JSON object: Expected double-quoted property name.'],
    read: ['a', 'c'],
  },
  {
    name: 'a truncated line of NDJSON',
    file: 'export.ndjson',
    text: '{"name":"a"}\n{"name":"b","qu',
    want: ['export.ndjson:2:16: NDJSON_SYNTAX: Not a JSON object: Unterminated string.'],
    read: ['a'],
  },
  {
    name: 'a line of NDJSON that is too long',
    file: 'export.ndjson',
    text: `{"name":"${'x'.repeat(4_000_000)}"}\n{"name":"b"}\n`,
    want: [
      'export.ndjson:1:1: RULE_LIMIT: The document has 4000011 characters; 4000000 are the most that are read.',
    ],
    read: ['b'],
  },
  {
    name: 'a line of NDJSON that is no object',
    file: 'export.ndjson',
    text: '[1]\n{"name":"b"}\n',
    want: ['export.ndjson:1:1: NDJSON_SYNTAX: Expected a JSON object on each line.'],
    read: ['b'],
  },
  {
    name: 'a broken document of YAML',
    file: 'a.yaml',
    text: 'name: a\n---\nname: [b\nother: 1\n---\nname: c\n',
    want: [
      'a.yaml:4:1: YAML_SYNTAX: Flow sequence in block collection must be sufficiently indented and end with a ].',
    ],
    read: ['a', 'c'],
  },
  {
    name: 'a key twice in YAML',
    file: 'a.yaml',
    text: 'name: a\nname: b\n',
    want: ['a.yaml:2:1: YAML_SYNTAX: Map keys must be unique.'],
    read: [],
  },
  {
    name: 'YAML that is a list',
    file: 'a.yaml',
    text: '# nothing\n- a\n- b\n',
    want: ['a.yaml:2:1: YAML_SYNTAX: Expected keys and values, found something else.'],
    read: [],
  },
  {
    name: 'a table that holds itself in YAML',
    file: 'a.yaml',
    text: 'name: a\nquery: &q\n  again: *q\n',
    want: ['a.yaml:1:1: YAML_SYNTAX: A table holds itself.'],
    read: [],
  },
  {
    name: 'an alias without its anchor in YAML',
    file: 'a.yaml',
    text: 'name: *a\n',
    want: ['a.yaml:1:1: YAML_SYNTAX: Unresolved alias (the anchor must be set before the alias): a.'],
    read: [],
  },
  {
    name: 'aliases that grow without end in YAML',
    file: 'a.yaml',
    text: `a: &a [1,1,1,1,1,1,1,1,1]\n${[...'bcdefgh'].map((c, i) => `${c}: &${c} [${`*${'abcdefg'[i]},`.repeat(9)}]`).join('\n')}\n`,
    want: ['a.yaml:1:1: YAML_SYNTAX: Excessive alias count indicates a resource exhaustion attack.'],
    read: [],
  },
];

for (const { name, file, text, want, read } of MALFORMED) {
  test(`what is malformed names its place and stops nothing else: ${name}`, (t) => {
    const errors: RuleError[] = [];
    const format = file.endsWith('.yaml') ? readYaml : readNdjson;
    const found = format(createSource(file, text), (error) => errors.push(error));
    t.deepEqual(
      errors.map((error) => error.headline()),
      want,
    );
    t.deepEqual(
      found.map(({ value }) => value['name']),
      read,
    );
  });
}
