import { createHash } from "node:crypto";
import type { DataFingerprint } from "../domain/result.ts";
import type { Bars } from "../ktrdr/data.ts";

/** Number, ends and checksum of bars; null when there are none. */
export function fingerprintOf({ times, ohlcv }: Bars): DataFingerprint | null {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return null;
  const hash = createHash("sha256");
  for (const [at, row] of ohlcv.entries()) hash.update(`${times[at]},${row.join(",")}\n`);
  return { bars: times.length, first, last, sha256: hash.digest("hex") };
}
