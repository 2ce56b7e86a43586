/**
 * Shares running work between callers that want the same thing. When a caller gives up, the others keep waiting; when
 * all have given up, the work is aborted. A failure rejects all who wait, and is not kept.
 */
export interface Coalescer<T> {
  run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Later callers start new work; those who wait keep waiting for theirs. */
  forget(key: string): void;
  keys(): string[];
}

interface Shared<T> {
  readonly promise: Promise<T>;
  readonly abandon: AbortController;
  waiting: number;
}

export function createCoalescer<T>(): Coalescer<T> {
  const running = new Map<string, Shared<T>>();

  const begin = (key: string, work: (signal: AbortSignal) => Promise<T>): Shared<T> => {
    const abandon = new AbortController();
    const promise = work(abandon.signal);
    const shared: Shared<T> = { promise, abandon, waiting: 0 };
    running.set(key, shared);
    const forget = (): void => {
      if (running.get(key) === shared) running.delete(key);
    };
    promise.then(forget, forget);
    return shared;
  };

  const wait = (key: string, shared: Shared<T>, signal: AbortSignal | undefined): Promise<T> => {
    if (signal === undefined) return shared.promise;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        reject(signal.reason as Error);
        shared.waiting -= 1;
        if (shared.waiting > 0) return;
        if (running.get(key) === shared) running.delete(key);
        shared.abandon.abort(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const settle = (): void => signal.removeEventListener("abort", giveUp);
      shared.promise.then(resolve, reject).finally(settle);
    });
  };

  return {
    async run(key, work, signal) {
      signal?.throwIfAborted();
      const shared = running.get(key) ?? begin(key, work);
      shared.waiting += 1;
      return wait(key, shared, signal);
    },
    forget: (key) => void running.delete(key),
    keys: () => [...running.keys()],
  };
}
