import { setTimeout as sleep } from 'node:timers/promises';

/** Null when it takes too long or fails. */
export async function withPatience<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  const patience = new AbortController();
  const waited = sleep(ms, null, { signal: patience.signal, ref: false });
  try {
    return await Promise.race([answer, waited]);
  } catch {
    return null;
  } finally {
    patience.abort();
    waited.catch(() => {});
  }
}
