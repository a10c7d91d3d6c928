/**
 * A second reading of Kibana's grammar, without tokens: each rule tries its alternatives at a place in the
 * text and gives the tree and the place behind it, or nothing. Slow and plain; the parser's oracle.
 */
type Found = { readonly tree: string; readonly end: number } | undefined;
type Rule = (text: string, at: number) => Found;

const SPACE = '[ \\t\\r\\n\\u00a0]';
const SPECIAL = '[\\\\():<>"*{}]';
const UNQUOTED_CHARACTER = [
  '\\\\[trn]',
  `\\\\${SPECIAL}`,
  '\\\\u(?i:[0-9a-f]{4})',
  '\\\\(?i:or|and|not)',
  '\\*',
  `(?!${SPECIAL}|${SPACE}(?i:or|and)${SPACE}|(?i:not)${SPACE})[\\s\\S]`,
].join('|');
const QUOTED_CHARACTER = '\\\\[trn]|\\\\u(?i:[0-9a-f]{4})|\\\\[\\\\"]|[^"]';

const OPS: Readonly<Record<string, string>> = { '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' };

/** What a regular expression matches right here; nothing behind a place that is not there. */
function here(pattern: string, text: string, at: number): string | undefined {
  if (Number.isNaN(at)) return undefined;
  const regex = new RegExp(pattern, 'y');
  regex.lastIndex = at;
  return regex.exec(text)?.[0];
}

function skip(text: string, at: number, pattern: string): number {
  return at + (here(pattern, text, at)?.length ?? Number.NaN);
}

function charactersOf(text: string, character: string): readonly string[] {
  return text.match(new RegExp(character, 'g')) ?? [];
}

function unescaped(character: string): string {
  const white = { '\\t': '\t', '\\r': '\r', '\\n': '\n' }[character];
  if (white !== undefined) return white;
  if (/^\\u[0-9a-f]{4}$/i.test(character))
    return String.fromCharCode(Number.parseInt(character.slice(2), 16));
  return character.length > 1 && character[0] === '\\' ? character.slice(1) : character;
}

const literal: Rule = (text, at) => {
  const quoted = here(`"(?:${QUOTED_CHARACTER})*"`, text, at);
  if (quoted !== undefined) {
    // A run of quoted characters is never given back, so the closing quote must be the one behind it.
    const inside = charactersOf(quoted.slice(1), QUOTED_CHARACTER);
    const value = inside.map(unescaped).join('');
    if (inside.join('').length !== quoted.length - 2) return undefined;
    return { tree: `phrase ${JSON.stringify(value)}`, end: at + quoted.length };
  }
  const raw = here(`(?:${UNQUOTED_CHARACTER})+`, text, at);
  if (raw === undefined) return undefined;
  const WILD = '\ue000';
  const run = charactersOf(raw, UNQUOTED_CHARACTER)
    .map((character) => (character === '*' ? WILD : unescaped(character)))
    .join('')
    .trim();
  const end = at + raw.length;
  if (/^(?:true|false|null)$/.test(run)) return { tree: run, end };
  if (!run.includes(WILD)) return { tree: JSON.stringify(run), end };
  const parts = run
    .split(WILD)
    .flatMap((part, i) => [...(i > 0 ? ['*'] : []), ...(part === '' ? [] : [JSON.stringify(part)])]);
  return { tree: parts.join(' '), end };
};

function list(kind: 'and' | 'or', item: Rule): Rule {
  return (text, at) => {
    const head = item(text, at);
    if (head === undefined) return undefined;
    const trees = [head.tree];
    let end = head.end;
    for (;;) {
      const next = item(text, skip(text, end, `${SPACE}+(?i:${kind})${SPACE}+`));
      if (next === undefined) break;
      trees.push(next.tree);
      end = next.end;
    }
    return { tree: trees.length === 1 ? head.tree : `${kind}(${trees.join(', ')})`, end };
  };
}

function enclosed(open: string, inside: Rule, close: string): Rule {
  return (text, at) => {
    const start = skip(text, at, `[${open}]${SPACE}*`);
    const found = Number.isNaN(start) ? undefined : inside(text, start);
    const end = found && skip(text, found.end, `${SPACE}*[${close}]`);
    return end === undefined || Number.isNaN(end) ? undefined : { tree: found!.tree, end };
  };
}

function negatable(inside: Rule): Rule {
  return (text, at) => {
    const negated = inside(text, skip(text, at, `(?i:not)${SPACE}+`));
    return negated ? { tree: `not(${negated.tree})`, end: negated.end } : inside(text, at);
  };
}

/** Values with a hole for the field, `\ue001`. */
const value: Rule = (text, at) => {
  const found = literal(text, at);
  return found && { tree: `is(\ue001, ${found.tree})`, end: found.end };
};
const values: Rule = (text, at) => enclosed('(', orValues, ')')(text, at) ?? value(text, at);
const orValues: Rule = (text, at) => list('or', list('and', negatable(values)))(text, at);

const expression: Rule = (text, at) => {
  const field = literal(text, at);
  if (field === undefined) return undefined;
  const colon = skip(text, field.end, `${SPACE}*:${SPACE}*`);
  const nested = enclosed('{', orQuery, '}')(text, colon);
  if (nested) return { tree: `nested(${field.tree}, ${nested.tree})`, end: nested.end };
  const sign = here(`${SPACE}*(?:<=|>=|<|>)`, text, field.end);
  const bound = sign && literal(text, skip(text, field.end, `${SPACE}*(?:<=|>=|<|>)${SPACE}*`));
  if (bound) return { tree: `${OPS[sign.trim()]}(${field.tree}, ${bound.tree})`, end: bound.end };
  const group = values(text, colon);
  if (group) return { tree: group.tree.replaceAll('\ue001', () => field.tree), end: group.end };
  return { tree: `is(any field, ${field.tree})`, end: field.end };
};
const subQuery: Rule = (text, at) => enclosed('(', orQuery, ')')(text, at) ?? expression(text, at);
const orQuery: Rule = (text, at) => list('or', list('and', negatable(subQuery)))(text, at);

/** The tree of a whole query, or nothing when the grammar does not allow it. */
export function readKql(text: string): string | undefined {
  const start = skip(text, 0, `${SPACE}*`);
  if (start === text.length) return 'is(*, *)';
  const query = orQuery(text, start);
  return query && skip(text, query.end, `${SPACE}*`) === text.length ? query.tree : undefined;
}
