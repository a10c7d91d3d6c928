import { parseArgs } from 'node:util';
import { diagnose, type Finding } from '../agent/index.ts';
import { printable } from '../text/index.ts';
import { type Command, UsageError } from './command.ts';
import { loadPackagedRules } from './packaged-rules.ts';
import { createStyle, type Style } from './style.ts';
import { VERSION } from './version.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'check a host: what keeps detection from working, and what to do about it',
  help: `Usage: osquery-detect doctor [OPTIONS]

Looks at osqueryd and the host: is it reachable and new enough, does auditd hold audit, is the extension's file as
osqueryd wants it, loaded and registered; do the rules get their events (flags, subscriptions, schedule, denylist),
how late events come; watchdog, loggers and store. Each finding says what was seen and what to do. Run it as root.
Nothing is changed; one program (/bin/true) is run and looked for in process_events.

  --socket PATH    osquery's extension socket (default: the first of the usual ones)
  --wait SECONDS   how long to wait for the event of the program that is run (default 20; 0: run none)
  --strict         exit with 1 on a warning, too
  --json           one JSON document: summary and checks

Exit codes: 0 good, 1 something fails (with --strict: or may), 2 wrong use.
Example: sudo osquery-detect doctor
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        socket: { type: 'string' },
        wait: { type: 'string', default: '20' },
        strict: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const waitSeconds = Number(values.wait);
    if (!(waitSeconds >= 0 && waitSeconds <= 3600)) {
      throw new UsageError(`--wait takes seconds, at most 3600, not "${values.wait}"`);
    }
    const checks = await diagnose({
      socketPath: values.socket ?? null,
      patienceMs: waitSeconds * 1000,
      env: io.env,
      version: VERSION,
      packagedRules: loadPackagedRules,
    });
    const count = (level: Finding['level']): number => checks.filter((one) => one.level === level).length;
    const summary = { ok: count('ok'), warn: count('warn'), fail: count('fail') };
    if (values.json) io.out(`${JSON.stringify({ summary, checks }, null, 1)}\n`);
    else {
      const style = createStyle(io.outIsTerminal);
      for (const finding of checks) io.out(block(finding, style));
      io.out(`\n${summary.ok} good, ${summary.warn} to know, ${summary.fail} to mend\n`);
    }
    return summary.fail > 0 || (values.strict && summary.warn > 0) ? 1 : 0;
  },
};

/** A line for what was seen, and one for what to do. */
function block({ check, level, seen, advice }: Finding, style: Style): string {
  const colour = { ok: style.green, warn: style.yellow, fail: style.red }[level];
  const head = `${colour(level.padEnd(4))}  ${check.padEnd(14)}  ${printable(seen)}\n`;
  return advice === null ? head : `${head}${' '.repeat(22)}${style.bold(printable(advice))}\n`;
}
