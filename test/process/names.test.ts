import test from 'ava';
import { createProcessTree } from '../../src/process/index.ts';
import { exec } from './facts.ts';

const cases: readonly { name: string; path: string; line: string; want: readonly string[] }[] = [
  {
    name: 'a link to a program of many names',
    path: '/usr/bin/kmod',
    line: 'rmmod x',
    want: ['kmod', 'rmmod'],
  },
  { name: 'a path as first word', path: '/usr/bin/dash', line: '/bin/sh -c x', want: ['dash', 'sh'] },
  {
    name: 'an applet as first argument',
    path: '/usr/bin/busybox',
    line: 'busybox rmmod x',
    want: ['busybox', 'rmmod'],
  },
  { name: 'an applet by a link', path: '/usr/bin/busybox', line: '/tmp/rmmod x', want: ['busybox', 'rmmod'] },
  { name: 'a login shell', path: '/usr/bin/bash', line: '-bash', want: ['bash'] },
  { name: 'a process title', path: '/usr/sbin/sshd', line: 'sshd: root@pts/0', want: ['sshd'] },
  { name: 'a deleted file', path: '/tmp/x (deleted)', line: './x', want: ['x'] },
  { name: 'Windows', path: 'C:\\Windows\\System32\\cmd.exe', line: 'cmd.exe', want: ['cmd.exe'] },
  { name: 'nothing', path: '', line: '', want: [] },
];
for (const { name, path, line, want } of cases) {
  test(`names of ${name}`, (t) => {
    t.deepEqual(createProcessTree().exec(exec({ path, commandLine: line })).names, want);
  });
}
