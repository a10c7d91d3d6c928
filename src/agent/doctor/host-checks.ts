import type { ExtensionFile, Facts, Finding } from './facts.ts';

const OLDEST_OSQUERY = '5.0.1';
const OTHERS_MAY_WRITE = 0o002;
const OWNER_MAY_RUN = 0o100;
const STICKY = 0o1000;
/** SQLite needs room for what it writes next; the store's own bound is near it. */
const LITTLE_ROOM_BYTES = 200 << 20;
const RESTART = 'systemctl restart osqueryd';

export function checkOsqueryd({ host, osquery }: Facts): readonly Finding[] {
  const check = 'osqueryd';
  if (!('trouble' in osquery)) {
    const seen = `osquery ${osquery.version} answers at ${host.socketPath}.`;
    if (!isOlder(osquery.version, OLDEST_OSQUERY)) return [{ check, level: 'ok', seen, advice: null }];
    return [{ check, level: 'fail', seen, advice: `Install osquery ${OLDEST_OSQUERY} or newer.` }];
  }
  const runs = host.processes.some(({ name }) => name === 'osqueryd');
  const seen = `osqueryd ${runs ? 'runs, but does' : 'does'} not answer: ${osquery.trouble}.`;
  const advice = /EACCES|EPERM/.test(osquery.trouble)
    ? 'Run this as root: sudo osquery-detect doctor'
    : runs
      ? 'Name the socket that its flag --extensions_socket says: osquery-detect doctor --socket PATH'
      : 'Install osquery, or start it: systemctl start osqueryd';
  return [{ check, level: 'fail', seen, advice }];
}

/** The kernel hands audit records to one program only. */
export function checkAuditd({ host }: Facts): readonly Finding[] {
  const check = 'auditd';
  const needsAudit = host.rules.verdicts.some(({ needs }) =>
    needs.some(({ flags }) => flags.includes('--disable_audit=false')),
  );
  if (!needsAudit) return [];
  const readers = host.processes.filter(({ name }) => name !== 'osqueryd');
  if (readers.length === 0) {
    return [{ check, level: 'ok', seen: 'No other program that reads audit runs.', advice: null }];
  }
  return readers.map(({ name, pid }) => ({
    check,
    level: 'fail',
    seen: `${name} (process ${pid}) runs, and audit has one reader only.`,
    // auditd's unit refuses to be stopped by systemctl on some systems.
    advice: `systemctl disable ${name}; service ${name} stop; ${RESTART}`,
  }));
}

export function checkExtensionFile({ host, osquery }: Facts): readonly Finding[] {
  const check = 'extension_file';
  const { load, files } = host;
  const found = files.map((file): Finding => {
    const [demand, mend] = refusalOf(file) ?? [null, null];
    if (demand !== null) {
      return { check, level: 'fail', seen: `osqueryd does not load ${file.path}: ${demand}.`, advice: mend };
    }
    if (file.flaw !== null) return { check, level: 'warn', seen: file.flaw, advice: null };
    return { check, level: 'ok', seen: `${file.path} is as osqueryd wants it.`, advice: null };
  });
  const listed = files.some(({ path }) => load.lines?.includes(path));
  if (listed) return found;
  const level = isRegistered({ osquery }) ? 'warn' : 'fail';
  const [first] = files;
  const seen = `${load.path} does not name the extension, so osqueryd does not start it.`;
  return [...found, { check, level, seen, advice: `echo ${first!.path} >> ${load.path}; ${RESTART}` }];
}

/** What osqueryd asks of an extension's file (`safePermissions`, and the name), and what to do about it. */
function refusalOf(file: ExtensionFile): readonly [string, string] | null {
  const { path, owner, mode, folderMode } = file;
  if (owner === null) return ['there is no such file', 'Install the package, or correct the list.'];
  if (!path.endsWith('.ext')) return ['its name does not end in .ext', `mv ${path} ${path}.ext`];
  if (owner !== 0) return [`it belongs to user ${owner}`, `chown root: ${path}`];
  if ((mode & OTHERS_MAY_WRITE) !== 0) return ['anyone can write it', `chmod go-w ${path}`];
  if ((mode & OWNER_MAY_RUN) === 0) return ['it is not executable', `chmod 755 ${path}`];
  if ((folderMode & STICKY) !== 0) return ['it lies in a folder like /tmp', 'Move it to a folder of root.'];
  return null;
}

