import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { NewAlert } from '../../src/store/index.ts';

/** A path in a new folder, which goes with the test. */
export function storePath(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'store.db');
}

/** What a process that was killed at this moment would leave behind, in another folder. */
export function crashImage(t: ExecutionContext, path: string): string {
  const image = storePath(t);
  for (const suffix of ['', '-wal']) {
    if (existsSync(`${path}${suffix}`)) copyFileSync(`${path}${suffix}`, `${image}${suffix}`);
  }
  return image;
}

export function alert(id: string | number, parts: Partial<NewAlert> = {}): NewAlert {
  return {
    ...{ id: String(id), feed: '', timeMs: 1_000, ruleId: 'rule', ruleName: 'Rule', severity: 'low' },
    ...{ riskScore: 21, row: '{"pid":"1"}', document: '{}', ...parts },
  };
}

export const NOBODY: ReadonlySet<string> = new Set();
