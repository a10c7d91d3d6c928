import type { ExecFacts, ForkFacts, SeedFacts } from '../../src/process/index.ts';

export function exec(facts: Partial<ExecFacts> = {}): ExecFacts {
  return {
    ...{
      pid: 1000,
      parentPid: 999,
      path: '/usr/bin/true',
      commandLine: 'true',
      form: 'audit',
      workingDirectory: '/',
    },
    ...{ userId: '0', groupId: '0', timeMs: 1_000_000, place: '1', ...facts },
  };
}

export function fork(facts: Partial<ForkFacts> = {}): ForkFacts {
  return {
    ...{
      pid: 1000,
      parentPid: 999,
      path: '/usr/bin/bash',
      userId: '0',
      groupId: '0',
      timeMs: 1_000_000,
      place: '1',
    },
    ...{ certain: false, ...facts },
  };
}

export function seed(facts: Partial<SeedFacts> = {}): SeedFacts {
  return {
    ...{ pid: 1, parentPid: 0, path: '/usr/lib/systemd/systemd', name: 'systemd', commandLine: '/sbin/init' },
    ...{ workingDirectory: '/', userId: '0', groupId: '0', startMs: 500_000, ...facts },
  };
}
