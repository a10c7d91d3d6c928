import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';

/** The rooms of the house and the doors each may go through. Arrows go one way; `sql` and `match` never meet. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  text: [],
  rule: ['text'],
  'lang/eql': ['rule', 'text'],
  'lang/kql': ['rule', 'text'],
  'lang/sigma': ['rule', 'text'],
  'lang/documents': ['lang/eql', 'lang/kql', 'rule', 'text'],
  lang: ['lang/eql', 'lang/kql', 'lang/sigma', 'lang/documents', 'rule', 'text'],
  process: ['text'],
  schema: ['process', 'rule', 'text'],
  sqlite: [],
  sql: ['schema', 'rule', 'sqlite', 'text'],
  match: ['schema', 'rule', 'text'],
  osquery: [],
  store: [],
  sandbox: ['osquery', 'sqlite'],
  agent: ['lang', 'sql', 'match', 'schema', 'process', 'osquery', 'store', 'rule', 'text'],
  cli: ['agent', 'sandbox', 'lang', 'sql', 'match', 'schema', 'osquery', 'store', 'rule', 'text'],
};
/** The folders of a large room, and the folders beside them that each may use. None uses the files above it. */
const FOLDERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  match: {
    condition: [],
    candidates: ['condition'],
    stream: ['condition'],
    machines: ['condition', 'stream'],
  },
};
const BANNED_FILES = /\/(utils|helpers|common|types)\.ts$/;
const MOST_EXPORTS = 16;
const ROOT = join(import.meta.dirname, '..');

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(): readonly string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('/gen/'))
    .map((path) => path.replaceAll('\\', '/'));
}

/** The longest room that the path lies in: `lang/eql/parse.ts` is in `lang/eql`, `lang/index.ts` in `lang`. */
function roomOf(path: string): string | undefined {
  const parts = dirname(path).split('/');
  const two = parts.slice(0, 2).join('/');
  return two in ARROWS ? two : parts[0]! in ARROWS ? parts[0] : undefined;
}

function importsOf(path: string): readonly Import[] {
  const text = readFileSync(join(ROOT, 'src', path), 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g);
  return [...found].map(([, to]) => ({
    from: path,
    to: relative(join(ROOT, 'src'), join(ROOT, 'src', dirname(path), to!)).replaceAll('\\', '/'),
  }));
}

const all = sources().flatMap(importsOf);

test('every source file lies in a room of the floor plan', (t) => {
  t.deepEqual(
    sources().filter((path) => roomOf(path) === undefined),
    [],
  );
});

test('arrows between rooms go only where the floor plan allows', (t) => {
  const wrong = all.filter(({ from, to }) => {
    const [here, there] = [roomOf(from), roomOf(to)];
    return here !== there && !(there !== undefined && ARROWS[here ?? '']?.includes(there));
  });
  t.deepEqual(wrong, []);
});

test('arrows between the folders of a large room go one way', (t) => {
  for (const [room, folders] of Object.entries(FOLDERS)) {
    const folderOf = (path: string): string => relative(room, dirname(path));
    const inside = all.filter(({ from, to }) => roomOf(from) === room && roomOf(to) === room);
    const wrong = inside.filter(({ from, to }) => {
      const [here, there] = [folderOf(from), folderOf(to)];
      return here !== '' && here !== there && !folders[here]?.includes(there);
    });
    t.deepEqual(wrong, []);
  }
});

test('a room is entered through its index.ts only', (t) => {
  const wrong = all.filter(({ from, to }) => {
    const there = roomOf(to);
    return there !== roomOf(from) && to !== `${there}/index.ts`;
  });
  t.deepEqual(wrong, []);
});

test('the allowed arrows have no cycle', (t) => {
  const done = new Set<string>();
  const visit = (room: string, path: readonly string[]): void => {
    t.false(path.includes(room), [...path, room].join(' -> '));
    if (done.has(room) || path.includes(room)) return;
    for (const next of ARROWS[room] ?? []) visit(next, [...path, room]);
    done.add(room);
  };
  for (const room of Object.keys(ARROWS)) visit(room, []);
});

test('imports inside a room have no cycle', (t) => {
  const next = Map.groupBy(all, ({ from }) => from);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    t.false(path.includes(file), [...path, file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
});

test('each room has a door that says what it owns and exports little', (t) => {
  for (const room of new Set(sources().map((path) => roomOf(path)))) {
    if (room === undefined || room === 'cli') continue;
    const door = readFileSync(join(ROOT, 'src', room, 'index.ts'), 'utf8');
    t.true(door.startsWith('/**\n'), `${room}/index.ts has no opening paragraph`);
    t.true(valuesExported(door) <= MOST_EXPORTS, `${room}/index.ts exports too much`);
  }
});

/** Counts exported values; types are free, and `export *` counts as one. */
function valuesExported(door: string): number {
  return [...door.matchAll(/export (?!type\b)(?:\{([^}]*)\}|\*)/g)]
    .map(
      ([, names]) => names?.split(',').filter((name) => /\w/.test(name) && !/^\s*type /.test(name)) ?? ['*'],
    )
    .reduce((sum, names) => sum + names.length, 0);
}

test('no file is a drawer for odds and ends', (t) => {
  t.deepEqual(
    sources().filter((path) => BANNED_FILES.test(`/${path}`)),
    [],
  );
});

/** Modules of Node that reach beyond this process, and who may use them for what. */
const REACH: Readonly<Record<string, readonly string[]>> = {
  // UNIX sockets; and what an address is.
  net: ['osquery/', 'sandbox/', 'lang/eql/build.ts', 'lang/kql/value.ts'],
  child_process: ['sandbox/', 'cli/demo-osqueryd.ts', 'agent/doctor/diagnose.ts'],
  worker_threads: ['sandbox/'],
  ...{ http: [], https: [], http2: [], tls: [], dns: [], dgram: [], vm: [], inspector: [] },
};

test('the source opens no network connection, starts no program and makes no code, but where it is said', (t) => {
  const wrong = sources().flatMap((path) => {
    const text = readFileSync(join(ROOT, 'src', path), 'utf8');
    const modules = [...text.matchAll(/'node:(\w+)/g)].map(([, name]) => name!);
    const used = modules.filter((name) => REACH[name]?.every((place) => !path.startsWith(place)));
    const made = /\bnew Function\b|\beval\(|\bfetch\(|\bWebSocket\(/.exec(text) ?? [];
    return [...used, ...made].map((what) => `${path}: ${what}`);
  });
  t.deepEqual(wrong, []);
});
