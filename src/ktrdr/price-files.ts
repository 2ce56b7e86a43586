/**
 * Price files of KTRDR's data folder, when it is mounted here: the same answers as the API's, but faster. A file that
 * is not exactly as KTRDR writes it, or an unusual question, is left to KTRDR.
 */
import { constants, type BigIntStats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { errorText } from "../error-text.ts";
import type { Logger } from "../logger.ts";
import type { BarHealth } from "../domain/bars/defect.ts";
import type { Bar, Bars, BarWindow, DataRange } from "./data.ts";
import { createFileHealth } from "./price-health.ts";
import {
  createIndexes,
  readAt,
  STAMP_LENGTH,
  stampOf,
  STRIDE,
  timeOf,
  Unreadable,
  type PriceIndex,
} from "./price-index.ts";

/** Every method resolves with undefined when KTRDR must be asked instead. None rejects. */
export interface PriceFiles {
  range(symbol: string, timeframe: string): Promise<DataRange | undefined>;
  bars(symbol: string, timeframe: string, window: BarWindow): Promise<Bars | undefined>;
  /** The health of a whole file, which KTRDR need not have written. The symbol is spelled as in the file's name. */
  health(symbol: string, timeframe: string): Promise<BarHealth | undefined>;
}

/** A file that was written a moment ago may be half written, and may change again without a new time. */
const SETTLED_MS = 2_000;
/** Numbers of bars that are kept, about. A market's bars are asked for with one strategy after the other. */
const CELLS_KEPT = 2_000_000;
/** Most bytes of bars that are read at once; the API's answers have the same limit. */
const LARGEST_WINDOW = 64 * 1024 * 1024;
/** Without slash and leading dot, so that the file lies in the folder. Other symbols are left to KTRDR. */
const SYMBOL = /^[A-Z0-9][A-Z0-9.-]{0,19}$/i;
const TIMEFRAME = /^[0-9]{1,3}[mhdwM]$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Open, high, low, close and volume after the stamp. */
const PRICES = /^,(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)$/;
/** Up to so many digits, Python and JavaScript read the same number. */
const MOST_DIGITS = 15;

/**
 * @param dir KTRDR's data folder; it need not exist
 * @param now the machine's clock in ms since 1970, which is compared with the times of files
 */
export function createPriceFiles(dir: string, log: Pick<Logger, "warn">, now: () => number = Date.now): PriceFiles {
  const look = createLook(dir, log, now);
  const indexFor = createIndexes();
  const healthOf = createFileHealth();
  const kept = new LRUCache<string, Bars>({ max: 500, maxSize: CELLS_KEPT });
  const indexed = async ({ name, identity, file, size }: Opened) => await indexFor(name, identity, file, size);
  return {
    range: (symbol, timeframe) =>
      look(symbol, timeframe, async (opened) => {
        const { first, last, points } = await indexed(opened);
        return { startDate: stampOf(first), endDate: stampOf(last), points };
      }),
    health: (symbol, timeframe) => look(symbol, timeframe, (opened) => healthOf({ ...opened, timeframe })),
    async bars(symbol, timeframe, window) {
      const bounds = boundsOf(window);
      if (bounds === undefined) return undefined;
      // For bars, unlike for ranges, KTRDR takes a symbol in upper or lower case (docs/ktrdr.md §2.2).
      return await look(symbol.toUpperCase(), timeframe, async (opened) => {
        const key = JSON.stringify([opened.name, opened.identity, bounds]);
        const known = kept.get(key);
        if (known !== undefined) return known;
        const bars = await barsIn(opened.file, await indexed(opened), bounds);
        if (bars !== undefined) kept.set(key, bars, { size: bars.times.length * 6 });
        return bars;
      });
    },
  };
}

interface Opened {
  readonly name: string;
  /** Changes when the content of the file changes. */
  readonly identity: string;
  readonly file: FileHandle;
  /** Bytes. */
  readonly size: number;
}

type Work<T> = (opened: Opened) => Promise<T | undefined>;
type Look = <T>(symbol: string, timeframe: string, work: Work<T>) => Promise<T | undefined>;

/** Opens the file of a series for `work`, whose answer counts only when the file did not change meanwhile. */
function createLook(dir: string, log: Pick<Logger, "warn">, now: () => number): Look {
  const complained = new LRUCache<string, string>({ max: 500 });
  /** Warns once for each content of a file. */
  const complain = (name: string, identity: string, error: unknown): void => {
    if (complained.get(name) === identity) return;
    complained.set(name, identity);
    log.warn({ file: name, why: errorText(error) }, "KTRDR is asked instead of this price file");
  };

  return async (symbol, timeframe, work) => {
    if (!SYMBOL.test(symbol) || !TIMEFRAME.test(timeframe)) return undefined;
    const name = `${symbol}_${timeframe}.csv`;
    let file: FileHandle | undefined;
    let identity = "closed";
    try {
      file = await open(path.join(dir, name), FLAGS);
      const found = await file.stat({ bigint: true });
      if (!found.isFile()) throw new Unreadable("it is no file");
      identity = identityOf(found);
      if (now() - Number(found.mtimeNs / 1_000_000n) < SETTLED_MS) return undefined;
      const answer = await work({ name, identity, file, size: Number(found.size) });
      return identityOf(await file.stat({ bigint: true })) === identity ? answer : undefined;
    } catch (error) {
      if (!isAbsent(error)) complain(name, identity, error);
      return undefined;
    } finally {
      await file?.close();
    }
  };
}

/** So many lines are read without a break: some ten milliseconds. */
const LINES_AT_ONCE = 4_000;

/** Refuses links, which may lead out of the folder, and does not wait for the writer of a pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** I-node, size and the times of the last change, in nanoseconds. */
const identityOf = ({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string => `${ino}/${size}/${mtimeNs}/${ctimeNs}`;

const isAbsent = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

interface Bounds {
  /** ms since 1970 UTC; both inclusive. */
  readonly from: number;
  readonly to: number;
  readonly limit: number | undefined;
}

/** Undefined for a window that KTRDR would refuse, or might understand differently. */
function boundsOf({ startDate, endDate, limit }: BarWindow): Bounds | undefined {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= 100_000)) return undefined;
  try {
    const instant = (date: string, atDay: string): number => timeOf(DAY.test(date) ? `${date}T${atDay}Z` : date);
    const from = startDate === undefined ? Number.NEGATIVE_INFINITY : instant(startDate, "00:00:00");
    const to = endDate === undefined ? Number.POSITIVE_INFINITY : instant(endDate, "23:59:59");
    return from <= to ? { from, to, limit } : undefined;
  } catch {
    return undefined;
  }
}

/** The bars of a window; undefined when there are none (KTRDR then answers) or too many to read at once. */
async function barsIn(file: FileHandle, index: PriceIndex, { from, to, limit }: Bounds): Promise<Bars | undefined> {
  // The last indexed bar before the window, and the first one after it.
  const begin = Math.max(0, firstAt(index.times, (time) => time > from) - 1);
  const end = firstAt(index.times, (time) => time > to);
  const newest = limit === undefined ? begin : Math.max(begin, end - 1 - Math.ceil(limit / STRIDE));
  // With a limit only the newest bars are read; of the older ones it is enough that there are some.
  const start = index.offsets[newest] ?? 0;
  const stop = index.offsets[end] ?? index.size;
  if (stop - start > LARGEST_WINDOW) return undefined;
  const text = (await readAt(file, start, stop - start)).toString("latin1");
  const times: string[] = [];
  const ohlcv: Bar[] = [];
  let lines = 0;
  for (let at = 0, feed = text.indexOf("\n"); feed !== -1; at = feed + 1, feed = text.indexOf("\n", at)) {
    const { stamp, time, bar } = rowOf(text.slice(at, feed));
    if (time >= from && time <= to) {
      times.push(stamp);
      ohlcv.push(bar);
    }
    lines += 1;
    // Years of minutes take seconds: other calls are answered in between.
    if (lines % LINES_AT_ONCE === 0) await setImmediate();
  }
  if (times.length === 0) return undefined;
  const first = limit === undefined ? 0 : Math.max(0, times.length - limit);
  return { times: times.slice(first), ohlcv: ohlcv.slice(first) };
}

/** Index of the first value that passes, or the number of values when none does. Values that pass must come last. */
function firstAt(values: readonly number[], passes: (value: number) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(values[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** @throws Unreadable for a line that KTRDR would change, refuse or read as another number */
function rowOf(line: string): { readonly stamp: string; readonly time: number; readonly bar: Bar } {
  const stamp = line.slice(0, STAMP_LENGTH);
  const [, open, high, low, close, volume] = PRICES.exec(line.slice(STAMP_LENGTH)) ?? [];
  const bar: Bar = [numberOf(open), numberOf(high), numberOf(low), numberOf(close), numberOf(volume)];
  const sound = bar[2] > 0 && bar[2] <= Math.min(bar[0], bar[3]) && bar[1] >= Math.max(bar[0], bar[3]);
  if (!sound) throw new Unreadable(`the bar of ${stamp} is not sound`);
  return { stamp, time: timeOf(stamp), bar };
}

function numberOf(text = ""): number {
  if (text === "" || text.length > MOST_DIGITS + 1) throw new Unreadable("a bar is not of five plain numbers");
  return Number(text);
}
