import { type AlertSuppression, and, type Condition, definite, or, simplify } from '../../rule/index.ts';
import type { Source, Span } from '../../text/index.ts';
import type { Document } from './document.ts';
import { readTime } from './exceptions.ts';
import { readConditions, readOwnSuppression } from './own-rule.ts';
import { Reader } from './reader.ts';

/** A change to rules that are someone else's, kept in a file of one's own. */
export interface Overlay {
  /** Ids of the rules it changes. */
  readonly rules: readonly string[];
  /** What it lets pass; null: nothing. A scope is part of it. */
  readonly exception: Condition | null;
  /** Replaces the rules' own suppression; null: leaves it. */
  readonly suppression: AlertSuppression | null;
  readonly disable: boolean;
  /** What it is called in messages. */
  readonly name: string;
  readonly owner: string | null;
  readonly reason: string | null;
  /** Unix milliseconds; null: never. */
  readonly expiresMs: number | null;
  readonly source: Source;
  readonly span: Span;
}

/**
 * Reads the entries of a document's `overlays` (docs/rules.md, schema/overlay.schema.json). One that is wrong is
 * given to `problem` as a RuleError, and the others are read.
 */
export function readOverlays(document: Document, problem: (error: unknown) => void): readonly Overlay[] {
  const found: Overlay[] = [];
  const root = new Reader(document);
  try {
    for (const entry of root.list('overlays')) {
      try {
        found.push(readOverlay(entry));
      } catch (error) {
        problem(error);
      }
    }
    rejectUnknown(root);
  } catch (error) {
    problem(error);
  }
  return found;
}

function readOverlay(entry: Reader): Overlay {
  const rules = [...entry.texts('rule', []), ...entry.texts('rules', [])];
  if (rules.length === 0) throw entry.error(null, 'Expected "rule", the id of a rule; it is missing.');
  const suppression = readOwnSuppression(entry);
  const off = entry.boolean('disable', false);
  const except = readConditions(entry, 'except');
  const scope = readConditions(entry, 'scope');
  if (suppression === null && !off && except.length === 0) {
    throw entry.error(null, 'Expected "except", "suppress" or "disable" in an overlay, found none.');
  }
  if (scope.length > 0 && suppression !== null) {
    throw entry.error('scope', 'Unsupported: a "scope" for "suppress".', {
      code: 'OVERLAY_UNSUPPORTED',
      hint: 'It narrows "except" and "disable".',
    });
  }
  const inScope = scope.map(definite);
  const exceptions = off && scope.length > 0 ? [and(...inScope)] : [];
  if (except.length > 0) exceptions.push(definite(and(...inScope, or(...except.map(definite)))));
  const name = entry.text('name', `The overlay for ${rules.join(', ')}`);
  const overlay: Overlay = {
    rules,
    exception: exceptions.length === 0 ? null : simplify(or(...exceptions)),
    suppression,
    disable: off && scope.length === 0,
    name,
    owner: entry.text('owner', null),
    reason: entry.text('reason', null),
    expiresMs: readTime(entry, 'expires'),
    source: entry.document.source,
    span: entry.document.place(entry.path),
  };
  rejectUnknown(entry);
  return Object.freeze(overlay);
}

/** A misspelt `scope` or `expires` would let more pass than meant, so here an unknown key is an error. */
function rejectUnknown(reader: Reader): void {
  const [unknown] = reader.unknownKeys();
  if (unknown !== undefined) {
    throw reader.error(unknown, `Unknown key "${unknown}" in an overlay.`, {
      hint: reader.suggestKey(unknown),
    });
  }
}
