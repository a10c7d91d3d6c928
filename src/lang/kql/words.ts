import { assertNever } from '../../rule/index.ts';
import type { Literal } from './ast.ts';

/** Fields that Elastic maps as `match_only_text` or `text`, besides every multi-field `….text`. */
const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'message',
  'error.message',
  'powershell.file.script_block_text',
]);

/** The character class of a word's inside. The analyzer of PowerShell script blocks keeps hyphens and knows ASCII only. */
function classOf(field: string): string {
  return field.startsWith('powershell.') ? 'a-z0-9_\\-' : '\\p{L}\\p{N}_';
}

/** Whether Elastic searches the field by words, where it exists. */
export function isTextField(field: string): boolean {
  return TEXT_FIELDS.has(field) || field.endsWith('.text');
}

/**
 * What values mean for a text field, as one regular expression in RE2's syntax to be tried without regard to
 * case; nothing when there is no word in them. A quoted phrase is its words one after the other, unquoted
 * words are alternatives, and a word with wildcards fits a single word (Elasticsearch: match_phrase, match,
 * query_string).
 *
 * A word is a run of letters, digits and `_`. Elasticsearch's standard tokenizer also keeps some points and
 * apostrophes inside of words ("example.com" is one word there and two here), so that this search finds a
 * little more.
 */
export function wordPattern(field: string, values: readonly Literal[]): string | undefined {
  const inside = classOf(field);
  const words = new Set(values.flatMap((value) => wordsOf(value, inside)));
  if (words.size === 0) return undefined;
  return `(?:^|[^${inside}])(?:${[...words].join('|')})(?:$|[^${inside}])`;
}

function wordsOf(value: Literal, inside: string): readonly string[] {
  switch (value.kind) {
    case 'keyword':
      return [String(value.value)];
    case 'text': {
      const words = (value.value.match(new RegExp(`[${inside}]+`, 'giu')) ?? []).map(escaped);
      return value.quoted && words.length > 0 ? [words.join(`[^${inside}]+`)] : words;
    }
    case 'wildcard': {
      const text = value.pattern.map((part) =>
        typeof part === 'string' ? part.replaceAll('\0', ' ') : '\0',
      );
      const words = text.join('').match(new RegExp(`[\\0${inside}]+`, 'giu')) ?? [];
      return words.map((word) => word.split('\0').map(escaped).join(`[${inside}]*`));
    }
    default:
      return assertNever(value);
  }
}

function escaped(word: string): string {
  return word.replaceAll('-', '\\-');
}
