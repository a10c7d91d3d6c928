import type { Stream } from './stream.ts';

/** A stream that was not heard of for so long holds nobody back. */
const FORGET_STREAM_MS = 300_000;

/**
 * The moment before which nothing new can come: osquery stamps a row when it stores it, so a scan brings all that was
 * stored before it ran. The stream that was scanned longest ago decides, or the oldest row that is looked for, as long
 * as that takes no longer than `mostMs`.
 */
export function settledMs(streams: Iterable<Stream>, nowMs: number, mostMs: number): number {
  let [heard, awaited] = [nowMs, Number.POSITIVE_INFINITY];
  for (const stream of streams) {
    const { heardMs } = stream;
    if (heardMs > 0 && nowMs - heardMs <= FORGET_STREAM_MS) heard = Math.min(heard, heardMs);
    awaited = Math.min(awaited, stream.awaitedMs(nowMs, mostMs));
  }
  return Math.min(heard - 1000, awaited);
}
