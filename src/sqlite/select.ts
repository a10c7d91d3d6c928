import { isSymbol, isWord, type Node, nameOf, SqlError, startsQuery, type Token } from './tokens.ts';

/** One `SELECT … FROM … WHERE …`, without what compounds it, and without the selects inside its parentheses. */
export interface Select {
  readonly columns: readonly Node[];
  readonly sources: readonly Source[];
  /** The terms that must all hold: `WHERE` and the `ON`s, split at their `AND`s. */
  readonly terms: readonly Term[];
  /** Everything of this select, for looking up which names it uses. */
  readonly nodes: readonly Node[];
}

/** One table, subquery or table function of `FROM`. */
export interface Source {
  /** The table's name; `undefined` for a subquery or a function. */
  readonly table: string | undefined;
  /** What the columns may be qualified with; `undefined` for a subquery without alias. */
  readonly alias: string | undefined;
  /** Where table name and alias stand. */
  readonly start: number;
  readonly end: number;
  /** The columns of `USING`, which `*` shows once. */
  readonly using: readonly string[];
  readonly natural: boolean;
  /** Whether an outer join joins it. */
  readonly outer: boolean;
  /** Whether it stands in a join in parentheses. */
  readonly grouped: boolean;
}

export interface Term {
  readonly nodes: readonly Node[];
  /** Of an outer join's `ON`: the index of the source it joins, the only one that it constrains. */
  readonly onlyFor: number | undefined;
}

const CLAUSES = ['FROM', 'WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT'];
const COMPOUNDS = ['UNION', 'INTERSECT', 'EXCEPT'];
const JOIN_WORDS = ['NATURAL', 'LEFT', 'RIGHT', 'FULL', 'INNER', 'CROSS', 'OUTER', 'JOIN'];

/** Every select of a statement, outer ones first. */
export function selectsOf(nodes: readonly Node[]): readonly Select[] {
  const found = [...selectsAt(nodes)];
  for (const node of nodes) if (node.kind === 'group') found.push(...selectsOf(node.nodes));
  return found;
}

/** The selects that stand here and not inside parentheses: one, or those of a compound. */
export function selectsAt(nodes: readonly Node[]): readonly Select[] {
  return nodes.flatMap((node, index) => (isWord(node, 'SELECT') ? [selectAt(nodes, index)] : []));
}

/** The names that `WITH` gives: they hide tables of the same name. */
export function withNames(nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (list: readonly Node[]): void => {
    list.forEach((node, index) => {
      if (node.kind !== 'group') return;
      if (startsQuery(node.nodes)) {
        let at = index - 1;
        while (isWord(list[at], 'MATERIALIZED', 'NOT')) at -= 1;
        if (isWord(list[at], 'AS')) {
          const before = list[at - 1];
          const name = nameOf(before?.kind === 'group' ? list[at - 2] : before);
          if (name !== undefined) names.add(name);
        }
      }
      visit(node.nodes);
    });
  };
  visit(nodes);
  return names;
}

function selectAt(list: readonly Node[], start: number): Select {
  let end = start + 1;
  while (end < list.length && !isWord(list[end], ...COMPOUNDS)) end += 1;
  const nodes = list.slice(start, end);
  const clauses = new Map<string, readonly Node[]>();
  let [name, from] = ['SELECT', 1];
  for (let at = 1; at <= nodes.length; at += 1) {
    const node = nodes[at];
    // `IS [NOT] DISTINCT FROM` is an operator.
    const starts = isWord(node, ...CLAUSES) && !(node.value === 'FROM' && isWord(nodes[at - 1], 'DISTINCT'));
    if (at < nodes.length && !starts) continue;
    clauses.set(name, nodes.slice(from, at));
    [name, from] = [starts ? node.value : '', at + 1];
  }
  const columns = clauses.get('SELECT') ?? [];
  const { sources, terms } = readFrom(clauses.get('FROM') ?? []);
  const where = splitTerms(clauses.get('WHERE') ?? []).map((term) => ({ nodes: term, onlyFor: undefined }));
  return {
    columns: columns.slice(isWord(columns[0], 'DISTINCT', 'ALL') ? 1 : 0),
    sources,
    terms: [...terms, ...where],
    nodes,
  };
}

