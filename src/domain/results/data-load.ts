import type { DataLoadRequest } from "../job.ts";
import type { Caveat, DataLoadResult, Engine } from "../result.ts";
import { badAnswer } from "./answer.ts";

/** What KTRDR holds for a symbol and timeframe, by `POST /data/range`. */
export interface StoredRange {
  /** ISO-8601 UTC of the first and the last bar. */
  readonly startDate: string;
  readonly endDate: string;
  readonly points: number;
}

/**
 * The outcome of a data load, judged by what is stored now rather than by KTRDR's own summary: KTRDR calls loads failed
 * whose bars are there (contract §2.2). The summary only tells how many bars came.
 * @throws DomainError `ktrdr_bad_answer` when the stored range makes no sense.
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
    caveats: loadCaveats(request, after, barsAdded),
    engine,
  };
}

function loadCaveats(request: DataLoadRequest, after: StoredRange, barsAdded: number | null): Caveat[] {
  const caveats: Caveat[] = [];
  if (barsAdded === 0) {
    caveats.push({ code: "nothing_added", text: "No bar was added: the provider had nothing newer or older to give." });
  }
  const missing = missingPart(request, after);
  if (missing !== null) caveats.push({ code: "window_not_covered", text: missing });
  return caveats;
}

/** A week's tolerance: a window may begin or end on a holiday. */
const SLACK_MS = 7 * 24 * 3600 * 1000;

function missingPart(request: DataLoadRequest, after: StoredRange): string | null {
  const parts: string[] = [];
  const [first, last] = [Date.parse(after.startDate), Date.parse(after.endDate)];
  if (request.startDate !== null && Date.parse(request.startDate) + SLACK_MS < first) parts.push("beginning");
  if (request.endDate !== null && Date.parse(request.endDate) - SLACK_MS > last) parts.push("end");
  if (parts.length === 0) return null;
  return `The ${parts.join(" and the ")} of the wanted window is not there: bars reach from ${after.startDate.slice(0, 10)} to ${after.endDate.slice(0, 10)}.`;
}
