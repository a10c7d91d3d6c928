/** A piece of SQL text. `value` is what an identifier names or a word says in upper case; else the text itself. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol';
  readonly text: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** A pair of parentheses and what stands between them. */
export interface Group {
  readonly kind: 'group';
  readonly nodes: readonly Node[];
  readonly start: number;
  readonly end: number;
}

export type Node = Token | Group;

/** What is wrong with an SQL text, in SQLite's words where it would say so too. */
export class SqlError extends Error {}

const MOST_DEPTH = 100;

/**
 * SQLite's tokens, sticky: space and comments, then strings, quoted names, blobs, numbers, words, parameters,
 * operators. Source: https://www.sqlite.org/lang_expr.html and tokenize.c.
 */
const SKIPPED = /(?:[ \t\n\f\r]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))+/y;
const TOKENS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /[xX]?'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/y],
  ['number', /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*/y],
  ['parameter', /[?:@$][\w$]*/y],
  ['symbol', /->>|->|\|\||<<|>>|<=|>=|<>|==|!=|[-+*/%&|~<>=.,;()]/y],
];

/** Splits SQL text into tokens, without space and comments. Throws `SqlError` where SQLite would find none. */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    SKIPPED.lastIndex = at;
    if (SKIPPED.test(sql)) at = SKIPPED.lastIndex;
    if (at >= sql.length) return tokens;
    const token = tokenAt(sql, at);
    if (token === undefined) throw new SqlError(`unrecognized token: "${sql.slice(at, at + 12)}"`);
    tokens.push(token);
    at = token.end;
  }
}

function tokenAt(sql: string, start: number): Token | undefined {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = start;
    const text = pattern.exec(sql)?.[0];
    if (text !== undefined)
      return { kind, text, value: meaningOf(kind, text), start, end: start + text.length };
  }
  return undefined;
}

function meaningOf(kind: Token['kind'], text: string): string {
  if (kind === 'word') return text.toUpperCase();
  if (kind !== 'quoted') return text;
  const quote = text.at(-1)!;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Arranges tokens by their parentheses. Throws `SqlError` when these do not pair or go too deep. */
export function group(tokens: readonly Token[]): readonly Node[] {
  const open: { readonly start: number; readonly nodes: Node[] }[] = [];
  let nodes: Node[] = [];
  const outer: Node[][] = [];
  for (const token of tokens) {
    if (isSymbol(token, '(')) {
      if (open.length >= MOST_DEPTH) throw new SqlError(`parentheses more than ${MOST_DEPTH} deep`);
      outer.push(nodes);
      nodes = [];
      open.push({ start: token.start, nodes });
    } else if (isSymbol(token, ')')) {
      const inner = open.pop();
      if (inner === undefined) throw new SqlError('near ")": syntax error');
      nodes = outer.pop()!;
      nodes.push({ kind: 'group', nodes: inner.nodes, start: inner.start, end: token.end });
    } else nodes.push(token);
  }
  // SQLite's words, which osquery passes on.
  if (open.length > 0) throw new SqlError('incomplete input');
  return nodes;
}

export function isSymbol(
  node: Node | undefined,
  ...texts: readonly string[]
): node is Token & { readonly kind: 'symbol' } {
  return node?.kind === 'symbol' && texts.includes(node.text);
}

/** Whether the node is one of these keywords, given in upper case; a quoted name never is. */
export function isWord(
  node: Node | undefined,
  ...words: readonly string[]
): node is Token & { readonly kind: 'word' } {
  return node?.kind === 'word' && words.includes(node.value);
}

/** The name that the node gives, folded as SQLite compares names. */
export function nameOf(node: Node | undefined): string | undefined {
  if (node?.kind === 'word') return node.text.toLowerCase();
  return node?.kind === 'quoted' ? node.value.toLowerCase() : undefined;
}

/** A name in double quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Whether a SELECT, a VALUES or a WITH starts here: the content of a subquery. */
export function startsQuery(nodes: readonly Node[]): boolean {
  return isWord(nodes[0], 'SELECT', 'VALUES', 'WITH');
}
