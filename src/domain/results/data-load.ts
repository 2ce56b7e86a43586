import { DomainError } from "../errors.ts";
import { keptBack, type Cut } from "../holdout/holdout.ts";
import type { DataLoadRequest, DataLoadResult } from "../kinds/data-load.ts";
import type { Caveat, Engine } from "../result.ts";
import { badAnswer } from "./answer.ts";

/** The bars that KTRDR holds for a symbol and timeframe (`POST /data/range`). */
export interface StoredRange {
  /** ISO-8601 UTC of the first and the last bar. */
  readonly startDate: string;
  readonly endDate: string;
  readonly points: number;
}

/**
 * The result of a data load, judged by the bars that are stored now: KTRDR calls loads failed whose bars are there
 * (docs/ktrdr.md §2.2). KTRDR's summary only tells how many bars came. Without a summary nobody said that the load
 * ended, and it counts as done only when the stored bars cover the window.
 * @throws DomainError `ktrdr_bad_answer` when the stored range makes no sense, `computation_lost` without a summary
 *   when the stored bars do not cover the window
 */
export function normaliseDataLoad(
  resultSummary: Readonly<Record<string, unknown>>,
  request: DataLoadRequest,
  after: StoredRange,
  engine: Engine,
): DataLoadResult {
  if (
    !(Number.isInteger(after.points) && after.points > 0 && Date.parse(after.startDate) <= Date.parse(after.endDate))
  ) {
    throw badAnswer("data load", `The stored range of ${request.symbol} ${request.timeframe} makes no sense.`);
  }
  const confirmed = Object.keys(resultSummary).length > 0;
  if (!confirmed && !showsTheLoad(request, after)) throw endUnknown(request, after);
  const rows = resultSummary["rows_downloaded"];
  const barsAdded = typeof rows === "number" && Number.isInteger(rows) && rows >= 0 ? rows : null;
  return {
    kind: "data_load",
    symbol: request.symbol,
    timeframe: request.timeframe,
    firstBar: after.startDate,
    lastBar: after.endDate,
    bars: after.points,
    barsAdded,
    caveats: loadCaveats(request, after, { confirmed, barsAdded }),
    engine,
  };
}

/**
 * The result of a load whose newer bars went behind the lock of a holdout.
 * @param lastBar of the open file
 */
export const openPartOf = (loaded: DataLoadResult, lastBar: string, cut: Cut): DataLoadResult => ({
  ...loaded,
  lastBar,
  caveats: [...loaded.caveats, { code: "kept_back", text: keptBack(cut).what }],
});

/** Which ends of the window each mode fetches: only these show whether it worked. */
const FETCHES = {
  tail: { start: false, end: true },
  backfill: { start: true, end: false },
  full: { start: true, end: true },
} as const satisfies Record<DataLoadRequest["mode"], { start: boolean; end: boolean }>;

/** True when every end that the mode fetches was named and is stored. */
function showsTheLoad(request: DataLoadRequest, after: StoredRange): boolean {
  const { start, end } = FETCHES[request.mode];
  const missing = missingParts(request, after);
  return (
    (!start || (request.startDate !== null && !missing.includes("beginning"))) &&
    (!end || (request.endDate !== null && !missing.includes("end")))
  );
}

function endUnknown({ symbol, timeframe }: DataLoadRequest, after: StoredRange): DomainError {
  return new DomainError("computation_lost", {
    what: `KTRDR lost track of the load of ${symbol} ${timeframe}; whether it finished is not known.`,
    why: `The stored bars reach from ${after.startDate.slice(0, 10)} to ${after.endDate.slice(0, 10)}, which does not show the wanted window.`,
    next: "Look with list_market_data after a while (it may still be loading), then repeat the call with force_new_reason.",
  });
}

function loadCaveats(
  request: DataLoadRequest,
  after: StoredRange,
  { confirmed, barsAdded }: { readonly confirmed: boolean; readonly barsAdded: number | null },
): Caveat[] {
  const caveats: Caveat[] = [];
  if (!confirmed) {
    caveats.push({
      code: "end_unconfirmed",
      text: "KTRDR lost track of this load. Only the stored bars show that it is done.",
    });
  }
  if (barsAdded === 0) {
    caveats.push({ code: "nothing_added", text: "No bar was added: the provider had nothing newer or older to give." });
  }
  const missing = missingParts(request, after);
  if (missing.length > 0) caveats.push({ code: "window_not_covered", text: missingText(missing, after) });
  return caveats;
}

/** A week's tolerance: a window may begin or end on a holiday. */
const SLACK_MS = 7 * 24 * 3600 * 1000;

function missingParts(request: DataLoadRequest, after: StoredRange): ("beginning" | "end")[] {
  const parts: ("beginning" | "end")[] = [];
  const [first, last] = [Date.parse(after.startDate), Date.parse(after.endDate)];
  if (request.startDate !== null && Date.parse(request.startDate) + SLACK_MS < first) parts.push("beginning");
  if (request.endDate !== null && Date.parse(request.endDate) - SLACK_MS > last) parts.push("end");
  return parts;
}

function missingText(parts: readonly string[], after: StoredRange): string {
  return `The ${parts.join(" and the ")} of the wanted window is not there: bars reach from ${after.startDate.slice(0, 10)} to ${after.endDate.slice(0, 10)}.`;
}
