import test from 'ava';
import { ExtensionProcess } from '../../src/sandbox/extension-process.ts';

function processOf(script: string, onOutput: (line: string) => void) {
  const exits: string[] = [];
  const extension = new ExtensionProcess({
    command: [process.execPath, '-e', script, '--'],
    env: { FROM_TEST: 'yes' },
    socketPath: '/tmp/s.em',
    timeoutSeconds: 3,
    intervalSeconds: 5,
    graceMs: 1,
    onOutput,
    onExit: (how) => exits.push(how),
  });
  return { extension, exits };
}

test('an extension is started with osqueryd’s three arguments, and killed when it does not end', async (t) => {
  let heard: (line: string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    heard = resolve;
  });
  const { extension, exits } = processOf(
    `process.on('SIGTERM', () => {});
     setInterval(() => {}, 1000);
     console.log(JSON.stringify([process.env.FROM_TEST, ...process.argv.slice(1)]));`,
    heard,
  );
  extension.watch();
  const { pid } = extension;
  extension.watch();
  t.is(extension.pid, pid, 'a process that runs is not started again');
  t.deepEqual(JSON.parse(await first), ['yes', '--socket', '/tmp/s.em', '--timeout', '3', '--interval', '5']);
  await extension.stop();
  t.deepEqual(exits, ['SIGKILL']);
  extension.watch();
  t.is(extension.pid, undefined, 'after the end nothing is started');
});

test('a program that cannot be started is told', async (t) => {
  const told = new Promise<string>((resolve) => {
    new ExtensionProcess({
      command: ['/nonexistent/program'],
      socketPath: '/tmp/s.em',
      timeoutSeconds: 3,
      intervalSeconds: 3,
      onOutput: () => {},
      onExit: resolve,
    }).watch();
  });
  t.regex(await told, /ENOENT/);
});
