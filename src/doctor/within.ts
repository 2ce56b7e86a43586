/** Milliseconds to wait for a part that does not answer. */
export const PATIENCE_MS = 4_000;

/** @throws what `work` throws, or an Error when it takes too long; `work` is not stopped then */
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
