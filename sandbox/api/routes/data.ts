import { readdirSync } from "node:fs";
import type { Bars } from "../../engine/bars.ts";
import { barAt, formatStamp, readBars, sliceBars } from "../../engine/bars.ts";
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

/** Symbols out of the names of the price files; nothing else is known about them (contract §2.2). */
function symbolsIn(folder: string): Record<string, unknown>[] {
  const timeframes = new Map<string, string[]>();
  for (const name of readdirSync(folder).toSorted()) {
    const match = /^([^_]+)_([^_.]+)\.csv$/.exec(name);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    timeframes.set(match[1], [...(timeframes.get(match[1]) ?? []), match[2]]);
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

/** The series, or undefined when there is no file or the names could be none. */
async function barsOrNothing(folder: string, symbol: string, timeframe: string): Promise<Bars | undefined> {
  try {
    return await readBars(folder, symbol, timeframe);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
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
  const stamp = (index: number): string => `${naiveStamp(bars.time[index] ?? 0)}+00:00`;
  const shown = limit === undefined ? bars.length : Math.min(limit, bars.length);
  const indexes = Array.from({ length: shown }, (_, index) => bars.length - shown + index);
  const limited = shown < bars.length ? { points: shown, limited: true, original_points: bars.length } : {};
  return {
    dates: indexes.map((index) => naiveStamp(bars.time[index] ?? 0)),
    ohlcv: indexes.map((index) => {
      const bar = barAt(bars, index);
      return [bar.open, bar.high, bar.low, bar.close, bar.volume];
    }),
    points: null,
    // Even when cut, start, end and count describe the whole set.
    metadata: {
      symbol,
      timeframe,
      start_date: stamp(0),
      end_date: stamp(bars.length - 1),
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
    const bars = await barsOrNothing(api.folder.data, symbol, timeframe);
    if (bars === undefined || bars.length === 0) throw detail(404, `Data not found for ${symbol} (${timeframe})`);
    const stamp = (index: number): string => formatStamp(bars.time[index] ?? 0);
    const range = { start_date: stamp(0), end_date: stamp(bars.length - 1), point_count: bars.length };
    return c.json({ success: true, data: { symbol, timeframe, ...range }, error: null });
  });
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

/** Symbols, timeframes, bars, ranges and downloads (contract §2.2). */
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
