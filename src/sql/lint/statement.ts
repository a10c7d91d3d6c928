import {
  type Comparison,
  group,
  isSymbol,
  isWord,
  type Node,
  readComparison,
  type Select,
  type Source,
  selectsAt,
  startsQuery,
  type Token,
  tokenize,
  withNames,
} from '../../sqlite/index.ts';

/** A select of a query, with what surrounds it. */
export interface Block {
  readonly select: Select;
  /** Its tables, without names that WITH gives. */
  readonly tables: readonly NamedTable[];
  /** The select that it stands in, in parentheses. */
  readonly parent: Block | undefined;
  /** Whether it is a table of the parent's FROM, and not a value of one of its terms. */
  readonly isSource: boolean;
  readonly limit: Token | undefined;
  readonly ordered: boolean;
  /** Whether it reads all its rows before it gives the first: GROUP BY, or an aggregate. */
  readonly gathers: boolean;
}

export interface NamedTable {
  /** In lower case. */
  readonly name: string;
  readonly source: Source;
}

/** Reads a query, of one statement or several. Throws SqlError where it has no tokens that SQLite would take. */
export function readBlocks(sql: string): readonly Block[] {
  return statementsOf(tokenize(sql)).flatMap((tokens) => {
    const nodes = group(tokens);
    return blocksIn(nodes, { parent: undefined, isSource: false, shadowed: withNames(nodes) });
  });
}

function statementsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (isSymbol(token, ';')) statements.push([]);
    else statements.at(-1)!.push(token);
  }
  return statements.filter((list) => list.length > 0);
}

interface Around {
  readonly parent: Block | undefined;
  readonly isSource: boolean;
  readonly shadowed: ReadonlySet<string>;
}

function blocksIn(nodes: readonly Node[], around: Around): readonly Block[] {
  const selects = selectsAt(nodes);
  // What orders and limits a compound stands in its last select.
  const end = selects.at(-1)?.nodes ?? [];
  const limit = limitIn(end);
  const ordered = end.some((node) => isWord(node, 'ORDER'));
  const own = selects.map((select): Block => {
    const tables = select.sources.flatMap((source) =>
      source.table === undefined || around.shadowed.has(source.table) ? [] : [{ name: source.table, source }],
    );
    const { parent, isSource } = around;
    return { select, tables, parent, isSource, limit, ordered, gathers: gathers(select) };
  });
  const inner = nodes.flatMap((node) => {
    if (node.kind !== 'group') return [];
    const parent = own.find(({ select }) => select.nodes.includes(node)) ?? around.parent;
    const isSource = parent?.select.sources.some(({ start }) => start === node.start) ?? false;
    return blocksIn(node.nodes, { ...around, parent, isSource });
  });
  return [...own, ...inner];
}

/** A negative one is none: https://www.sqlite.org/lang_select.html#the_limit_clause. */
function limitIn(nodes: readonly Node[]): Token | undefined {
  const at = nodes.findIndex((node) => isWord(node, 'LIMIT'));
  return at < 0 || isSymbol(nodes[at + 1], '-') ? undefined : (nodes[at] as Token);
}

const AGGREGATES = [
  'AVG',
  'COUNT',
  'GROUP_CONCAT',
  'JSON_GROUP_ARRAY',
  'JSON_GROUP_OBJECT',
  'MAX',
  'MIN',
  'SUM',
  'TOTAL',
];

function gathers({ nodes, columns }: Select): boolean {
  return nodes.some((node) => isWord(node, 'GROUP')) || hasAggregate(columns);
}

function hasAggregate(nodes: readonly Node[]): boolean {
  return nodes.some((node, at) => {
    if (node.kind === 'group') return !startsQuery(node.nodes) && hasAggregate(node.nodes);
    return isWord(node, ...AGGREGATES) && nodes[at + 1]?.kind === 'group';
  });
}

/** The comparisons of a select's terms that must all hold. */
export function comparisonsOf({ select }: Block): readonly Comparison[] {
  return select.terms.flatMap(({ nodes }) => readComparison(nodes) ?? []);
}

/** The comparisons anywhere in its terms: under OR, NOT and parentheses, too; not those of subqueries. */
export function allComparisonsOf({ select }: Block): readonly Comparison[] {
  return select.terms.flatMap(({ nodes }) => atomsOf(nodes).flatMap((atom) => readComparison(atom) ?? []));
}

/** A condition's smallest parts, without the words that join and deny them. */
function atomsOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
  const atoms: Node[][] = [[]];
  let between = 0;
  for (const node of nodes) {
    if (isWord(node, 'BETWEEN')) between += 1;
    if (isWord(node, 'OR') || (isWord(node, 'AND') && between-- <= 0)) {
      between = 0;
      atoms.push([]);
      // `NOT LIKE` denies the comparison, `NOT a = b` what follows.
    } else if (!isWord(node, 'NOT')) atoms.at(-1)!.push(node);
  }
  return atoms.flatMap((atom) => {
    const [only, ...more] = atom;
    const isInner = only?.kind === 'group' && more.length === 0 && !startsQuery(only.nodes);
    return isInner ? atomsOf(only.nodes) : [atom];
  });
}

/** Whether a comparison's column is one of the table, as far as names tell. */
export function isColumnOf({ column }: Comparison, { source }: NamedTable): boolean {
  return column.qualifier === undefined || column.qualifier === source.alias;
}

/** The selects around, from the innermost on. */
export function around(block: Block): readonly Block[] {
  const found: Block[] = [];
  for (let at = block.parent; at !== undefined; at = at.parent) found.push(at);
  return found;
}
