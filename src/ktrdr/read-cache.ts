import { LRUCache } from "lru-cache";
import { createCoalescer } from "./coalesce.ts";

const MINUTE = 60_000;

/** The product's specification: market data 1 h, strategies 5 min, model metadata 10 min. */
const TTL = { market: 60 * MINUTE, strategy: 5 * MINUTE, model: 10 * MINUTE } as const;
export type Family = keyof typeof TTL;

/** Roughly the numbers held at once: what makes an entry big is its rows. */
const CELLS_KEPT = 2_000_000;

export interface Subject<T> {
  readonly family: Family;
  /** What the entry is about (a symbol, a strategy); "" when it is about all of them. */
  readonly about: string;
  /** Whatever else tells two questions apart; JSON. */
  readonly question: unknown;
  /** Numbers held by an answer; default 1. */
  readonly cells?: (value: T) => number;
}

/** Reads through a cache: equal questions at the same time are one request, failures are not kept. */
export interface ReadCache {
  readonly read: <T extends object>(
    subject: Subject<T>,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ) => Promise<T>;
  /** Forgets a family's entries about one thing and those about all; without `about` the whole family. */
  readonly forget: (family: Family, about?: string) => void;
}

interface Entry {
  readonly value: object;
}

/** `now` is a monotonic clock in milliseconds. */
export function createReadCache(now: () => number): ReadCache {
  const kept = new LRUCache<string, Entry>({ max: 500, maxSize: CELLS_KEPT, perf: { now }, ttlResolution: 0 });
  const running = createCoalescer<Entry>();
  /** Counts the calls of forget: an answer asked for before one must not be kept after it. */
  let generation = 0;

  return {
    async read<T extends object>(
      { family, about, question, cells }: Subject<T>,
      work: (signal: AbortSignal) => Promise<T>,
      signal: AbortSignal | undefined,
    ): Promise<T> {
      const key = JSON.stringify([family, about, question]);
      const known = kept.get(key);
      if (known !== undefined) return known.value as T;
      const fetch = async (abandoned: AbortSignal): Promise<Entry> => {
        const begun = generation;
        const value = await work(abandoned);
        const entry: Entry = { value };
        if (begun === generation) kept.set(key, entry, { ttl: TTL[family], size: Math.max(1, cells?.(value) ?? 1) });
        return entry;
      };
      const fetched = await running.run(key, fetch, signal);
      return fetched.value as T;
    },

    forget(family, about) {
      generation += 1;
      const concerned = (key: string): boolean => {
        const [ofFamily, ofWhat] = JSON.parse(key) as [Family, string];
        return ofFamily === family && (about === undefined || ofWhat === "" || ofWhat === about);
      };
      for (const key of kept.keys()) if (concerned(key)) kept.delete(key);
      for (const key of running.keys()) if (concerned(key)) running.forget(key);
    },
  };
}
