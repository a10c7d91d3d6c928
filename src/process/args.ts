import { RecentTexts } from '../text/index.ts';

/**
 * How faithful an argument list is. `exact`: as the kernel has it. `split`: the command line's words, where an
 * argument that held a space counts as several. `reordered`: split, then put back in order. `cut`: the end may
 * be missing, audit's record was full.
 */
export type ArgsFidelity = 'exact' | 'split' | 'reordered' | 'cut';

/**
 * How a command line was put together. `audit`: osquery's process_events on Linux. `plain`: arguments in their
 * order, joined by a space. `quoted`: the same, an argument with a space or quote in quotes (macOS's
 * es_process_events). `windows`: one text that the program splits itself.
 */
export type LineForm = 'audit' | 'plain' | 'quoted' | 'windows';

export interface Args {
  /** Never holds an empty one. */
  readonly words: readonly string[];
  readonly fidelity: ArgsFidelity;
  /** The arguments in their order, joined by a space; the same text as the row's where nothing was repaired. */
  readonly line: string;
  /** What a shell or interpreter was given to run (`sh -c SCRIPT`): one argument in truth, several words here. */
  readonly script: string | null;
}

export const NO_ARGS: Args = Object.freeze({
  words: Object.freeze([]),
  fidelity: 'split',
  line: '',
  script: null,
});

/** Longer command lines are cut here: what an attacker sends must not cost memory without bound. */
const MOST_CHARACTERS = 32_768;

/** The arguments that a command line stands for. Never throws; linear in the line's length. */
export function argsOf(commandLine: string, form: LineForm): Args {
  const known = RECENT[form].get(commandLine);
  if (known !== undefined) return known;
  const args = readArgs(commandLine, form);
  RECENT[form].set(commandLine, args);
  return args;
}

/** Programs are started with the same lines again and again, and taking one apart costs as much as matching it. */
const RECENT: Readonly<Record<LineForm, RecentTexts<Args>>> = {
  audit: new RecentTexts(),
  plain: new RecentTexts(),
  quoted: new RecentTexts(),
  windows: new RecentTexts(),
};

function readArgs(commandLine: string, form: LineForm): Args {
  const line = commandLine.length > MOST_CHARACTERS ? commandLine.slice(0, MOST_CHARACTERS) : commandLine;
  const args = READERS[form](line);
  return line === commandLine ? args : { ...args, fidelity: 'cut' };
}

/**
 * Whether the words of a line, the runs between its spaces, are those of its arguments, whatever their order: so
 * that who looks for a word need not take the line apart.
 */
export function showsWords(line: string, form: LineForm): boolean {
  const isPlain = form === 'plain' || (form === 'audit' && line.charCodeAt(0) !== 0x22);
  return isPlain && line.length <= MOST_CHARACTERS;
}

const READERS: Readonly<Record<LineForm, (line: string) => Args>> = {
  audit: auditArgs,
  plain: (line) => make(line.split(' '), 'split', line),
  quoted: quotedArgs,
  windows: windowsArgs,
};

/** Arguments as the kernel has them. */
export function exactArgs(words: readonly string[]): Args {
  return make(words, 'exact', words.join(' '));
}

function make(words: readonly string[], fidelity: ArgsFidelity, line: string): Args {
  const kept = words.includes('') ? words.filter((word) => word !== '') : words;
  return { words: kept, fidelity, line, script: scriptOf(kept) };
}

/**
 * osquery joins the fields of audit's first EXECVE record with a space, in the order of their names: `a0 a1 a10
 * a11 … a2`, and drops nothing but `argc` (`process_events.cpp`). With no space inside an argument the i-th word
 * belongs to the i-th of the sorted names. Older osquery left audit's quotes on.
 */
function auditArgs(line: string): Args {
  const quoted = line.charCodeAt(0) === 0x22 ? unquoteAll(line) : null;
  const parts = quoted ?? line.split(' ');
  const stray = strayLengthAt(parts, line.length);
  const words = stray === null ? parts : parts.filter((_, index) => index !== stray);
  const cut = stray !== null || (line.length > SHORT && recordMayBeFull(words));
  if (words.length > 10 && (quoted !== null || !runsScript(words))) {
    const ordered = inOrder(words);
    return make(ordered, cut ? 'cut' : 'reordered', ordered.join(' '));
  }
  return make(words, cut ? 'cut' : 'split', stray === null && quoted === null ? line : words.join(' '));
}

/** Puts back the words that stand in the order of their fields' names. */
function inOrder(words: readonly string[]): readonly string[] {
  const ordered = new Array<string>(words.length);
  const places = sortedPlaces(words.length);
  for (let index = 0; index < places.length; index++) ordered[places[index]!] = words[index]!;
  return ordered;
}

const PLACES = new Map<number, readonly number[]>();

/** 0 to count-1 in the order of their decimal texts. */
function sortedPlaces(count: number): readonly number[] {
  const known = PLACES.get(count);
  if (known !== undefined) return known;
  const places: number[] = [];
  const visit = (place: number): void => {
    if (place >= count) return;
    places.push(place);
    for (let digit = 0; digit < 10; digit++) visit(place * 10 + digit);
  };
  places.push(0);
  for (let first = 1; first < 10; first++) visit(first);
  if (count <= 256) PLACES.set(count, places);
  return places;
}

