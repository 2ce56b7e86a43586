import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { isHoldout } from "../domain/holdout/symbol.ts";
import { segment } from "./allow-list.ts";
import type { Refusal } from "./refusal.ts";
import { oneLine } from "../domain/plain-text.ts";
import { endOfDay, isoUtc } from "./text.ts";
import type { Sending } from "./call.ts";
import type { Transport } from "./transport.ts";

export interface SymbolInfo {
  readonly symbol: string;
  readonly timeframes: readonly string[];
}

export interface DataRange {
  /** ISO-8601 UTC of the first and the last bar. */
  readonly startDate: string;
  readonly endDate: string;
  /** Number of bars. */
  readonly points: number;
}

export type Bar = readonly [open: number, high: number, low: number, close: number, volume: number];

export interface Bars {
  /** ISO-8601 UTC, one per bar, ascending. Empty when KTRDR has no such data, which KTRDR calls no error. */
  readonly times: readonly string[];
  readonly ohlcv: readonly Bar[];
}

export interface BarWindow {
  /** ISO dates; the day of `endDate` belongs to the window. An instant is taken as it is. */
  readonly startDate?: string;
  readonly endDate?: string;
  /** The last N bars, 1..100000. */
  readonly limit?: number;
}

export interface Download {
  readonly symbol: string;
  readonly timeframe: string;
  readonly mode: "tail" | "backfill" | "full";
  readonly startDate?: string;
  readonly endDate?: string;
}

export interface MarketData {
  /** All but holdouts. */
  symbols(signal?: AbortSignal): Promise<readonly SymbolInfo[]>;
  /** Symbol and timeframe exactly as the file is named. @throws DomainError `data_not_found` */
  range(symbol: string, timeframe: string, signal?: AbortSignal): Promise<DataRange>;
  bars(symbol: string, timeframe: string, window: BarWindow, signal?: AbortSignal): Promise<Bars>;
  /** Starts a download. @throws DomainError `ktrdr_start_ambiguous` when KTRDR may have started it */
  download(request: Download, sending?: Sending): Promise<{ readonly operationId: string }>;
}

const SymbolsWire = z.looseObject({
  data: z.array(
    z.looseObject({
      symbol: z.string(),
      available_timeframes: z.array(z.string()).nullish(),
    }),
  ),
});
const RangeWire = z.looseObject({
  data: z.looseObject({ start_date: z.string(), end_date: z.string(), point_count: z.number().int().nonnegative() }),
});
/** Some versions of KTRDR's libraries write null for NaN; others fail (`barsRefused`). */
const Value = z.number().nullable();
const BarsWire = z.looseObject({
  data: z
    .looseObject({
      dates: z.array(z.string()),
      ohlcv: z.array(z.tuple([Value, Value, Value, Value, Value])),
    })
    .refine((data) => data.dates.length === data.ohlcv.length, "as many dates as bars"),
});
const DownloadWire = z.looseObject({ operation_id: z.string().min(1).max(200) });

/** The error for data that is not stored, which KTRDR answers with 404 (docs/ktrdr.md §1.3). */
export function dataMissing(symbol: string, timeframe: string, refusal: Refusal): DomainError | undefined {
  if (refusal.status !== 404 || !refusal.fromKtrdr) return undefined;
  if (refusal.code !== null && !refusal.code.startsWith("DATA-")) return undefined;
  return new DomainError("data_not_found", {
    what: `There is no ${oneLine(timeframe, 20)} data for ${oneLine(symbol, 40)}.`,
    why: refusal.message,
    next: "list_market_data shows what there is; load_market_data fetches more.",
  });
}

/**
 * The error for bars that KTRDR refuses. An impossible or unreadable bar makes KTRDR refuse the whole range with 400, a
 * bar that is no number with 500 (docs/ktrdr.md §2.2). That is no outage, and no fault of the request.
 */
