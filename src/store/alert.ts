/** An alert as it is stored. */
export interface NewAlert {
  /** The same match always has the same; an alert whose id is stored is not stored again. */
  readonly id: string;
  /** Whose queries take it: empty for the installed rules, else what names the rule that a query brought along. */
  readonly feed: string;
  /** When its last event happened, Unix milliseconds. */
  readonly timeMs: number;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly severity: string;
  readonly riskScore: number;
  /** The row that osquery gets, as JSON: an object of texts by column, but for the document. */
  readonly row: string;
  /** The whole alert as a document, as JSON: several times as long. */
  readonly document: string;
}

/** An alert in the store. */
export interface StoredAlert extends NewAlert {
  /** Rises by the order of storing. */
  readonly sequence: number;
  readonly storedMs: number;
  /** When it was known that osquery has it; null while it waits. */
  readonly deliveredMs: number | null;
}

/** Which stored alerts are asked for; all of them without anything. */
export interface AlertFilter {
  readonly id?: string;
  readonly ruleId?: string;
  /** Alerts whose last event is not older. */
  readonly sinceMs?: number;
  /** True: those that wait. */
  readonly waiting?: boolean;
  /** The newest so many; 10,000 unless given. */
  readonly most?: number;
  /** Texts that are not wanted, and are empty then: they are most of what there is to read. */
  readonly without?: readonly ('row' | 'document')[];
}
