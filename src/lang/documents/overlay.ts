import type { AlertSuppression, Condition } from '../../rule/index.ts';
import type { Source, Span } from '../../text/index.ts';

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
