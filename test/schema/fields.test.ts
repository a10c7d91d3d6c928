import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'smol-toml';
import { compileEql } from '../../src/lang/eql/index.ts';
import { fieldsOf, type Query } from '../../src/rule/index.ts';
import { createSchema, fieldMap, type Platform } from '../../src/schema/index.ts';
import { createSource } from '../../src/text/index.ts';
import { SHARED } from '../events/recording.ts';

const CORPUS = join(SHARED, 'corpus', 'elastic');
const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];

for (const platform of PLATFORMS) {
  test(`${platform}: the field map lists each field of each table once, in order`, (t) => {
    const { tables } = createSchema(platform);
    const rows = fieldMap(platform);
    const keys = rows.map(({ field, table }) => `${field} ${table}`);
    t.deepEqual(keys, [...new Set(keys)].toSorted());
    t.is(
      rows.length,
      [...tables.values()].reduce((sum, { fields }) => sum + fields.size, 0),
    );
    for (const { from, note, fidelity, field } of rows) {
      t.not(from, '', field);
      if (fidelity !== 'exact') t.not(note, '', field);
    }
  });
}

test('a field has one slot on all platforms, and none twice', (t) => {
  const slots = new Map<number, string>();
  for (const platform of PLATFORMS) {
    const { fields } = createSchema(platform);
    for (const name of fields.names()) {
      const { slot } = fields.find(name)!;
      t.is(slots.get(slot) ?? name, name);
      slots.set(slot, name);
    }
  }
  t.is(new Set(slots.values()).size, slots.size);
});

test('a field is explained by table, or with the reason why none has it', (t) => {
  const { explain, tablesOf } = createSchema('linux');
  t.deepEqual(
    explain('process.parent.name')
      .sources.map(({ table }) => table)
      .slice(0, 2),
    ['process_events', 'process_file_events'],
  );
  t.is(explain('process.parent.name').missing, null);
  t.regex(explain('registry.path').missing!, /registry/);
  t.regex(explain('proces.name').missing!, /Did you mean "process.name"/);
  t.deepEqual(
    tablesOf('network').map(({ name }) => name),
    ['socket_events'],
  );
  t.deepEqual(tablesOf('registry'), []);
});

/** What a rule of the corpus asks for that no table of the platform has; null when its query is none that is run. */
function missingIn(file: string, platform: Platform): readonly string[] | null {
  const { rule } = parse(readFileSync(file, 'utf8')) as { rule: { language?: string; query?: string } };
  if (rule.language !== 'eql') return null;
  const { query } = compileEql(createSource(file, rule.query!));
  const { fields } = createSchema(platform);
  return [...conditionFields(query)]
    .filter(([name, optional]) => !optional && fields.find(name) === undefined)
    .map(([name]) => name);
}

function conditionFields(query: Query): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  const events =
    query.kind === 'event' ? [query] : 'steps' in query ? query.steps.map(({ event }) => event) : [];
  for (const { condition } of events) {
    for (const [name, { optional }] of fieldsOf(condition))
      found.set(name, optional && (found.get(name) ?? true));
  }
  return found;
}

/** Families of fields that no table of osquery carries on the platform, each with what its events would have to tell. */
const NOT_CARRIED: Readonly<Record<'linux' | 'macos', RegExp>> = {
  linux:
    /^(?:process\.(?:parent\.)?(?:interactive|env_vars|thread\.capabilities|exit_code|code_signature|Ext\.load_module)|container\.|auditd\.data\.|dns\.|url\.|http\.|kibana\.|system\.|destination\.domain)/,
  macos: /^(?:dll\.|dns\.|destination\.domain|process\.Ext\.|file\.Ext\.header_bytes|Persistence\.|kibana\.)/,
};

for (const [folder, platform] of [
  ['linux', 'linux'],
  ['macos', 'darwin'],
] as const) {
  (existsSync(CORPUS) ? test : test.skip)(
    `${folder}: no EQL rule of the corpus asks in vain for what a table carries`,
    (t) => {
      const blocked = new Map<string, number>();
      let rules = 0;
      let supported = 0;
      for (const name of readdirSync(join(CORPUS, folder)).filter((one) => one.endsWith('.toml'))) {
        const missing = missingIn(join(CORPUS, folder, name), platform);
        if (missing === null) continue;
        rules++;
        if (missing.length === 0) supported++;
        for (const field of missing) blocked.set(field, (blocked.get(field) ?? 0) + 1);
      }
      const list = [...blocked].toSorted((a, b) => b[1] - a[1]);
      t.log(
        `${supported} of ${rules} EQL rules have all their fields; ${list.map(([field, count]) => `${field} ${count}`).join(', ')}`,
      );
      t.deepEqual(
        list.map(([field]) => field).filter((field) => !NOT_CARRIED[folder].test(field)),
        [],
      );
    },
  );
}
