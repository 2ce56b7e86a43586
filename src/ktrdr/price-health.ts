/** The health of price files in KTRDR's data folder, when it is mounted here; judged once for each content. */
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { BarHealth } from "../domain/bars/defect.ts";
import { barHealth } from "../domain/bars/health.ts";
import { readAt } from "./price-index.ts";
import { priceRows } from "./price-rows.ts";

/** Bytes; a larger file is left to KTRDR's answers. A year of minutes of a market that never closes is 35 MB. */
const LARGEST = 256 * 1024 * 1024;

interface Subject {
  readonly name: string;
  /** Changes when the content of the file changes. */
  readonly identity: string;
  readonly file: FileHandle;
  /** Bytes. */
  readonly size: number;
  readonly timeframe: string;
}

/** The returned function resolves with undefined when KTRDR must be asked instead. */
export function createFileHealth(): (subject: Subject) => Promise<BarHealth | undefined> {
  const known = new LRUCache<string, { readonly identity: string; readonly health: Promise<BarHealth> }>({ max: 500 });
  return async (subject) => {
    const { name, identity, size } = subject;
    if (size > LARGEST) return undefined;
    const entry = known.get(name);
    if (entry?.identity === identity) return await entry.health;
    const health = judge(subject);
    known.set(name, { identity, health });
    health.catch(() => {
      if (known.get(name)?.health === health) known.delete(name);
    });
    return await health;
  };
}

async function judge({ file, size, timeframe }: Subject): Promise<BarHealth> {
  const text = (await readAt(file, 0, size)).toString("utf8");
  const { series, ofFile } = await priceRows(text, timeframe, () => setImmediate());
  return barHealth(series, ofFile);
}
