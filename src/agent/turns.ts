/** How long our own work goes on before calls and pings are answered. */
const TURN_MS = 20;

/** Made where long work begins; asked between its steps, it lets others have their turn when ours was long enough. */
export function createTurns(): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < TURN_MS) return undefined;
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      sinceMs = performance.now();
    });
  };
}
