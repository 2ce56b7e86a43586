import { existsSync, readdirSync } from "node:fs";
import type { Bars } from "../../engine/bars.ts";
import { barAt, sliceBars } from "../../engine/bars.ts";
import { barsPath, readBars, readEnds } from "../../engine/price-file.ts";
import { EngineError } from "../../engine/errors.ts";
import { coded, detail } from "../../http/errors.ts";
import { checkTimeframe, naiveStamp, parseIsoDate, readBody, Validator } from "../../http/validation.ts";
import type { ApiContext, SandboxApp } from "../context.ts";
import { startDownload } from "../downloads.ts";

const TIMEFRAME_LIST = [
  ["1m", "1 Minute", "One-minute interval data"],
  ["5m", "5 Minutes", "Five-minute interval data"],
  ["15m", "15 Minutes", "Fifteen-minute interval data"],
  ["30m", "30 Minutes", "Thirty-minute interval data"],
  ["1h", "1 Hour", "One-hour interval data"],
  ["2h", "2 Hours", "Two-hour interval data"],
  ["4h", "4 Hours", "Four-hour interval data"],
  ["1d", "Daily", "Daily interval data"],
  ["1w", "Weekly", "Weekly interval data"],
  ["1M", "Monthly", "Monthly interval data"],
].map(([id, name, description]) => ({ id, name, description }));

/** Symbols from the names of the price files. KTRDR knows nothing else about them (docs/ktrdr.md §2.2). */
function symbolsIn(folder: string): Record<string, unknown>[] {
  const timeframes = new Map<string, string[]>();
  for (const name of readdirSync(folder).toSorted()) {
    if (!name.endsWith(".csv")) continue;
    // The name is cut at its underscores. What follows the second one is lost.
    const [symbol, timeframe] = name.slice(0, -4).split("_");
    if (symbol === undefined || timeframe === undefined) continue;
    timeframes.set(symbol, [...(timeframes.get(symbol) ?? []), timeframe]);
  }
  return [...timeframes].map(([symbol, available]) => ({
    symbol,
    name: symbol,
    type: "unknown",
    exchange: "unknown",
    currency: "unknown",
    available_timeframes: available,
    trading_hours: null,
  }));
}

