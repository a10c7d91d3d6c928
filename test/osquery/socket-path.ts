import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A path for a UNIX socket in a folder of its own, removed after the test. */
export function socketPath(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-detect-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'em.sock');
}
