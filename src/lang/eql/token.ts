import type { Scalar } from '../../rule/index.ts';

/**
 * The words of EQL. `name` is an identifier, `quotedName` one in backquotes, `functionName` one with a tilde;
 * `keyword` and `sign` say themselves what they are; `unknown` is a character that begins no token.
 */
export interface Token {
  readonly kind:
    | 'name'
    | 'quotedName'
    | 'functionName'
    | 'keyword'
    | 'sign'
    | 'text'
    | 'integer'
    | 'decimal'
    | 'unknown'
    | 'end';
  /** A keyword or sign as written; a name or text without its quotes; a number's digits. */
  readonly text: string;
  /** What a text or number stands for. */
  readonly value: Scalar | null;
  readonly start: number;
  readonly end: number;
}

export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'and any by false in in~ join like like~ maxspan not null of or regex regex~ sample sequence true until ' +
    'where with'
  ).split(' '),
);

/** Longer ones first, so that the first that fits is the longest. */
export const SIGNS = [
  ...['![', '!=', '!:', '==', '<=', '>='],
  ...['=', '<', '>', ':', '+', '-', '*', '/', '%', '.', ',', '[', ']', '(', ')', '|', '?', '!'],
] as const;

/** Names a token in an error text. Long ones are cut. */
export function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the query';
    case 'text':
      return `the text ${quote(token.text)}`;
    case 'integer':
    case 'decimal':
      return `the number ${shorten(token.text)}`;
    case 'unknown':
      return unknown(token.text);
    case 'functionName':
      return quote(`${token.text}~`);
    default:
      return quote(token.text);
  }
}

function unknown(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const shown = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character);
  return shown ? `"${character}"` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

export function quote(text: string): string {
  return `"${shorten(text)}"`;
}

const SHOWN = 40;

function shorten(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
