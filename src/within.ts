/** How long a promise is waited for: the one place where such a limit is made. */
import { TaskCancelledError, timeout, TimeoutStrategy } from "cockatiel";

/** It took too long. */
export class TooLate extends Error {}

/**
 * What `work` comes to within `ms`; after that it is left to itself, and nobody hears of its failure.
 * @param late what is said then
 * @throws what `work` throws, and what `late` throws: `TooLate` unless it is given
 */
export async function within<T, L = never>(work: Promise<T>, ms: number, late: () => L = tooLate(ms)): Promise<T | L> {
  try {
    return await timeout(ms, TimeoutStrategy.Aggressive).execute(() => work);
  } catch (error) {
    if (error instanceof TaskCancelledError) return late();
    throw error;
  }
}

const tooLate = (ms: number) => () => {
  throw new TooLate(`no answer within ${Math.round(ms / 100) / 10} s`);
};
