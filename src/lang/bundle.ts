import { createHash } from 'node:crypto';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Rule } from '../rule/index.ts';
import { createSource, RuleError, type Source } from '../text/index.ts';
import type { RuleFile, RuleSet } from './documents/index.ts';

/** What a bundle's `format` says; `version` grows when an older reader would misread it. */
const FORMAT = 'osquery-detect-rules';
const VERSION = 1;

export interface BundleOptions {
  /** The paths that the set was loaded from: files are named from the last folder of theirs on. */
  readonly paths?: readonly string[];
  /** Files without a rule for which this says true, and without overlays and exceptions, are left out; none is unless given. */
  readonly keeps?: (rule: Rule) => boolean;
}

/**
 * Prints the documents of a set as one JSON text that `loadRules` reads in their place: the same rules, from the
 * same texts, with the same places in errors. Same files in the same order, same bytes.
 *
 * A hash over all texts and names tells a bundle that was cut or changed by hand. It is no signature: who can
 * write the file can make the hash.
 */
export function printBundle(set: RuleSet, options: BundleOptions = {}): string {
  const files = keptFiles(set, options.keeps);
  const names = namesOf(files, options.paths ?? []);
  const sources = files.map(
    (file, at): Bundled => ({
      name: names[at]!,
      ...(file.named ? { named: true } : {}),
      text: file.source.text,
    }),
  );
  const lines = sources.map((source) => JSON.stringify(source)).join(',\n');
  return `{"format":"${FORMAT}","version":${VERSION},\n"hash":"${hashOf(sources)}",\n"sources":[\n${lines}\n]}\n`;
}

interface Bundled {
  readonly name: string;
  /** Given by name and not found in a folder: something is expected in it. */
  readonly named?: true;
  readonly text: string;
}

/** Of two rules with one id the first is kept: where there are such, no file can go without changing which. */
function keptFiles({ files, rules, problems }: RuleSet, keeps: BundleOptions['keeps']): readonly RuleFile[] {
  if (keeps === undefined || problems.some(({ error }) => error.code === 'RULE_DUPLICATE')) return files;
  const kept = new Set(rules.filter(keeps).map(({ source }) => outermost(source)));
  return files.filter(({ source, changes }) => changes || kept.has(source));
}

function outermost(source: Source): Source {
  let at = source;
  while (at.within !== undefined) at = at.within;
  return at;
}

/** Names that say nothing of the machine; where two files would have one name, all keep the path that was given. */
function namesOf(files: readonly RuleFile[], paths: readonly string[]): readonly string[] {
  const given = files.map(({ source }) => source.name.split(sep).join('/'));
  const short = files.map(({ source }, at) => {
    const path = resolve(source.name);
    const root = paths.map((one) => resolve(one)).find((one) => path.startsWith(`${one}${sep}`));
    if (root !== undefined) return join(basename(root), relative(root, path)).split(sep).join('/');
    return isAbsolute(source.name) ? basename(path) : given[at]!;
  });
  return new Set(short).size === short.length ? short : given;
}

function hashOf(sources: readonly Bundled[]): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(sources)).digest('hex')}`;
}

/** Whether a text is a bundle, or was meant to be one. */
export function isBundle({ text }: Source): boolean {
  return new RegExp(`^\\s*\\{\\s*"format"\\s*:\\s*"${FORMAT}"`).test(text);
}

/** The documents of a bundle, in its order. Throws RuleError: BUNDLE_SYNTAX, BUNDLE_VERSION, BUNDLE_HASH. */
export function readBundle(source: Source): readonly Omit<RuleFile, 'changes'>[] {
  const { version, hash, sources } = parse(source);
  if (version !== VERSION) {
    throw bundleError(
      source,
      'version',
      `Expected version ${VERSION} of a bundle, found ${String(version)}.`,
      {
        code: 'BUNDLE_VERSION',
        hint: 'It was made by another release: compile the rules again, or install that release.',
      },
    );
  }
  if (!Array.isArray(sources) || !sources.every(isBundled)) {
    throw bundleError(source, 'sources', 'Expected "sources", a list of {"name", "text"}.');
  }
  const wanted = hashOf(
    sources.map(({ name, named, text }) => ({ name, ...(named ? { named } : {}), text })),
  );
  if (hash !== wanted) {
    throw bundleError(source, 'hash', `The rules are not those of the bundle's hash: theirs is ${wanted}.`, {
      code: 'BUNDLE_HASH',
      hint: 'The file was cut or changed: none of its rules is loaded. Compile the rules again.',
    });
  }
  return sources.map(({ name, named, text }) => ({
    source: createSource(name, text),
    named: named === true,
  }));
}

function parse(source: Source): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(source.text) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw bundleError(source, 'format', `The bundle is no JSON: ${reason}.`, {
      hint: 'The file was cut or changed: none of its rules is loaded. Compile the rules again.',
      cause,
    });
  }
}

function isBundled(value: unknown): value is Bundled {
  const { name, text, named } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof text === 'string' && (named === undefined || named === true);
}

interface Trouble {
  readonly code?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

function bundleError(source: Source, key: string, message: string, trouble: Trouble = {}): RuleError {
  const start = Math.max(0, source.text.slice(0, 1000).indexOf(`"${key}"`));
  return new RuleError(message, { code: 'BUNDLE_SYNTAX', source, span: { start, end: start }, ...trouble });
}
