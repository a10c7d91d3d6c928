/** An extension in a process of its own: `node extension-process.ts SOCKET`. Tells on standard output how it goes. */
import { createTable, runExtension } from '../../src/osquery/index.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const extension = runExtension({
  socketPath: process.argv[2]!,
  name: 'killed',
  version: '1',
  plugins: [createTable({ name: 't', columns: [], generate: () => [{ pid: String(process.pid) }] })],
  intervalSeconds: 3,
  timeoutSeconds: 30,
  log: { debug() {}, info() {}, warn: (fields) => say(JSON.stringify(fields)), error() {} },
  onRegistered: (uuid) => say(`registered ${uuid}`),
  onGone: (reason) => say(`gone: ${reason}`),
});
process.once('SIGTERM', () => extension.stop().then(() => say('stopped')));
