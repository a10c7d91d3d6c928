import { and, type Condition, definite, not, simplify } from '../../rule/index.ts';
import type { Reader } from './reader.ts';
import { exists, fits, isAnyOf, parseWildcard } from './terms.ts';

/** A rule's mention of an exception list, by which it is found among the lists of the documents. */
export interface ListReference {
  readonly listId: string;
}

/** An item of an exception list: what it lets pass in every rule that names its list. */
export interface ExceptionItem {
  readonly listId: string;
  readonly name: string;
  readonly condition: Condition;
  readonly expiresMs: number | null;
  readonly reason: string | null;
  readonly owner: string | null;
  readonly reader: Reader;
}

export function readListReferences(rule: Reader): readonly ListReference[] {
  return rule.list('exceptions_list').map((list) => ({ listId: list.text('list_id') }));
}

/**
 * Reads an item of a Kibana export. Its entries must all hold; `excluded` turns one round; a nested entry's own
 * entries must hold of one object, and osquery's events are flat, so of the event. Values are compared as
 * keywords, case and all, and patterns likewise (lists plugin, build_exception_filter). Throws RuleError,
 * EXCEPTION_UNSUPPORTED for an entry that looks its values up in a value list.
 */
export function readExceptionItem(item: Reader): ExceptionItem {
  const entries = item.list('entries').map((entry) => readEntry(entry, ''));
  if (entries.length === 0) throw item.error('entries', 'Expected "entries", a list of at least one table.');
  const systems = item.texts('os_types', []);
  const source = item.document.source;
  const onSystems = systems.length > 0 ? [isAnyOf(source, 'host.os.type', systems)] : [];
  const listId = item.text('list_id');
  return {
    listId,
    name: item.text('name', item.text('item_id', listId)),
    condition: simplify(definite(and(...onSystems, ...entries))),
    expiresMs: readTime(item, 'expire_time'),
    reason: item.text('description', null),
    owner: item.text('created_by', null),
    reader: item,
  };
}

const ENTRY_TYPES = ['match', 'match_any', 'exists', 'wildcard', 'nested', 'list'] as const;

function readEntry(entry: Reader, parent: string): Condition {
  const name = `${parent}${entry.text('field')}`;
  const type = entry.choice('type', ENTRY_TYPES);
  const condition = readTest(entry, name, type);
  return entry.choice('operator', ['included', 'excluded'], 'included') === 'excluded'
    ? not(definite(condition))
    : condition;
}

function readTest(entry: Reader, name: string, type: (typeof ENTRY_TYPES)[number]): Condition {
  const { source } = entry.document;
  switch (type) {
    case 'match':
      return isAnyOf(source, name, [entry.text('value')]);
    case 'match_any':
      return isAnyOf(source, name, entry.texts('value'));
    case 'wildcard':
      return fits(name, entry.texts('value').map(parseWildcard), false);
    case 'exists':
      return exists(name);
    case 'nested':
      return and(...entry.list('entries').map((inner) => readEntry(inner, `${name}.`)));
    case 'list':
      throw entry.error('list', 'Unsupported: exceptions of type "list", whose values are in a value list.', {
        code: 'EXCEPTION_UNSUPPORTED',
        hint: 'Write the values out with "match_any".',
      });
  }
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const DAY_MS = 86_400_000;

/**
 * A date (the whole day, in UTC, is still in force) or a time (in UTC unless it says otherwise), as Unix
 * milliseconds; null when the key is missing.
 */
export function readTime(reader: Reader, key: string): number | null {
  const value = reader.raw(key);
  if (value === undefined) return null;
  const text = value instanceof Date ? value.toISOString() : value;
  const found = typeof text === 'string' ? TIME.exec(text) : null;
  const [whole = '', day = '', zone] = found ?? [];
  const isDay = whole === day;
  const time = Date.parse(isDay || zone !== undefined ? whole : `${whole}Z`);
  // Date.parse takes 30 February for the second of March.
  if (Number.isNaN(time) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) {
    const example = 'a date such as 2030-12-31, or a time such as 2030-12-31T12:00:00Z';
    throw reader.error(key, `Expected "${key}" to be ${example}.`);
  }
  return isDay ? time + DAY_MS : time;
}
