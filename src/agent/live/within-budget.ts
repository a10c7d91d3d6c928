/** How many times within the budget it is looked whether rows still wait for others. */
const LOOKS = 8;

/**
 * Resolves when all is read, when the budget has passed, or when rows are seen to wait for others: osquery may have no
 * time to tell us of those before we answer.
 */
export async function withinBudget(
  read: Promise<void>,
  { budgetMs, isWaiting }: { readonly budgetMs: number; isWaiting(): boolean },
): Promise<void> {
  const isRead = read.then(() => true);
  const untilMs = performance.now() + budgetMs;
  do {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), budgetMs / LOOKS);
    const done = await Promise.race([isRead, promise]);
    clearTimeout(timer);
    if (done || isWaiting()) return;
  } while (performance.now() < untilMs);
}
