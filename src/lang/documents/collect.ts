import type { Rule } from '../../rule/index.ts';
import { locate, RuleError, type Source } from '../../text/index.ts';
import { applyOverlays } from './apply.ts';
import { checkLength, type Document, isTable, type Table } from './document.ts';
import { type ReadRule, readElasticRule } from './elastic-rule.ts';
import { type ExceptionItem, readExceptionItem } from './exceptions.ts';
import { type Format, formatOf } from './format.ts';
import { readNdjson } from './ndjson.ts';
import { type Overlay, readOverlays } from './overlay.ts';
import { readOwnRule } from './own-rule.ts';
import { Reader } from './reader.ts';
import { NOBODY, type Problem, problemOf, type RuleFile, type RuleSet, type Subject } from './rule-set.ts';
import { readToml } from './toml.ts';
import { readYaml } from './yaml.ts';

export interface CollectOptions {
  /** What expiry is held against, Unix milliseconds. */
  readonly nowMs: number;
  /**
   * Whether a text was named as one with rules. One that was merely found among others may hold documents of
   * another kind, which are then passed over.
   */
  readonly named?: (source: Source) => boolean;
  /** What went wrong before: files that could not be read. */
  readonly problems?: readonly Problem[];
}

/** Reads the rules in texts of any format and applies the overlays and exceptions that are among them. */
export function collectRules(sources: Iterable<Source>, options: CollectOptions): RuleSet {
  const collector = new Collector(options.problems ?? []);
  for (const source of sources) collector.read(source, options.named?.(source) ?? true);
  return collector.finish(options.nowMs);
}

/** How long texts are read before other work has its turn. */
const TURN_MS = 20;

/** The same, a few texts at a time: a service that reads rules goes on answering meanwhile. */
export async function collectRulesInTurns(
  sources: Iterable<Source>,
  options: CollectOptions,
): Promise<RuleSet> {
  const collector = new Collector(options.problems ?? []);
  let sinceMs = performance.now();
  for (const source of sources) {
    collector.read(source, options.named?.(source) ?? true);
    if (performance.now() - sinceMs < TURN_MS) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    sinceMs = performance.now();
  }
  return collector.finish(options.nowMs);
}

const READERS: Readonly<
  Record<Format, (source: Source, problem: (error: RuleError) => void) => readonly Document[]>
> = {
  toml: (source) => [readToml(source)],
  yaml: readYaml,
  ndjson: readNdjson,
};

class Collector {
  readonly #problems: Problem[];
  readonly #rules = new Map<string, ReadRule>();
  readonly #overlays: Overlay[] = [];
  readonly #lists = new Map<string, Reader>();
  readonly #items: ExceptionItem[] = [];
  readonly #files: RuleFile[] = [];

  constructor(problems: readonly Problem[]) {
    this.#problems = [...problems];
  }

  read(source: Source, named: boolean): void {
    const format = formatOf(source);
    const [before, changesBefore] = [this.#found(), this.#changes()];
    this.#guard(source, NOBODY, () => {
      if (format !== 'ndjson') checkLength(source, 0, source.text.length);
      const documents = READERS[format](source, (error) => this.#problems.push(problemOf(error)));
      for (const document of documents) {
        this.#guard(source, subjectOf(document.value), () => this.#take(document, format));
      }
      if (named && this.#found() === before) {
        throw new RuleError('There is no rule in this file.', {
          code: 'RULE_MISSING',
          source,
          span: { start: 0, end: 0 },
          hint: 'A rule has at least "id", "name", "severity" and "query", or a table "rule".',
        });
      }
    });
    if (this.#found() === before) return;
    this.#files.push(Object.freeze({ source, named, changes: this.#changes() > changesBefore }));
  }

  finish(nowMs: number): RuleSet {
    const rules = [...this.#rules.values()].map((read) => this.#withLists(read));
    const overlays = [...this.#overlays, ...this.#items.map((item) => this.#overlayOf(item))];
    const set: RuleSet = {
      ...{ rules, problems: this.#problems, files: this.#files },
      ...{ documents: 0, overlays: [], nextExpiryMs: null },
    };
    const applied = applyOverlays(set, overlays, nowMs);
    const lost = applied.problems.filter(({ kind }) => kind !== 'notice').length;
    return Object.freeze({ ...applied, documents: rules.length + lost });
  }

  #found(): number {
    return this.#rules.size + this.#problems.length + this.#changes();
  }

  #changes(): number {
    return this.#overlays.length + this.#lists.size + this.#items.length;
  }

  /** What is thrown of a document is its problem alone. */
  #guard(source: Source, subject: Subject, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#problems.push(problemOf(ruleErrorOf(error, source), subject));
    }
  }

