import { parseArgs } from 'node:util';
import { loadSettings, runAgent, type Settings, SettingsError } from '../agent/index.ts';
import { type Command, UsageError } from './command.ts';
import { openLog } from './log.ts';
import { loadPackagedRules } from './packaged-rules.ts';
import { VERSION } from './version.ts';

export const extension: Command = {
  name: 'extension',
  summary: 'run as an osquery extension (osqueryd starts it)',
  help: `Usage: osquery-detect extension --socket PATH [OPTIONS]

Registers the table "detections", and those that tell of it ("detection_alerts", "detection_rules",
"detection_stats", "detection_health", "detection_processes"), with the osqueryd or osqueryi behind the socket, and
serves them until that is gone. osqueryd itself starts extensions with these options, named in its --extensions_autoload file.

  --socket PATH        osquery's extension socket (required)
  --timeout SECONDS    how long to wait for osquery before giving up (default 3)
  --interval SECONDS   how often to see whether osquery is still there (default 3)
  --rules PATH         rules to run instead of those of the settings; repeatable
  --allow-unsafe       read settings and rules from files that others than root and ourselves can write
  --verbose            log more

Settings come from /etc/osquery-detect.toml or the file that OSQUERY_DETECT_CONFIG names (docs/settings.md).
Without any, the packaged rules run. Rules are read again when they change, and on SIGHUP. Exit codes: 0 osquery is gone or asked to stop, 1 failed, 2 wrong use.
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        socket: { type: 'string' },
        timeout: { type: 'string', default: '3' },
        interval: { type: 'string', default: '3' },
        rules: { type: 'string', multiple: true },
        'allow-unsafe': { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
      },
    });
    if (values.socket === undefined) throw new UsageError('--socket PATH is required');
    const allowUnsafe = values['allow-unsafe'];
    try {
      const read = (): Settings => {
        const settings = loadSettings({ env: io.env, allowUnsafe });
        return values.rules === undefined ? settings : { ...settings, rules: values.rules };
      };
      const settings = read();
      const { log, change } = openLog(settings, values.verbose);
      const reason = await runAgent({
        socketPath: values.socket,
        timeoutSeconds: seconds(values.timeout, '--timeout'),
        intervalSeconds: seconds(values.interval, '--interval'),
        version: VERSION,
        settings,
        readSettings() {
          const again = read();
          change(again);
          return again;
        },
        allowUnsafe,
        packagedRules: loadPackagedRules,
        log,
      });
      log.info({ reason }, 'leaving');
      return 0;
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      io.err(`osquery-detect: ${error.message}`);
      return 1;
    }
  },
};

function seconds(text: string, option: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 86_400)) throw new UsageError(`${option} takes seconds, not "${text}"`);
  return value;
}