function barsRefused(symbol: string, timeframe: string, refusal: Refusal): DomainError | undefined {
  const bad =
    (refusal.status === 400 && refusal.code === "DATA-GetError") ||
    (refusal.status === 500 && refusal.code === "INTERNAL_SERVER_ERROR");
  if (!bad) return undefined;
  return new DomainError("bars_refused", {
    what: `KTRDR's API refuses the bars of ${oneLine(symbol, 40)} ${oneLine(timeframe, 20)} on these dates.`,
    why: reasonOf(refusal).slice(0, 280),
    next: "list_market_data with this symbol names the bar; mend it in the price file, or choose other dates.",
  });
}

/** Why KTRDR refuses the bars. For a single bar, KTRDR's text has its values. */
function reasonOf({ status, detail, message }: Refusal): string {
  if (status === 500) return "a value is empty or no number";
  if (/dates\.\d+/.test(detail)) return "a time that cannot be read";
  const [, rule] = /Value error, (.+?)(?: \[type=|$)/.exec(detail) ?? [];
  const [, values = "..."] = /input_value=\[\[([^[\]]*)\]\]/.exec(detail) ?? [];
  if (rule === undefined) return detail || message;
  return values.includes("...") ? rule : `${rule}; open, high, low, close and volume are ${values}`;
}

async function fetchBars(
  api: Transport["api"],
  symbol: string,
  timeframe: string,
  window: BarWindow,
  signal: AbortSignal | undefined,
): Promise<Bars> {
  const { data } = await api({
    method: "GET",
    path: `/api/v1/data/${segment(symbol, "symbol")}/${segment(timeframe, "timeframe")}`,
    query: { start_date: window.startDate, end_date: endOfDay(window.endDate), limit: window.limit },
    nature: "read",
    what: `The bars of ${symbol} ${timeframe}`,
    answer: BarsWire,
    // 63 bytes a bar: a million bars.
    maxBytes: 64 * 1024 * 1024,
    refine: (refusal) => barsRefused(symbol, timeframe, refusal),
    signal,
  });
  const ohlcv = data.ohlcv.map((row) => row.map((value) => value ?? Number.NaN) as unknown as Bar);
  return { times: data.dates.map(isoUtc), ohlcv };
}

async function startDownload(
  api: Transport["api"],
  request: Download,
  sending: Sending | undefined,
): Promise<{ readonly operationId: string }> {
  const { operation_id: operationId } = await api({
    method: "POST",
    path: "/api/v1/data/acquire/download",
    body: {
      symbol: request.symbol,
      timeframe: request.timeframe,
      mode: request.mode,
      // JSON leaves out keys that are undefined.
      start_date: request.startDate,
      end_date: endOfDay(request.endDate),
    },
    nature: "start",
    what: `The data load of ${oneLine(request.symbol, 40)} ${oneLine(request.timeframe, 20)}`,
    answer: DownloadWire,
    ...sending,
  });
  return { operationId };
}

export function createMarketData({ api }: Transport): MarketData {
  return {
    async symbols(signal) {
      const { data } = await api({
        method: "GET",
        path: "/api/v1/symbols",
        nature: "read",
        what: "The list of symbols",
        answer: SymbolsWire,
        signal,
      });
      const open = data.filter(({ symbol }) => !isHoldout(symbol));
      return open.map(({ symbol, available_timeframes }) => ({ symbol, timeframes: available_timeframes ?? [] }));
    },

    async range(symbol, timeframe, signal) {
      const { data } = await api({
        method: "POST",
        path: "/api/v1/data/range",
        body: { symbol, timeframe },
        nature: "read",
        what: `The range of ${oneLine(symbol, 40)} ${oneLine(timeframe, 20)}`,
        answer: RangeWire,
        refine: (refusal) => dataMissing(symbol, timeframe, refusal),
        signal,
      });
      // KTRDR tells the first and the last row: in a file with the newest bar first, they are the wrong way round.
      const [startDate = "", endDate = ""] = [isoUtc(data.start_date), isoUtc(data.end_date)].toSorted();
      return { startDate, endDate, points: data.point_count };
    },

    bars: (symbol, timeframe, window, signal) => fetchBars(api, symbol, timeframe, window, signal),
    download: (request, sending) => startDownload(api, request, sending),
  };
}
