import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Bar, Bars } from "../engine/bars.ts";
import { barAt, barsFrom, parseTime } from "../engine/bars.ts";
import { readBars, writeBars } from "../engine/price-file.ts";
import { EngineError } from "../engine/errors.ts";
import { DatabaseDownError } from "../state/database.ts";
import type { Operation } from "../state/operation.ts";
import { emptyProgress, newOperation, newOperationId, rowFromOperation, wireNow } from "../state/operation.ts";
import type { ApiContext } from "./context.ts";

export type DownloadMode = "tail" | "backfill" | "full";

export interface DownloadRequest {
  readonly symbol: string;
  readonly timeframe: string;
  readonly mode: DownloadMode;
  /** ISO dates as given. */
  readonly startDate: string | undefined;
  readonly endDate: string | undefined;
}

/** Without the broker's host service nothing real can be downloaded (recording 17). */
const NO_HOST_SERVICE =
  "Host service connection failed: HTTP error for POST /data/validate: All connection attempts failed";

const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS, M: 30 * DAY_MS };
const STEPS = [
  "Validating symbol",
  "Loading cache",
  "Checking range",
  "Finding gaps",
  "Making segments",
  "Downloading",
  "Saving",
];
const STEP_STARTS = [0, 5, 15, 20, 25, 30, 90, 100];

function barLength(timeframe: string): number {
  return Number.parseInt(timeframe, 10) * (UNIT_MS[timeframe.slice(-1)] ?? DAY_MS);
}

function isTradingBar(time: number, lengthMs: number): boolean {
  const day = new Date(time).getUTCDay();
  return lengthMs > DAY_MS || (day !== 0 && day !== 6);
}

/** A number in -1..1 that depends only on the arguments: the same bar comes out whoever asks and when. */
function noise(symbol: string, time: number, purpose: string): number {
  const digest = createHash("sha256").update(`${symbol}|${time}|${purpose}`).digest();
  return digest.readUInt32BE(0) / 2 ** 31 - 1;
}

function nextBar(symbol: string, time: number, previousClose: number): Bar {
  const round = (value: number): number => Math.round(value * 10_000) / 10_000;
  const open = previousClose;
  const close = round(open * (1 + 0.012 * noise(symbol, time, "close")));
  const spread = open * 0.004;
  const high = round(Math.max(open, close) + spread * Math.abs(noise(symbol, time, "high")));
  const low = round(Math.min(open, close) - spread * Math.abs(noise(symbol, time, "low")));
  return { time, open, high, low, close, volume: Math.round(1e6 * (1.5 + noise(symbol, time, "volume"))) };
}

/** Bars of the window that the series lacks, oldest first. They go on from its last close, or from its first open. */
function missingBars(symbol: string, timeframe: string, have: Bars | undefined, from: number, to: number): Bar[] {
  const lengthMs = barLength(timeframe);
  const known = new Set(have?.time);
  const bars: Bar[] = [];
  const isEarlier = have !== undefined && from < (have.time[0] ?? Infinity);
  let close = (isEarlier ? have.open[0] : have?.close[have.length - 1]) ?? 100;
  for (let time = Math.ceil(from / lengthMs) * lengthMs; time <= to; time += lengthMs) {
    if (known.has(time) || !isTradingBar(time, lengthMs)) continue;
    const bar = nextBar(symbol, time, close);
    close = bar.close;
    bars.push(bar);
  }
  return bars;
}

function windowOf(request: DownloadRequest, have: Bars | undefined): readonly [number, number] {
  const first = have?.time[0] ?? Date.UTC(2000, 0, 3);
  const last = have === undefined || have.length === 0 ? Date.UTC(2004, 0, 1) : (have.time[have.length - 1] ?? first);
  const given = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseTime(text));
  const end = given(request.endDate);
  if (request.mode === "tail") return [given(request.startDate) ?? last, end ?? last + 30 * DAY_MS];
  const start = given(request.startDate) ?? (request.mode === "backfill" ? first - 365 * DAY_MS : first);
  return [start, end ?? (request.mode === "backfill" ? first : last)];
}

