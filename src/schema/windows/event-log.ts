/** What a record of Windows' event log says, by name. */
export type EventData = ReadonlyMap<string, string>;

const NOTHING: EventData = new Map();
/** A record's data in JSON is no longer than Windows lets a record be, 64 kB of UTF-16, twice escaped. */
const LONGEST = 400_000;
const MOST_NAMES = 256;

/** Rows are read field by field, one after the other: the last text is most often the next. */
let lastText = '';
let lastData: EventData = NOTHING;

/**
 * Reads the column `data` of windows_events: the record's named values below `EventData` or `UserData`
 * (`windowseventlogparser.cpp`). Values without names are `param1`, `param2` and so on, as Elastic's agents call them;
 * an empty one and `-` say nothing. Never throws.
 */
export function readEventData(text: string): EventData {
  if (text === lastText) return lastData;
  lastData = parse(text);
  lastText = text;
  return lastData;
}

function parse(text: string): EventData {
  if (text.length > LONGEST || !text.startsWith('{')) return NOTHING;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return NOTHING;
  }
  const found = new Map<string, string>();
  for (const part of ['EventData', 'UserData']) collect((record as Record<string, unknown>)[part], '', found);
  return found;
}

/** A name with dots was split by osquery's writer; a record of `UserData` has one level more than its values. */
function collect(value: unknown, name: string, found: Map<string, string>): void {
  if (found.size >= MOST_NAMES) return;
  if (typeof value === 'string') {
    const plain = value.trim();
    if (name !== '' && plain !== '' && plain !== '-' && !found.has(name)) found.set(name, plain);
    return;
  }
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) collect(one, `param${at + 1}`, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) collect(inner, key, found);
  }
}
