import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadRules } from '../../src/lang/index.ts';
import type { Rule } from '../../src/rule/index.ts';
import { ROOT, SHARED } from '../events/recording.ts';

const CORPUS = join(SHARED, 'corpus', 'elastic');
export const corpusIsThere = existsSync(CORPUS);
if (!corpusIsThere) console.warn(`skipped: Elastic's rules are not at ${CORPUS}`);

let corpus: Promise<readonly Rule[]> | undefined;

/** Elastic's rules for Linux and for all platforms. */
export function corpusRules(): Promise<readonly Rule[]> {
  corpus ??= loadRules(['linux', 'cross-platform'].map((folder) => join(CORPUS, folder))).then(
    ({ rules }) => rules,
  );
  return corpus;
}

/** The rules that come with the project. */
export async function packagedRules(): Promise<readonly Rule[]> {
  return (await loadRules([join(ROOT, 'packs', 'rules')])).rules;
}