function readFrom(nodes: readonly Node[]): { readonly sources: readonly Source[]; readonly terms: Term[] } {
  const sources: Source[] = [];
  const terms: Term[] = [];
  let [at, join] = [0, ''];
  while (at < nodes.length) {
    let end = at;
    while (end < nodes.length && !isSymbol(nodes[end], ',') && !isWord(nodes[end], ...JOIN_WORDS)) end += 1;
    const { source, on, inner } = readSource(nodes.slice(at, end), join);
    for (const term of splitTerms(on))
      terms.push({ nodes: term, onlyFor: source.outer ? sources.length : undefined });
    if (inner === undefined) sources.push(source);
    else {
      const joined = readFrom(inner);
      const first = sources.length;
      sources.push(...joined.sources.map((one) => ({ ...one, grouped: true })));
      for (const { nodes: term, onlyFor } of joined.terms)
        terms.push({ nodes: term, onlyFor: onlyFor === undefined ? undefined : first + onlyFor });
    }
    for (join = '', at = end; isSymbol(nodes[at], ',') || isWord(nodes[at], ...JOIN_WORDS); at += 1) {
      join += ` ${(nodes[at] as Token).value}`;
    }
  }
  return { sources, terms };
}

/** `table-or-subquery := [schema .] name [(…)] [[AS] alias] | (select) [[AS] alias] | (join)`, then `ON` or `USING`. */
function readSource(
  nodes: readonly Node[],
  join: string,
): { readonly source: Source; readonly on: readonly Node[]; readonly inner: readonly Node[] | undefined } {
  const on = nodes.findIndex((node) => isWord(node, 'ON'));
  const using = nodes[nodes.findIndex((node) => isWord(node, 'USING')) + 1];
  const stop = nodes.findIndex((node) => isWord(node, 'ON', 'USING', 'INDEXED', 'NOT'));
  const head = stop === -1 ? nodes : nodes.slice(0, stop);
  const first = head[0];
  if (first === undefined) throw new SqlError('near "FROM": syntax error');
  const schema = isSymbol(head[1], '.');
  const named = first.kind !== 'group';
  let rest = head.slice(schema ? 3 : 1);
  const isFunction = named && rest[0]?.kind === 'group';
  if (isFunction) rest = rest.slice(1);
  const alias = nameOf(isWord(rest[0], 'AS') ? rest[1] : rest[0]);
  const table = named && !schema && !isFunction ? nameOf(first) : undefined;
  const source = {
    table,
    alias: alias ?? table,
    start: first.start,
    end: head.at(-1)!.end,
    using:
      using?.kind === 'group' && using !== first ? using.nodes.flatMap((node) => nameOf(node) ?? []) : [],
    natural: join.includes('NATURAL'),
    outer: /LEFT|RIGHT|FULL/.test(join),
    grouped: false,
  };
  const inner = first.kind === 'group' && !startsQuery(first.nodes) ? first.nodes : undefined;
  return { source, on: on === -1 ? [] : nodes.slice(on + 1), inner };
}

/** Splits at `AND`, leaving alone the one of `BETWEEN`, those inside `CASE`, and anything beside an `OR`. */
function splitTerms(nodes: readonly Node[]): readonly (readonly Node[])[] {
  if (nodes.length === 0) return [];
  const only = nodes[0]!;
  if (nodes.length === 1 && only.kind === 'group' && !startsQuery(only.nodes)) return splitTerms(only.nodes);
  const terms: Node[][] = [[]];
  let [cases, between] = [0, 0];
  for (const node of nodes) {
    if (isWord(node, 'CASE')) cases += 1;
    else if (isWord(node, 'END')) cases -= 1;
    else if (cases === 0 && isWord(node, 'OR')) return [nodes];
    else if (cases === 0 && isWord(node, 'BETWEEN')) between += 1;
    else if (cases === 0 && isWord(node, 'AND')) {
      if (between > 0) between -= 1;
      else {
        terms.push([]);
        continue;
      }
    }
    terms.at(-1)!.push(node);
  }
  return terms.length === 1 ? [nodes] : terms.flatMap(splitTerms);
}
