import { connectManager, type ManagerClient, type Row } from '../../osquery/index.ts';

/** Asks osquery in SQL, in the background. Rejects when no answer comes. */
export type Ask = (sql: string) => Promise<readonly Row[]>;

/** How long one question may take. Core answers none while it waits for a scheduled query's table. */
const ANSWER_MS = 30_000;
/** A connection that was not used for so long is closed. */
const IDLE_MS = 10_000;

export interface Core {
  readonly ask: Ask;
  close(): void;
}

/**
 * Questions to osquery, one after the other over one connection, which is made when it is needed. Never to be waited
 * for from inside a table's `generate`: core answers only after it.
 */
export function createCore(socketPath: string): Core {
  let manager: ManagerClient | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearTimeout(idle);
    manager?.close();
    manager = undefined;
  };
  const askNow = async (sql: string): Promise<readonly Row[]> => {
    clearTimeout(idle);
    try {
      if (manager === undefined) {
        const made = await connectManager(socketPath, { timeoutMs: ANSWER_MS });
        manager = made;
        void made.closed.then(() => {
          if (manager === made) manager = undefined;
        });
      }
      const rows = await manager.query(sql);
      idle = setTimeout(close, IDLE_MS);
      idle.unref();
      return rows;
    } catch (error) {
      close();
      throw error;
    }
  };
  return {
    ask(sql) {
      const answer = last.then(() => askNow(sql));
      last = answer.catch(() => {});
      return answer;
    },
    close,
  };
}
