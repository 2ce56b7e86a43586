import { LRUCache } from "lru-cache";
import { createCoalescer } from "./coalesce.ts";

/** How long an answer is kept, in milliseconds. */
const KEPT_MS = 3_600_000;

/** Most numbers held by all entries together: the size of an entry is its rows. */
const CELLS_KEPT = 2_000_000;

export interface CachedRead<T> {
  /** The symbol that the entry is about; "" when it is about all. */
  readonly about: string;
  /** All else that tells two questions apart, as JSON. */
  readonly question: unknown;
  /** Numbers held by an answer; default 1. */
  readonly cells?: (value: T) => number;
}

/** Reads through a cache: equal questions at the same time are one request, failures are not kept. */
export interface ReadCache {
  readonly read: <T extends object>(
    subject: CachedRead<T>,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ) => Promise<T>;
  /** Forgets the entries about one symbol and those about all; without `about`, every entry. */
  readonly forget: (about?: string) => void;
}

interface Entry {
  readonly value: object;
}

/** `now` is a monotonic clock in milliseconds. */
export function createReadCache(now: () => number): ReadCache {
  const kept = new LRUCache<string, Entry>({ max: 500, maxSize: CELLS_KEPT, perf: { now }, ttlResolution: 0 });
  const running = createCoalescer<Entry>();
  /** Counts the calls of `forget`: an answer to an earlier question must not be kept after one. */
  let generation = 0;

  return {
    async read<T extends object>(
      { about, question, cells }: CachedRead<T>,
      work: (signal: AbortSignal) => Promise<T>,
      signal: AbortSignal | undefined,
    ): Promise<T> {
      const key = JSON.stringify([about, question]);
      const known = kept.get(key);
      if (known !== undefined) return known.value as T;
      const fetch = async (abandoned: AbortSignal): Promise<Entry> => {
        const begun = generation;
        const value = await work(abandoned);
        const entry: Entry = { value };
        if (begun === generation) kept.set(key, entry, { ttl: KEPT_MS, size: Math.max(1, cells?.(value) ?? 1) });
        return entry;
      };
      const fetched = await running.run(key, fetch, signal);
      return fetched.value as T;
    },

    forget(about) {
      generation += 1;
      const concerned = (key: string): boolean => {
        const [ofWhat] = JSON.parse(key) as [string];
        return about === undefined || ofWhat === "" || ofWhat === about;
      };
      for (const key of kept.keys()) if (concerned(key)) kept.delete(key);
      for (const key of running.keys()) if (concerned(key)) running.forget(key);
    },
  };
}
