import type { ExecFacts, ForkFacts, SeedFacts } from './process.ts';
import { ProcessRecord } from './record.ts';

/** A program started; its parent is for the tree to find. */
export function recordOfExec(facts: ExecFacts): ProcessRecord {
  const { pid, parentPid, place, timeMs: startMs, path, commandLine, form, workingDirectory } = facts;
  const { userId, groupId, signature = null } = facts;
  return new ProcessRecord({
    ...{ pid, parentPid, origin: 'exec', place, startMs, path, commandLine, form, workingDirectory },
    ...{ userId, groupId, signature },
  });
}

/** A child, which runs what its parent runs until its own exec. */
export function recordOfFork(facts: ForkFacts, parent: ProcessRecord): ProcessRecord {
  const { pid, path, place, timeMs: startMs, userId, groupId } = facts;
  const same = parent.path === path || path === '';
  const record = new ProcessRecord({
    ...{ pid, parentPid: parent.pid, origin: 'fork', place, startMs, userId, groupId },
    ...{ path: same ? parent.path : path, name: parent.title, form: parent.form },
    commandLine: same ? parent.commandLine : '',
    workingDirectory: same ? parent.workingDirectory : '',
    signature: same ? parent.signature : null,
  });
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
    ...{ pid, parentPid: 0, origin: 'inferred', place, startMs: timeMs, path, userId, groupId },
    ...{ commandLine: '', form: 'plain', workingDirectory: '' },
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
