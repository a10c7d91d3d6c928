import { and, type Condition, definite, FALSE, field, not, or, TRUE } from '../../rule/index.ts';
import { isTable } from './document.ts';
import type { Reader } from './reader.ts';
import { type Bound, exists, fits, isAnyOf, isInRange, parseWildcard } from './terms.ts';

const UNSUPPORTED = 'FILTER_UNSUPPORTED';

/**
 * Reads Kibana's filters, each a query of Elasticsearch with `meta` beside it: disabled ones are passed over,
 * `negate` ones turned round, `combined` ones joined by their relation, and older shapes (the query beside `meta`
 * instead of below `query`) taken as what they were migrated to (kbn-es-query: from_filters, migrate_filter,
 * handle_combined_filter). An event must pass them all. A query of a kind that is not known is an error,
 * FILTER_UNSUPPORTED: to leave a filter out would change what the rule finds.
 */
export function readFilters(filters: readonly Reader[]): Condition {
  return and(...filters.map(readFilter));
}

function readFilter(filter: Reader): Condition {
  const meta = filter.inner('meta', null);
  if (meta?.boolean('disabled', false)) return TRUE;
  const condition =
    meta?.raw('type') === 'combined' ? readCombined(meta) : readQuery(filter.inner('query', null) ?? filter);
  return meta?.boolean('negate', false) ? not(definite(condition)) : definite(condition);
}

function readCombined(meta: Reader): Condition {
  const parts = meta.list('params').map(readFilter);
  return meta.choice('relation', ['AND', 'OR'], 'AND') === 'OR' ? or(...parts) : and(...parts);
}

/** A query of Elasticsearch: one key, which names its kind. Keys of a filter that are none are passed over. */
function readQuery(query: Reader): Condition {
  const kinds = Object.keys(query.table).filter((key) => key !== 'meta' && key !== '$state');
  const [kind] = kinds;
  if (kind === undefined) return TRUE;
  if (kinds.length > 1) {
    throw query.error(kinds[1]!, `Expected a query of one kind, found "${kind}" and "${kinds[1]}".`);
  }
  const read = KINDS[kind];
  if (read === undefined || !Object.hasOwn(KINDS, kind)) {
    throw query.error(kind, `Unsupported: filters with a query of kind "${kind}".`, {
      code: UNSUPPORTED,
      hint: `Supported are ${Object.keys(KINDS).join(', ')}.`,
    });
  }
  return read(query.inner(kind));
}

const KINDS: Readonly<Record<string, (body: Reader) => Condition>> = {
  match_phrase: (body) => readTerm(body, 'query'),
  match: (body) => readTerm(body, 'query'),
  term: (body) => readTerm(body, 'value'),
  terms: readTerms,
  range: readRange,
  exists: (body) => exists(body.text('field')),
  wildcard: (body) => readPattern(body, ['value', 'wildcard'], parseWildcard),
  prefix: (body) => readPattern(body, ['value', 'prefix'], (value) => parseWildcard(`${escaped(value)}*`)),
  regexp: readRegexp,
  bool: readBool,
  nested: (body) => readQuery(body.inner('query')),
  match_all: () => TRUE,
  match_none: () => FALSE,
};

/** `{FIELD: VALUE}` or `{FIELD: {KEY: VALUE}}` */
function readTerm(body: Reader, key: string): Condition {
  const name = fieldOf(body);
  const options = isTable(body.raw(name)) ? body.inner(name) : null;
  const value = options === null ? textAt(body, name) : textAt(options, key);
  if (options?.boolean('case_insensitive', false)) {
    return { kind: 'oneOf', operand: field(name), values: [value], ignoreCase: true };
  }
  return isAnyOf(body.document.source, name, [value]);
}

function readTerms(body: Reader): Condition {
  const name = fieldOf(body);
  const values = body.raw(name);
  if (!Array.isArray(values)) throw body.error(name, `Expected "${name}" to be a list of values.`);
  return isAnyOf(
    body.document.source,
    name,
    values.map((value) => textOf(body, name, value)),
  );
}

const BOUNDS: Readonly<Record<string, Bound>> = { gt: 'gt', gte: 'ge', lt: 'lt', lte: 'le' };

function readRange(body: Reader): Condition {
  const name = fieldOf(body);
  const range = body.inner(name);
  const bounds = Object.entries(BOUNDS)
    .filter(([key]) => range.has(key))
    .map(([key, op]) => [op, textAt(range, key)] as const);
  if (bounds.length === 0)
    throw body.error(name, `Expected "gt", "gte", "lt" or "lte" in the range of "${name}".`);
  return isInRange(body.document.source, name, bounds);
}

function readPattern(
  body: Reader,
  keys: readonly [string, string],
  parse: (value: string) => ReturnType<typeof parseWildcard>,
): Condition {
  const { name, value, ignoreCase } = readText(body, keys);
  return fits(name, [parse(value)], ignoreCase);
}

function readRegexp(body: Reader): Condition {
  const { name, value, ignoreCase } = readText(body, ['value', 'value']);
  return { kind: 'regex', operand: field(name), patterns: [value], dialect: 'lucene', ignoreCase };
}

function readText(
  body: Reader,
  keys: readonly [string, string],
): { readonly name: string; readonly value: string; readonly ignoreCase: boolean } {
  const name = fieldOf(body);
  if (!isTable(body.raw(name))) return { name, value: body.text(name), ignoreCase: false };
  const options = body.inner(name);
  const value = options.text(options.has(keys[1]) ? keys[1] : keys[0]);
  return { name, value, ignoreCase: options.boolean('case_insensitive', false) };
}

/** `should` alone asks for one of its queries, and beside `must` or `filter` for none, unless it says how many. */
function readBool(body: Reader): Condition {
  const queries = (key: string): readonly Condition[] => body.list(key).map(readQuery);
  const all = [...queries('must'), ...queries('filter')];
  const should = queries('should');
  const none = queries('must_not').map((query) => not(definite(query)));
  const least = body.number('minimum_should_match', { least: 0, whole: true }, null);
  const wanted = least ?? (should.length > 0 && all.length === 0 ? 1 : 0);
  if (wanted > 1) {
    throw body.error('minimum_should_match', 'Unsupported: "minimum_should_match" over 1.', {
      code: UNSUPPORTED,
    });
  }
  return and(...all, ...none, ...(wanted === 1 ? [or(...should)] : []));
}

function fieldOf(body: Reader): string {
  const [name, ...more] = Object.keys(body.table).filter((key) => key !== 'boost');
  if (name === undefined || more.length > 0)
    throw body.error(null, 'Expected one field in the query of a filter.');
  return name;
}

function textAt(reader: Reader, key: string): string {
  return textOf(reader, key, reader.raw(key));
}

function textOf(reader: Reader, key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  throw reader.error(key, `Expected "${key}" to be a text, a number or true or false.`);
}

function escaped(value: string): string {
  return value.replace(/[\\*?]/g, '\\$&');
}