export function checkSettings({ host }: Facts): readonly Finding[] {
  if (host.settingsTrouble === null) return [];
  const advice = 'Correct the file; until then the extension does not start (docs/settings.md).';
  return [{ check: 'settings', level: 'fail', seen: host.settingsTrouble, advice }];
}

export function checkRules({ host: { rules } }: Facts): readonly Finding[] {
  const check = 'rules';
  const { verdicts, unsupported, broken } = rules;
  const rest = unsupported === 0 ? '' : `, and ${unsupported} that no event table can show`;
  const all: Finding =
    verdicts.length > 0
      ? { check, level: 'ok', seen: `${verdicts.length} rules that can run${rest}.`, advice: null }
      : {
          ...{ check, level: 'fail', seen: `No rule can run${rest}.` },
          advice: 'Name rules in the settings, or none to run the packaged ones.',
        };
  return [
    all,
    ...broken.map((headline): Finding => {
      return { check, level: 'fail', seen: `Left out: ${headline}`, advice: 'osquery-detect check PATH' };
    }),
  ];
}

export function checkRegistered({ osquery, version }: Facts): readonly Finding[] {
  const check = 'registered';
  if ('trouble' in osquery) return [];
  const own = osquery.extensions.find(({ name }) => name === EXTENSION_NAME);
  if (own === undefined) {
    const off = osquery.sight.flags.get('disable_extensions') === 'true';
    const seen = `The extension is not registered${off ? ': osqueryd runs with --disable_extensions=true' : ''}.`;
    const advice = off
      ? `Set --disable_extensions=false; ${RESTART}`
      : 'See what it says as osqueryd starts it: journalctl -u osqueryd | grep -i extension';
    return [{ check, level: 'fail', seen, advice }];
  }
  if (own.version === version) {
    return [{ check, level: 'ok', seen: `The extension ${version} is registered.`, advice: null }];
  }
  const seen = `The extension ${own.version} is registered, and this is ${version}.`;
  return [{ check, level: 'warn', seen, advice: RESTART }];
}

export function checkStore({ host: { store }, osquery }: Facts): readonly Finding[] {
  const check = 'store';
  const { path, exists, health, freeBytes } = store;
  const findings: Finding[] = [];
  if (!exists) {
    if (!isRegistered({ osquery })) return [];
    const seen = `There is no ${path}: alerts and state do not outlive the extension.`;
    return [{ check, level: 'warn', seen, advice: 'See detection_health, or the log of the extension.' }];
  }
  if (health?.trouble) {
    findings.push({
      ...{ check, level: 'fail', seen: `${path} cannot be read: ${health.trouble}.` },
      advice: 'Run this as root; a corrupt store is put aside by the extension itself.',
    });
  } else if (health !== null) {
    const { alerts, waiting } = health;
    const seen = `${path} has ${alerts} alerts, ${waiting} of them on their way to osquery.`;
    findings.push({ check, level: 'ok', seen, advice: null });
  }
  if (freeBytes !== null && freeBytes < LITTLE_ROOM_BYTES) {
    const seen = `The file system of ${path} has ${Math.floor(freeBytes / 2 ** 20)} MiB left.`;
    findings.push({
      check,
      level: 'warn',
      seen,
      advice: 'Make room: without it state is kept in memory only.',
    });
  }
  return findings;
}

/** By this name the extension registers. */
const EXTENSION_NAME = 'osquery_detect';

function isRegistered({ osquery }: Pick<Facts, 'osquery'>): boolean {
  return !('trouble' in osquery) && osquery.extensions.some(({ name }) => name === EXTENSION_NAME);
}

/** Whether a version's three numbers come before another's; what follows them (`5.23.0-12-g…`) does not count. */
function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): readonly number[] => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [a, b] = [numbers(version), numbers(than)];
  const at = b.findIndex((number, i) => number !== (a[i] ?? 0));
  return at >= 0 && (a[at] ?? 0) < b[at]!;
}
