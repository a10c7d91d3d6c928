import type { ExecFacts, ForkFacts, SeedFacts } from './process.ts';
import { ProcessRecord } from './record.ts';

/** A program started; its parent is for the tree to find. */
export function recordOfExec(facts: ExecFacts): ProcessRecord {
  return new ProcessRecord({
    pid: facts.pid,
    parentPid: facts.parentPid,
    origin: 'exec',
    place: facts.place,
    startMs: facts.timeMs,
    path: facts.path,
    name: '',
    commandLine: facts.commandLine,
    form: facts.form,
    workingDirectory: facts.workingDirectory,
    userId: facts.userId,
    groupId: facts.groupId,
    signature: facts.signature ?? null,
  });
}

/** A child, which runs what its parent runs until its own exec. */
export function recordOfFork(facts: ForkFacts, parent: ProcessRecord): ProcessRecord {
  const same = parent.path === facts.path || facts.path === '';
  const record = new ProcessRecord({
    pid: facts.pid,
    parentPid: parent.pid,
    origin: 'fork',
    place: facts.place,
    startMs: facts.timeMs,
    path: same ? parent.path : facts.path,
    name: parent.title,
    commandLine: same ? parent.commandLine : '',
    form: parent.form,
    workingDirectory: same ? parent.workingDirectory : '',
    userId: facts.userId,
    groupId: facts.groupId,
    signature: same ? parent.signature : null,
  });
  if (same) record.looksLike(parent);
  record.parent = parent;
  record.forked = true;
  return record;
}

/** A process that forked, of which only that row tells. */
export function recordOfForker({
  parentPid: pid,
  path,
  place,
  timeMs,
  userId,
  groupId,
}: ForkFacts): ProcessRecord {
  return new ProcessRecord({
    ...{ pid, parentPid: 0, origin: 'inferred', place, startMs: timeMs, path, name: '' },
    ...{ commandLine: '', form: 'plain', workingDirectory: '', userId, groupId, signature: null },
  });
}

/** A process that no row told of, taken for a fork of `forker`. */
export function recordOfInferred(
  { pid, place, timeMs: startMs }: { readonly pid: number; readonly place: string; readonly timeMs: number },
  forker: ProcessRecord,
): ProcessRecord {
  const { path, title: name, commandLine, form, workingDirectory, userId, groupId, signature } = forker;
  const record = new ProcessRecord({
    ...{ pid, parentPid: forker.pid, origin: 'inferred', place, startMs },
    ...{ path, name, commandLine, form, workingDirectory, userId, groupId, signature },
  });
  record.parent = forker;
  record.forkPids = forker.forkPids === 'foreign' ? 'foreign' : 'unknown';
  return record;
}

/** A process of a snapshot; its parent is for the tree to find. */
export function recordOfSeed(facts: SeedFacts): ProcessRecord {
  return new ProcessRecord({ form: 'plain', ...facts, origin: 'seed', place: '' });
}