  #take(document: Document, format: Format): void {
    const { value } = document;
    const reader = new Reader(document);
    if (isTable(value['rule']) || 'rule_id' in value) this.#add(readElasticRule(document));
    else if ('overlays' in value) this.#takeOverlays(document);
    else if ('logsource' in value && 'detection' in value) {
      throw reader.error('detection', 'Unsupported: Sigma rules.', { code: 'RULE_UNSUPPORTED' });
    } else if ('list_id' in value) this.#takeList(reader);
    else if (format === 'ndjson' ? 'type' in value && 'risk_score' in value : looksLikeRule(value)) {
      this.#add(format === 'ndjson' ? readElasticRule(document) : readOwnRule(document));
    }
  }

  #add(read: ReadRule): void {
    const { rule } = read;
    const first = this.#rules.get(rule.id);
    if (first === undefined) {
      this.#rules.set(rule.id, read);
      return;
    }
    const { source, line } = locate(first.rule.source, 0);
    throw new RuleError(
      `The id "${rule.id}" is taken: "${rule.name}" has it, and before it "${first.rule.name}" (${source.name}, query in line ${line}), which is kept.`,
      { code: 'RULE_DUPLICATE', source: rule.source, span: { start: 0, end: 0 } },
    );
  }

  #takeOverlays(document: Document): void {
    const overlays = readOverlays(document, (error) => {
      this.#problems.push(problemOf(ruleErrorOf(error, document.source), NOBODY, 'broken'));
    });
    this.#overlays.push(...overlays);
  }

  /** A list's own object has a type and no entries. An item that cannot be honoured hides nothing: rules run. */
  #takeList(reader: Reader): void {
    if (!reader.has('entries')) {
      this.#lists.set(reader.text('list_id'), reader);
      return;
    }
    try {
      this.#items.push(readExceptionItem(reader));
    } catch (error) {
      const known = ruleErrorOf(error, reader.document.source);
      this.#problems.push(
        problemOf(known, NOBODY, known.code === 'EXCEPTION_UNSUPPORTED' ? 'notice' : undefined),
      );
    }
  }

  /** An item changes every rule that names its list. */
  #overlayOf(item: ExceptionItem): Overlay {
    const rules = [...this.#rules.values()]
      .filter(({ lists }) => lists.some(({ listId }) => listId === item.listId))
      .map(({ rule }) => rule.id);
    const { source } = item.reader.document;
    const span = item.reader.document.place(item.reader.path);
    if (rules.length === 0) {
      const message = `The exception "${item.name}" is in the list "${item.listId}", which no rule names.`;
      this.#problems.push(
        problemOf(new RuleError(message, { code: 'OVERLAY_RULE', source, span }), NOBODY, 'notice'),
      );
    }
    const { condition: exception, expiresMs, owner, reason } = item;
    const name = `The exception "${item.name}"`;
    return {
      rules,
      exception,
      suppression: null,
      disable: false,
      name,
      owner,
      reason,
      expiresMs,
      source,
      span,
    };
  }

  #withLists({ rule, lists }: ReadRule): Rule {
    const missing = lists.filter(
      ({ listId }) => !this.#lists.has(listId) && !this.#items.some((item) => item.listId === listId),
    );
    if (missing.length === 0) return rule;
    const remarks = missing.map(
      ({ listId }) =>
        `The exception list "${listId}" is in none of the files: what it would let pass makes alerts.`,
    );
    return Object.freeze({ ...rule, remarks: [...rule.remarks, ...remarks] });
  }
}

/** Our own form, in a file that may as well be some other YAML or TOML. */
function looksLikeRule(value: Table): boolean {
  return 'query' in value || 'severity' in value || 'risk_score' in value;
}

function subjectOf(value: Table): Subject {
  const rule = isTable(value['rule']) ? value['rule'] : value;
  const text = (key: string): string | null => (typeof rule[key] === 'string' ? rule[key] : null);
  return {
    ruleId: text('rule_id') ?? text('id'),
    ruleName: text('name'),
    type: text('type'),
    language: text('language'),
  };
}

/** A failure that nobody foresaw is this document's too: the others are still wanted. */
function ruleErrorOf(error: unknown, source: Source): RuleError {
  if (error instanceof RuleError) return error;
  const tooDeep = error instanceof RangeError;
  const reason = error instanceof Error ? error.message : String(error);
  return new RuleError(
    tooDeep ? 'The document nests too deeply.' : `The document could not be read: ${reason}.`,
    {
      code: tooDeep ? 'RULE_LIMIT' : 'RULE_FAILED',
      source,
      span: { start: 0, end: 0 },
      cause: error,
    },
  );
}
