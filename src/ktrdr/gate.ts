/**
 * Runs at most `limit` pieces of work at once; the others wait in order. One limit for all origins: with an agent's own
 * `maxTotalSockets` a new origin gets no socket while idle sockets of another one fill it (Node 24).
 */
export function createGate(limit: number): <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T> {
  let free = limit;
  const waiting: (() => void)[] = [];

  const enter = (signal: AbortSignal | undefined): Promise<void> | undefined => {
    signal?.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const admit = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(admit), 1);
        reject(signal?.reason as Error);
      };
      waiting.push(admit);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  };

  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };

  return async (work, signal) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
