import type { JobKind, JobRequest, LiveJobState } from "../domain/job.ts";
import type { KtrdrWorker } from "../domain/operation.ts";
import type { Engine } from "../domain/result.ts";
import type { JobReader } from "../store/job-reader.ts";
import type { ResultReader } from "../store/result-reader.ts";
import type { JobView } from "../temporal/job-view.ts";

/**
 * What the tools need of the rest of the product, as narrow interfaces. `src/bin` wires the real parts. Every port
 * connects lazily and answers with a DomainError (`temporal_unavailable`, `database_unavailable`, `ktrdr_unavailable`,
 * `folder_unavailable`) while its part is down.
 */

export interface OpenJob {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly strategy: string | null;
  /** ISO-8601 UTC. */
  readonly startedAt: string;
}

export interface StartOptions {
  /** Why another run of a known request is wanted; null for the first run. */
  readonly forceReason: string | null;
  /** Name of the MCP client that asks. */
  readonly client: string;
  /** 1 (first) .. 5 (last). */
  readonly priority?: number;
}

export interface JobsPort {
  /** Exactly once per request content: `existing` is true when the job was known before. */
  start(request: JobRequest, options: StartOptions): Promise<{ jobId: string; existing: boolean }>;
  /** Pure: the identity a request has, without starting anything. */
  idOf(request: JobRequest, forceReason: string | null): { jobId: string; requestHash: string };
  /** By `describe` alone; null when Temporal does not know the job (any more). */
  view(jobId: string): Promise<JobView | null>;
  /** The workflow's own word; null when no worker answered within `deadlineMs`. */
  live(jobId: string, deadlineMs: number): Promise<LiveJobState | null>;
  /** Returns early when the job closes or `signal` aborts. */
  waitForClose(jobId: string, ms: number, signal: AbortSignal): Promise<void>;
  cancel(jobId: string, reason: string): Promise<"requested" | "already_closed" | "not_found">;
  openJobs(limit: number): Promise<readonly OpenJob[]>;
  workersPolling(): Promise<boolean>;
  ping(): Promise<void>;
}

/** What PostgreSQL remembers. */
export interface RecordsPort {
  readonly jobs: JobReader;
  readonly results: ResultReader;
  ping(): Promise<void>;
}

export interface StoredRange {
  /** ISO-8601 UTC of the first and the last bar. */
  readonly startDate: string;
  readonly endDate: string;
  readonly points: number;
}

export interface StoredBars {
  /** ISO-8601 UTC. */
  readonly times: readonly string[];
  /** Open, high, low, close, volume. */
  readonly ohlcv: readonly (readonly [number, number, number, number, number])[];
}

export interface MarketSymbol {
  readonly symbol: string;
  readonly name: string | null;
  readonly timeframes: readonly string[];
}

export interface IndicatorCall {
  /** Canonical type, e.g. `rsi`. */
  readonly type: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

export interface IndicatorSeries {
  readonly times: readonly string[];
  /** One series per output; null during warm-up. */
  readonly outputs: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Cheap, cached reads of KTRDR; nothing here starts work. */
export interface KtrdrPort {
  health(signal?: AbortSignal): Promise<{ status: string; version: string; engine: Engine }>;
  workers(signal?: AbortSignal): Promise<readonly KtrdrWorker[]>;
  symbols(signal?: AbortSignal): Promise<readonly MarketSymbol[]>;
  timeframes(signal?: AbortSignal): Promise<readonly string[]>;
  /** @throws DomainError `data_not_found` when nothing is stored for the pair. */
  range(symbol: string, timeframe: string, signal?: AbortSignal): Promise<StoredRange>;
  bars(
    symbol: string,
    timeframe: string,
    window: { startDate?: string; endDate?: string; limit?: number },
    signal?: AbortSignal,
  ): Promise<StoredBars>;
  calculate(
    symbol: string,
    timeframe: string,
    indicators: readonly IndicatorCall[],
    window: { startDate?: string; endDate?: string },
    signal?: AbortSignal,
  ): Promise<readonly IndicatorSeries[]>;
}

export interface StrategyFile {
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
  /** ISO-8601 UTC. */
  readonly modifiedAt: string;
}

export interface StrategyFolderPort {
  list(): Promise<readonly { name: string; modifiedAt: string }[]>;
  /** @throws DomainError `strategy_not_found`. */
  read(name: string): Promise<StrategyFile>;
  /** Atomic. @throws DomainError `strategy_exists` unless `overwrite`. */
  write(name: string, text: string, options: { overwrite: boolean }): Promise<StrategyFile>;
  exists(name: string): Promise<boolean>;
}

export interface Links {
  /** Temporal Web UI, without a trailing slash; null when not configured. */
  readonly temporalUi: string | null;
  readonly temporalNamespace: string;
}

export interface Deps {
  readonly jobs: JobsPort;
  readonly records: RecordsPort;
  readonly ktrdr: KtrdrPort;
  readonly strategies: StrategyFolderPort;
  readonly links: Links;
  readonly now: () => Date;
  /** A job without progress for this long is stalled (JOB_STALL_AFTER_MS). */
  readonly stallAfterMs: number;
}