/**
 * Whether audit may have begun a second record, which osquery does not read. The kernel does so when fewer
 * than 104 of a record's 7,500 bytes are left (`audit_log_execve_info`), of which each argument takes its name
 * and either two quotes or, with a space, quote, control or non-ASCII character in it, twice its length. Where
 * an argument ends is unknown, so what could have been written so is counted so, but for words too long to
 * fit twice. The error is towards `cut`.
 */
function recordMayBeFull(words: readonly string[]): boolean {
  let used = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const name = 4 + String(index).length;
    const once = word.length > RECORD_BYTES / 2 && !/[^\x21\x23-\x7e]/.test(word);
    used += name + (once ? word.length + 2 : word.length * 2);
    if (used > RECORD_BYTES) return true;
  }
  return false;
}

const RECORD_BYTES = 7_500 - 104;
/** No line that is shorter than this fills a record: each argument has a name and at least one character. */
const SHORT = 900;

/**
 * Where a cut argument's length stands among the words, if one does: audit writes `aN_len=…` before the part
 * `aN[0]=…` of an argument that does not fit, and osquery takes that number for an argument.
 */
function strayLengthAt(words: readonly string[], lineLength: number): number | null {
  if (lineLength < RECORD_BYTES / 2 - 200) return null;
  const count = words.length - 1;
  const expected = sortedPlaces(count).indexOf(count - 1) + 1;
  for (const at of [expected, words.length - 1]) {
    const word = words[at] ?? '';
    if (at > 0 && /^\d{4,7}$/.test(word) && Number(word) > words[at - 1]!.length) return at;
  }
  return null;
}

/** Older osquery: every argument either in quotes or, where it held a special character, in hexadecimal. */
function unquoteAll(line: string): readonly string[] | null {
  const words: string[] = [];
  const part = /"([^"]*)"|([0-9A-F]{2,})/y;
  for (let at = 0; at <= line.length; at++) {
    part.lastIndex = at;
    const found = part.exec(line);
    if (found === null) return null;
    words.push(found[1] ?? Buffer.from(found[2]!, 'hex').toString('utf8'));
    at = part.lastIndex;
    if (at < line.length && line.charCodeAt(at) !== 0x20) return null;
  }
  return words;
}

const INTERPRETERS =
  /^-?(?:(?:ba|da|a|z|k|mk|c|tc|fi|r|pwsh|power)?sh(?:ell)?|python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*|node|lua[\d.]*|busybox|osascript)$/;
const SCRIPT_OPTION = /^-[a-zA-Z]*[ceE]$/;

/** Where an interpreter's script begins among the words, if it is given one on the command line. */
function scriptAt(words: readonly string[]): number {
  for (let index = 1; index < words.length - 1 && index < 12; index++) {
    const option = words[index]!;
    if (option.charCodeAt(0) !== 0x2d || !SCRIPT_OPTION.test(option)) continue;
    for (let before = index - 1; before >= 0; before--) {
      const word = words[before]!;
      if (word.startsWith('-') && before > 0) continue;
      if (INTERPRETERS.test(word.slice(word.lastIndexOf('/') + 1))) return index + 1;
      break;
    }
  }
  return -1;
}

function scriptOf(words: readonly string[]): string | null {
  const at = scriptAt(words);
  return at < 0 || at === words.length - 1 ? null : words.slice(at).join(' ');
}

/** Whether most words are probably one argument, so that there are few arguments and their order is right. */
function runsScript(words: readonly string[]): boolean {
  const at = scriptAt(words);
  return at >= 0 && at <= 4;
}

/** Each argument followed by a space; in quotes with backslashes where it holds a space or quote (`es_utils.cpp`). */
function quotedArgs(line: string): Args {
  const words: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"(?: |$)|([^ ]+)/gs)) {
    words.push(quoted === undefined ? plain! : quoted.replace(/\\(.)/gs, '$1'));
  }
  return make(words, 'exact', words.join(' '));
}

/**
 * One text split as Microsoft's C runtime does: quotes group, backslashes count before a quote only
 * (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments).
 */
function windowsArgs(line: string): Args {
  const words: string[] = [];
  let word = '';
  let open = false;
  let inQuotes = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === '\\') {
      let end = at;
      while (line[end] === '\\') end++;
      const count = end - at;
      const quote = line[end] === '"';
      word += '\\'.repeat(quote ? count >> 1 : count);
      if (quote && count % 2 === 1) word += '"';
      at = quote && count % 2 === 1 ? end : end - 1;
      open = true;
    } else if (char === '"') {
      inQuotes = !inQuotes;
      open = true;
    } else if (!inQuotes && (char === ' ' || char === '\t')) {
      if (open) words.push(word);
      word = '';
      open = false;
    } else {
      word += char;
      open = true;
    }
  }
  if (open) words.push(word);
  return make(words, 'exact', line);
}