/** The series; undefined when there is no file, it cannot be read, or a name is not plain. */
async function barsOrNothing(folder: string, symbol: string, timeframe: string): Promise<Bars | undefined> {
  try {
    return await readBars(folder, symbol, timeframe);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/**
 * Refuses what KTRDR's answer model refuses: a row without a date, or an impossible candle anywhere in the window, also
 * beyond `limit`. A number that JSON cannot write passes the model and ends as a 500. `shown`: the rows of the answer.
 */
function requireAnswerable(symbol: string, timeframe: string, bars: Bars, shown: readonly (readonly number[])[]): void {
  const refuse = (reason: string): never => {
    const error = `1 validation error for OHLCVData\n${reason}`;
    const message = `Failed to get cached data for ${symbol} (${timeframe})`;
    throw coded(400, "DATA-GetError", message, { symbol, timeframe, error });
  };
  const undated = bars.time.findIndex(Number.isNaN);
  if (undated >= 0) refuse(`dates.${undated}\n  Input should be a valid string`);
  for (let i = 0; i < bars.length; i++) {
    const { open, high, low, close } = barAt(bars, i);
    const rule = (text: string): never =>
      refuse(`ohlcv\n  Value error, ${text} [type=value_error, input_value=${pythonText(shown)}, input_type=list]`);
    if (high < open || high < close) rule("high price must be greater than or equal to open and close");
    if (low > open || low > close) rule("low price must be less than or equal to open and close");
    if (high < low) rule("high price must be greater than or equal to low price");
  }
  if (shown.every((row) => row.every(Number.isFinite))) return;
  throw coded(500, "INTERNAL_SERVER_ERROR", "An unexpected error occurred", { type: "ValueError" });
}

/** A list of rows as Python writes it. Of a text longer than 50 characters pydantic cuts out the middle. */
function pythonText(rows: readonly (readonly number[])[]): string {
  const number = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
  const text = `[${rows.map((row) => `[${row.map(number).join(", ")}]`).join(", ")}]`;
  return text.length <= 50 ? text : `${text.slice(0, 25)}...${text.slice(-24)}`;
}

function queryDate(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseIsoDate(text);
  if (time !== undefined) return time;
  throw coded(400, "DATA-InvalidDate", `Invalid ${name} format. Use YYYY-MM-DD`, { [name]: text });
}

function series(symbol: string, timeframe: string, bars: Bars, limit: number | undefined): Record<string, unknown> {
  if (bars.length === 0) {
    return { dates: [], ohlcv: [], points: null, metadata: { symbol, timeframe, start: "", end: "", points: 0 } };
  }
  const stamp = (time: number | undefined): string => `${naiveStamp(time ?? 0)}+00:00`;
  const shown = limit === undefined ? bars.length : Math.min(limit, bars.length);
  const indexes = Array.from({ length: shown }, (_, index) => bars.length - shown + index);
  const limited = shown < bars.length ? { points: shown, limited: true, original_points: bars.length } : {};
  const ohlcv = indexes.map((index) => {
    const bar = barAt(bars, index);
    return [bar.open, bar.high, bar.low, bar.close, bar.volume];
  });
  requireAnswerable(symbol, timeframe, bars, ohlcv);
  const inOrder = bars.time.toSorted();
  return {
    dates: indexes.map((index) => naiveStamp(bars.time[index] ?? 0)),
    ohlcv,
    points: null,
    // Start, end and count describe the whole set, even when the rows are cut.
    metadata: {
      symbol,
      timeframe,
      start_date: stamp(inOrder[0]),
      end_date: stamp(inOrder.at(-1)),
      point_count: bars.length,
      ...limited,
    },
  };
}

function rangeRoute(app: SandboxApp, api: ApiContext): void {
  app.post("/api/v1/data/range", async (c) => {
    const input = new Validator(await readBody(c), "body");
    const symbol = input.text("symbol");
    const timeframe = input.text("timeframe");
    input.check();
    if (symbol === "") {
      const message = `Failed to get date range for ${symbol} (${timeframe})`;
      const error = `${message}: String too short (min 1 chars)`;
      throw coded(400, "DATA-RangeError", message, { symbol, timeframe, error });
    }
    const path = (): string => barsPath(api.folder.data, symbol, timeframe);
    if (!isPlainName(path) || !existsSync(path())) throw detail(404, `Data not found for ${symbol} (${timeframe})`);
    const bars = await barsOrNothing(api.folder.data, symbol, timeframe);
    const ends = await readEnds(api.folder.data, symbol, timeframe);
    const message = `Failed to get date range for ${symbol} (${timeframe})`;
    if (bars === undefined || ends === undefined || /^\d{5,}$/.test(ends.first)) {
      const error = `${message}: Error extracting date range from ${path()}`;
      throw coded(400, "DATA-RangeError", message, { symbol, timeframe, error });
    }
    const range = { start_date: isoText(ends.first), end_date: isoText(ends.last), point_count: bars.length };
    return c.json({ success: true, data: { symbol, timeframe, ...range }, error: null });
  });
}

function isPlainName(path: () => string): boolean {
  try {
    return path() !== "";
  } catch {
    return false;
  }
}

/** A stamp as Python writes the time that it has read. The zone stays as it was written, also when there was none. */
function isoText(stamp: string): string {
  const [, month, day, year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(stamp) ?? [];
  const iso =
    year === undefined ? stamp.replace(" ", "T") : `${year}-${month?.padStart(2, "0")}-${day?.padStart(2, "0")}`;
  return iso.length === "2000-01-03".length ? `${iso}T00:00:00` : iso;
}

function downloadRoute(app: SandboxApp, api: ApiContext): void {
  app.post("/api/v1/data/acquire/download", async (c) => {
    const input = new Validator(await readBody(c), "body");
    const symbol = input.text("symbol");
    const timeframe = input.text("timeframe");
    const mode = input.oneOf("mode", ["local", "tail", "backfill", "full"], "local", "literal_error");
    const startDate = input.optionalText("start_date");
    const endDate = input.optionalText("end_date");
    checkTimeframe(input, timeframe);
    input.check();
    const [start, end] = [startDate, endDate].map((text) => (text === undefined ? undefined : parseIsoDate(text)));
    if (start !== undefined && end !== undefined && start > end)
      input.fail(undefined, "start_date must be before end_date");
    input.check();
    if (mode === "local" || mode === undefined) {
      const text = "Data acquisition failed: Invalid mode: local. Must be 'tail', 'backfill', or 'full'";
      throw detail(500, text);
    }
    const operationId = startDownload(api, { symbol, timeframe, mode, startDate, endDate });
    const message = `Started ${mode} download for ${symbol} ${timeframe}`;
    return c.json({ success: true, operation_id: operationId, status: "started", message });
  });
}

/** Symbols, timeframes, bars, ranges and downloads (docs/ktrdr.md §2.2). */
export function dataRoutes(app: SandboxApp, api: ApiContext): void {
  app.get("/api/v1/symbols", (c) => c.json({ success: true, data: symbolsIn(api.folder.data), error: null }));
  app.get("/api/v1/timeframes", (c) => c.json({ success: true, data: TIMEFRAME_LIST, error: null }));
  rangeRoute(app, api);
  downloadRoute(app, api);

  app.get("/api/v1/data/:symbol/:timeframe", async (c) => {
    const query = new Validator(c.req.query(), "query");
    const limit = query.whole("limit", 0, 1, 100_000);
    query.check();
    const from = queryDate("start_date", c.req.query("start_date"));
    const to = queryDate("end_date", c.req.query("end_date"));
    const symbol = c.req.param("symbol").toUpperCase();
    const timeframe = c.req.param("timeframe");
    const bars = await barsOrNothing(api.folder.data, symbol, timeframe);
    const empty = {
      dates: [],
      ohlcv: [],
      points: null,
      metadata: { symbol, timeframe, start: "", end: "", points: 0 },
    };
    const isLimited = c.req.query("limit") !== undefined;
    const data =
      bars === undefined ? empty : series(symbol, timeframe, sliceBars(bars, from, to), isLimited ? limit : undefined);
    return c.json({ success: true, data, error: null });
  });
}
