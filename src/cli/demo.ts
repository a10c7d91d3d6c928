import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { demoOnOsqueryd } from './demo-osqueryd.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'see the packaged rules fire on recorded events, or on a real osqueryd',
  help: `Usage: osquery-detect demo [OPTIONS]

Starts a stand-in for osqueryd and, behind its socket, the extension with the packaged rules; plays events that
a real osqueryd recorded, runs the pack, and shows each alert with the line that osquery logs for it.

  --osqueryd PATH   use this osqueryd with Linux audit instead (root), and do something that a rule looks for
  --lines           show the result lines whole
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { osqueryd: { type: 'string' }, lines: { type: 'boolean', default: false } },
    });
    if (values.osqueryd !== undefined) return demoOnOsqueryd(values.osqueryd, io);
    // Loaded here: the sandbox needs SQLite, which the extension alone does not.
    const { play } = await import('./demo-play.ts');
    const alerts = await play(io, values.lines);
    return alerts > 0 ? 0 : 1;
  },
};
