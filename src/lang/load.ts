import { createHash } from 'node:crypto';
import type { Rule } from '../rule/index.ts';
import { createSource, RuleError, type Source } from '../text/index.ts';
import { isBundle, readBundle } from './bundle.ts';
import {
  collectRules,
  collectRulesInTurns,
  compileQuery,
  inferLanguage,
  type Language,
  type Problem,
  problemOf,
  type RuleSet,
} from './documents/index.ts';
import { findFiles, type Guard, readSource } from './files.ts';

export interface LoadOptions {
  /** What overlays and exceptions are held against to see whether they have expired; the present unless given. */
  readonly nowMs?: number;
  /** Asked about each file and folder before anything in it is used; a flaw is a problem of the set, FILE_UNSAFE. */
  readonly guard?: Guard;
}

/**
 * Reads rules from files, folders (all below them) and globs, in any mixture of formats, and applies the
 * overlays and exception lists found among them. A file given by name may be a bundle (`printBundle`). Never
 * rejects for what is in a file: that is a problem of the set. A path that does not exist is one too.
 */
export async function loadRules(paths: readonly string[], options: LoadOptions = {}): Promise<RuleSet> {
  const { files, problems } = await findFiles(paths, options.guard);
  const texts: Text[] = [];
  for (const { path, named } of files) {
    const source = await readSource(path, options.guard);
    if ('kind' in source) problems.push(source);
    else texts.push({ source, named });
  }
  const { sources, ...collecting } = unbundle(texts, problems, options);
  return collectRulesInTurns(sources, collecting);
}

interface Text {
  readonly source: Source;
  readonly named: boolean;
}

/** Bundles are read as the texts that are in them. */
function unbundle(texts: readonly Text[], problems: Problem[], options: LoadOptions) {
  const all = texts.flatMap((text): readonly Text[] => {
    if (!isBundle(text.source)) return [text];
    try {
      return readBundle(text.source);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      problems.push(problemOf(error));
      return [];
    }
  });
  const named = new Set(all.filter((text) => text.named).map(({ source }) => source));
  return {
    sources: all.map(({ source }) => source),
    ...{ nowMs: options.nowMs ?? Date.now(), problems, named: (source: Source) => named.has(source) },
  };
}

/** A text with rules. `name` is what errors call it, and its ending says the format, if it has one. */
export interface RuleText {
  readonly name: string;
  readonly text: string;
}

/** Reads the rules in texts that are at hand already; otherwise as `loadRules`. */
export function parseRuleTexts(texts: readonly RuleText[], options: LoadOptions = {}): RuleSet {
  const given = texts.map(({ name, text }) => ({ source: createSource(name, text), named: true }));
  const { sources, ...collecting } = unbundle(given, [], options);
  return collectRules(sources, collecting);
}

/** Reads the rules in one text. */
export function parseRuleText(name: string, text: string, options: LoadOptions = {}): RuleSet {
  return parseRuleTexts([{ name, text }], options);
}

/**
 * Makes the rule that a text means: a bare EQL or KQL query, or a document with exactly one rule. A bare query's
 * id is made from its text. Throws RuleError.
 */
export function compileRuleText(text: string): Rule {
  const source = createSource('rule', text);
  return looksLikeDocument(text) ? onlyRule(source) : ruleOfQuery(source);
}

/**
 * No query of either language begins with a brace, a table or a key with a single `=`; a line of KQL may begin
 * with `name:`, but hardly three of them with keys that a document must have.
 */
function looksLikeDocument(text: string): boolean {
  if (/^\s*(?:#|---|\{|\[\[?\w|[\w-]+\s*=(?!=))/.test(text)) return true;
  return [...text.matchAll(/^(?:id|name|severity|query)\s*:/gm)].length >= 3;
}

function onlyRule(source: Source): Rule {
  const { rules, problems } = collectRules([source], { nowMs: Date.now() });
  const [first] = problems;
  if (first !== undefined) throw first.error;
  if (rules.length === 1) return rules[0]!;
  throw new RuleError(`Expected one rule, found ${rules.length}.`, {
    code: 'RULE_KEY',
    source,
    span: { start: 0, end: 0 },
  });
}

function ruleOfQuery(source: Source): Rule {
  const remarks: string[] = [];
  const { language, query } = compileEither(source, (text) => remarks.push(text));
  const hash = createHash('sha256').update(source.text).digest('hex').slice(0, 16);
  return Object.freeze<Rule>({
    id: `query-${hash}`,
    name: language === 'eql' ? 'EQL query' : 'KQL query',
    description: '',
    version: 1,
    severity: 'low',
    riskScore: 0,
    tags: [],
    threats: [],
    references: [],
    falsePositives: [],
    note: '',
    type: language === 'eql' ? 'eql' : 'query',
    language,
    buildingBlock: false,
    enabled: true,
    maturity: null,
    updated: null,
    intervalMs: 300_000,
    lookBackMs: 300_000,
    maxSignals: null,
    indices: [],
    investigationFields: [],
    overrides: { nameField: null, severity: [], riskScoreField: null },
    suppression: null,
    exceptions: [],
    source,
    query,
    remarks,
    otherKeys: {},
  });
}

/** Compiles a query in the language that it looks like. An error of KQL says what EQL would have looked like. */
function compileEither(
  source: Source,
  remark: (text: string) => void,
): { readonly language: Language; readonly query: Rule['query'] } {
  const language = inferLanguage(source.text);
  try {
    return { language, query: compileQuery(source, language, remark) };
  } catch (error) {
    if (!(error instanceof RuleError) || language === 'eql') throw error;
    const { code, span, hint } = error;
    const other =
      'Read as KQL: EQL begins with an event category and "where", or with "sequence" or "sample".';
    throw new RuleError(error.message, {
      code,
      source: error.source,
      span,
      hint: hint === undefined ? other : `${hint} ${other}`,
      cause: error,
    });
  }
}
