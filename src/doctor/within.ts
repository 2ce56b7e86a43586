/** Nobody waits longer for a part that does not answer (ms). */
export const PATIENCE_MS = 4_000;

/** @throws what `work` throws, or an Error when it takes too long; it is then left to itself. */
export async function within<T>(work: Promise<T>, ms = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(ms / 100) / 10} s`)), ms);
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}
