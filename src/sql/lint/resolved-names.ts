/**
 * What audit's `exe`, and so `path`, is for commands that are links on common systems. Names of files that programs
 * are run by, with what they resolve to on Debian and Red Hat and their kin.
 */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  '/usr/bin/kmod': ['depmod', 'insmod', 'lsmod', 'modinfo', 'modprobe', 'rmmod'],
  '/usr/bin/dash or bash': ['sh'],
  '/usr/bin/systemctl': ['halt', 'poweroff', 'reboot', 'runlevel', 'shutdown', 'telinit'],
  '/usr/lib/systemd/systemd': ['init'],
  '/usr/sbin/xtables-nft-multi': [
    ...['iptables', 'iptables-save', 'iptables-restore'],
    ...['ip6tables', 'ip6tables-save', 'ip6tables-restore', 'arptables', 'ebtables'],
  ],
  'nc.openbsd, nc.traditional or ncat': ['nc', 'netcat'],
  'mawk or gawk': ['awk'],
  'vim.basic, vim.tiny or another': ['editor', 'vi', 'vim', 'view'],
  'python3 with its version': ['python', 'python3'],
  '/usr/bin/sudo': ['sudoedit'],
  '/usr/bin/pgrep': ['pkill'],
  '/usr/bin/xz': ['lzma', 'unxz', 'xzcat'],
  'a JVM’s own file': ['java'],
};

const SHOWN = new Map(Object.entries(LINKS).flatMap(([shown, names]) => names.map((name) => [name, shown])));

/** What `path` says of a program that was run by this name, where it is not the name; undefined where it may be. */
export function shownAs(name: string): string | undefined {
  if (/\.(?:sh|bash|py|pl|rb|php)$/i.test(name)) return 'the interpreter of the script';
  return SHOWN.get(name);
}
