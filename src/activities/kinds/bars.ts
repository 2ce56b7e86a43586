/** The bars of a job's market and dates, read when its result is recorded. */
import { createHash } from "node:crypto";
import { defectLine } from "../../domain/bars/words.ts";
import { isDomainError } from "../../domain/errors.ts";
import type { BacktestRequest } from "../../domain/kinds/backtest.ts";
import type { DataFingerprint } from "../../domain/result.ts";
import { answeredHealth } from "../../ktrdr/answered-health.ts";
import type { Bars } from "../../ktrdr/data.ts";
import type { Ktrdr } from "../../ktrdr/ktrdr.ts";

interface Had {
  readonly bars: Bars | null;
  /** Why KTRDR refuses the bars; null when it does not. */
  readonly refused: string | null;
}

/** @param insist waits for KTRDR (by its retryable error) instead of doing without bars. */
export async function barsOf(
  { data }: Ktrdr,
  { symbol, timeframe, startDate, endDate }: Pick<BacktestRequest, "symbol" | "timeframe" | "startDate" | "endDate">,
  insist: boolean,
): Promise<Had> {
  const window = { startDate, endDate };
  try {
    return { bars: await data.bars(symbol, timeframe, window), refused: null };
  } catch (error) {
    if (insist && isDomainError(error) && error.retryable) throw error;
    if (!isDomainError(error, "bars_refused")) return { bars: null, refused: null };
    const health = await answeredHealth(data, symbol, timeframe, window, undefined).catch(() => null);
    return { bars: null, refused: health?.defects.map(defectLine)[0] ?? error.what };
  }
}

/** Number, ends and checksum of bars; null when there are none. */
export function fingerprintOf(bars: Bars | null): DataFingerprint | null {
  const { times, ohlcv } = bars ?? { times: [], ohlcv: [] };
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return null;
  const hash = createHash("sha256");
  for (const [at, row] of ohlcv.entries()) hash.update(`${times[at]},${row.join(",")}\n`);
  return { bars: times.length, first, last, sha256: hash.digest("hex") };
}
