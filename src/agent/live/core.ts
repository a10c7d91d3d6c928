import { connectManager, type ManagerClient, type Row, StatusError } from '../../osquery/index.ts';

/** Asks osquery in SQL, in the background. Rejects when no answer comes. */
export type Ask = (sql: string) => Promise<readonly Row[]>;

/** How long one question may take. Core answers none while it waits for a scheduled query's table. */
const ANSWER_MS = 30_000;
/** A connection that was not used for so long is closed. */
const IDLE_MS = 10_000;

export interface Core {
  readonly ask: Ask;
  /** osquery's flags by name, as they are in force. */
  flags(): Promise<ReadonlyMap<string, string>>;
  /** Has osquery write a line through every logger that it is configured with. */
  log(line: string): Promise<void>;
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
  const answer = async <T>(question: (manager: ManagerClient) => Promise<T>): Promise<T> => {
    clearTimeout(idle);
    try {
      if (manager === undefined) {
        const made = await connectManager(socketPath, { timeoutMs: ANSWER_MS });
        manager = made;
        void made.closed.then(() => {
          if (manager === made) manager = undefined;
        });
      }
      const answered = await question(manager);
      idle = setTimeout(close, IDLE_MS);
      idle.unref();
      return answered;
    } catch (error) {
      // A question that osquery refuses leaves the connection as it was.
      if (!(error instanceof StatusError)) close();
      throw error;
    }
  };
  const inTurn = <T>(question: (manager: ManagerClient) => Promise<T>): Promise<T> => {
    const answered = last.then(() => answer(question));
    last = answered.catch(() => {});
    return answered;
  };
  return {
    ask: (sql) => inTurn((asked) => asked.query(sql)),
    async flags() {
      const options = await inTurn((asked) => asked.options());
      return new Map([...options].map(([name, { value }]) => [name, value]));
    },
    async log(line) {
      // With a name, core calls that logger whether or not it was started, and crashes when it was not.
      const { status } = await inTurn((asked) => asked.call('logger', '', { string: line }));
      if (status.code !== 0) throw new StatusError(status.message, status.code);
    },
    close,
  };
}
