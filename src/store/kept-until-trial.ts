/**
 * Keeps what follows from the ledger and from what is recorded with its lines. It is read again when the last line is
 * another one: to ask for that takes a small part of what it takes to count 100,000 lines.
 */
import { LRUCache } from "lru-cache";
import type { Ledger } from "./ledger.ts";

/** @param key of what is read, with all that it depends on beside the ledger */
export type KeptUntilTrial = <T>(key: readonly unknown[], read: () => Promise<T>) => Promise<T>;

const MOST = 500;

export function createKeptUntilTrial(head: Ledger["head"]): KeptUntilTrial {
  const forget = () => new LRUCache<string, Promise<unknown>>({ max: MOST });
  let last = "";
  let kept = forget();
  return async <T>(key: readonly unknown[], read: () => Promise<T>) => {
    const now = (await head())?.hash ?? "";
    if (now !== last) [last, kept] = [now, forget()];
    const name = JSON.stringify(key);
    const ours = kept;
    const known = ours.get(name) as Promise<T> | undefined;
    if (known !== undefined) return await known;
    const reading = read();
    ours.set(name, reading);
    return await reading.catch((error: unknown) => {
      ours.delete(name);
      throw error;
    });
  };
}

/** The ledger whose counts are kept. */
export const keptCounts = (ledger: Ledger, kept: KeptUntilTrial): Ledger => ({
  ...ledger,
  trials: (symbol, window) =>
    kept(["trials", symbol, window.startDate, window.endDate], () => ledger.trials(symbol, window)),
  counts: (symbols) => kept(["counts", symbols], () => ledger.counts(symbols)),
  standings: (symbols) => kept(["standings", symbols], () => ledger.standings(symbols)),
});
