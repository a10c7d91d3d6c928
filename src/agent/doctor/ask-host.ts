import { existsSync, readdirSync, readFileSync, type Stats, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RuleSet } from '../../lang/index.ts';
import type { Schema } from '../../schema/index.ts';
import { readStore } from '../../store/index.ts';
import { flawOf } from '../trust.ts';
import { judgeRule } from '../verdict.ts';
import type { ExtensionFile, HostSide, RulesSide, StoreSide } from './facts.ts';

/** Where packages put the extension. */
const INSTALLED_EXTENSION = '/usr/lib/osquery-detect/osquery-detect.ext';
/** Programs that take audit's one socket for themselves, by the name the kernel knows them by, and osqueryd. */
const WATCHED: ReadonlySet<string> = new Set(['osqueryd', 'auditd', 'auditbeat', 'go-audit']);
const OURS = /osquery[-_]detect[^/]*$/;

/** Running programs that matter here. None where there is no /proc. */
export function processesIn(proc: string): HostSide['processes'] {
  const entries = existsSync(proc) ? readdirSync(proc, { encoding: 'utf8' }) : [];
  return entries
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => ({ pid: Number(pid), name: readText(`${proc}/${pid}/comm`)?.trim() ?? '' }))
    .filter(({ name }) => WATCHED.has(name));
}

/** The list of extensions: a path a line; `#` begins a comment. */
export function readLoad(path: string): HostSide['load'] {
  const lines = readText(path)
    ?.split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
  return { path, lines: lines ?? null };
}

/** The files of ours that a list names; the installed one when it names none. */
export function extensionFilesOf({ lines }: HostSide['load']): readonly ExtensionFile[] {
  const listed = (lines ?? []).filter((line) => OURS.test(line));
  return (listed.length > 0 ? listed : [INSTALLED_EXTENSION]).map((path) => {
    const file = statOf(path);
    if (file === null) return { path, owner: null, mode: 0, folderMode: 0, flaw: null };
    return {
      ...{ path, owner: file.uid, mode: file.mode },
      ...{ folderMode: statOf(dirname(path))?.mode ?? 0, flaw: flawOf(path, file) },
    };
  });
}

/** Flags as gflags reads them: `--name=value` or `--name` a line. */
export function readFlagFile(path: string): HostSide['flagFile'] {
  const lines = readText(path)?.split('\n');
  if (lines === undefined) return null;
  const flags = lines.flatMap((line) => {
    const [, name, value = 'true'] = /^\s*--?(\w+)(?:=(.*?))?\s*$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value] as const];
  });
  return { path, flags: new Map(flags) };
}

export function judgeRules(set: RuleSet, schema: Schema): RulesSide {
  const verdicts = set.rules.map((rule) => judgeRule(rule, schema));
  const problems = (kind: 'broken' | 'unsupported'): readonly string[] =>
    set.problems.filter((problem) => problem.kind === kind).map(({ error }) => error.headline());
  const unsupported = verdicts.filter(({ verdict }) => verdict === 'unsupported').length;
  return {
    verdicts: verdicts.filter(({ verdict }) => verdict !== 'unsupported'),
    unsupported: unsupported + problems('unsupported').length,
    broken: problems('broken'),
  };
}

/** Reads the store as a reader does, which does not disturb the extension that owns it. */
export async function lookAtStore(path: string): Promise<StoreSide> {
  const exists = existsSync(path);
  let freeBytes: number | null = null;
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    freeBytes = bavail * bsize;
  } catch {
    // There is no such folder: `exists` says enough.
  }
  if (!exists) return { path, exists, health: null, freeBytes };
  const reader = await readStore(path);
  try {
    return { path, exists, health: reader.health, freeBytes };
  } finally {
    reader.close();
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