async function readCached(api: ApiContext, request: DownloadRequest): Promise<Bars | undefined> {
  try {
    return await readBars(api.folder.data, request.symbol, request.timeframe);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

async function load(api: ApiContext, request: DownloadRequest): Promise<Record<string, unknown>> {
  const have = await readCached(api, request);
  const [from, to] = windowOf(request, have);
  const fresh = missingBars(request.symbol, request.timeframe, have, from, to);
  if (fresh.length > 0) {
    const old = have === undefined ? [] : Array.from({ length: have.length }, (_, index) => barAt(have, index));
    const merged = [...old, ...fresh].toSorted((a, b) => a.time - b.time);
    await writeBars(api.folder.data, request.symbol, request.timeframe, barsFrom(merged));
  }
  return {
    symbol: request.symbol,
    timeframe: request.timeframe,
    rows_downloaded: fresh.length,
    cache_hit: fresh.length === 0,
    gaps_filled: fresh.length > 0 ? 1 : 0,
  };
}

function isStalled({ faults }: ApiContext, { operation_id: operationId, progress }: Operation): boolean {
  const fault = faults.find("computing_stalls", { operationId, kind: "data_load" });
  return fault !== undefined && progress.percentage >= (fault.percent ?? 0);
}

async function step(api: ApiContext, operation: Operation, index: number, signal: AbortSignal): Promise<void> {
  const name = STEPS[index] ?? "";
  operation.progress = {
    ...emptyProgress(STEP_STARTS[index] ?? 0),
    current_step: index === 0 ? operation.progress.current_step : `${name} [${index}/7]`,
    steps_completed: index,
    steps_total: STEPS.length,
    context: {
      current_step_name: name,
      step_start_percentage: STEP_STARTS[index],
      step_end_percentage: STEP_STARTS[index + 1],
    },
  };
  const place = { operationId: operation.operation_id, kind: "data_load" };
  const slow = api.faults.find("slow_computing", place);
  await wait(slow?.stepDelayMs ?? 5, undefined, { signal });
  while (isStalled(api, operation)) await wait(50, undefined, { signal });
  const failure = api.faults.find("computing_fails", place);
  if (failure !== undefined) throw new Error(failure.message ?? "Download failed");
}

async function run(
  api: ApiContext,
  operation: Operation,
  request: DownloadRequest,
  signal: AbortSignal,
): Promise<void> {
  const id = operation.operation_id;
  api.log.write("start", id, "data_load", request.mode);
  try {
    await step(api, operation, 0, signal);
    // Only the sandbox's own made-up series can be continued.
    if (!request.symbol.startsWith("SYN")) throw new Error(NO_HOST_SERVICE);
    for (let index = 1; index < STEPS.length - 1; index += 1) await step(api, operation, index, signal);
    const result = await load(api, request);
    await step(api, operation, STEPS.length - 1, signal);
    const change = { status: "completed" as const, completed_at: wireNow(), result, progress_percent: 100 };
    api.database.updateOperation(id, change);
    // A finished load disappears from the list; it is read again from the database by id.
    api.view.forget(id);
    api.log.write("end", id, "data_load", "completed");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    api.log.write("end", id, "data_load", signal.aborted ? "cancelled" : `failed: ${message}`);
    if (signal.aborted) return;
    const change = { status: "failed" as const, completed_at: wireNow(), error_message: message };
    // As with trainings (docs/ktrdr.md §9.8): without a database the memory says failed, and the row goes on saying
    // running.
    Object.assign(operation, change);
    try {
      const row = api.database.updateOperation(id, change);
      if (row !== undefined) api.view.adoptRow(row);
    } catch (written) {
      if (!(written instanceof DatabaseDownError)) throw written;
    }
  } finally {
    api.localRuns.delete(id);
  }
}

/**
 * Starts a download inside the API process, as KTRDR does, and returns its operation id (docs/ktrdr.md §2.2).
 */
export function startDownload(api: ApiContext, request: DownloadRequest): string {
  const id = newOperationId("data_load");
  const stamp = (text: string | undefined): string | null =>
    text === undefined ? null : `${text.slice(0, 10)}T00:00:00`;
  const operation = newOperation(id, "data_load", {
    symbol: request.symbol,
    timeframe: request.timeframe,
    mode: request.mode,
    start_date: stamp(request.startDate),
    end_date: stamp(request.endDate),
    parameters: {
      operation_name: `Download ${request.symbol} ${request.timeframe} (${request.mode} mode)`,
      service_name: "Data/Acquisition",
    },
  });
  operation.status = "running";
  operation.started_at = wireNow();
  operation.progress.current_step = `⚡ Starting Download ${request.symbol} ${request.timeframe} [0/7]`;
  operation.progress.steps_total = STEPS.length;
  api.database.insertOperation(rowFromOperation(operation));
  api.view.remember(operation);
  const controller = new AbortController();
  api.localRuns.set(id, controller);
  void run(api, operation, request, controller.signal);
  return id;
}
