import type { Source } from '../../text/index.ts';

export type Format = 'toml' | 'yaml' | 'ndjson';

const ENDINGS: Readonly<Record<string, Format>> = {
  toml: 'toml',
  yaml: 'yaml',
  yml: 'yaml',
  ndjson: 'ndjson',
};

/** The format that a file's ending names; of a text without one of these, the format that it looks like. */
export function formatOf(source: Source): Format {
  const ending = /\.(\w+)$/.exec(source.name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending]! : guess(source.text);
}

/** TOML has `key = value` or `[table]` in its first line that is no comment. A JSON object over lines is YAML. */
function guess(text: string): Format {
  const first = text.split('\n').find((line) => !/^\s*(?:#.*)?$/.test(line)) ?? '';
  if (/^\s*\{.*\}\s*$/.test(first)) return 'ndjson';
  return /^\s*(?:\[|[\w."'-]+\s*=)/.test(first) ? 'toml' : 'yaml';
}
