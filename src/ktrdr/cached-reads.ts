import type { BarHealth } from "../domain/bars/defect.ts";
import { answeredHealth } from "./answered-health.ts";
import type { Bars, BarWindow, DataRange, SymbolInfo, TimeframeInfo } from "./data.ts";
import type { Calculation, IndicatorListing, IndicatorSeries } from "./indicators.ts";
import type { Ktrdr } from "./ktrdr.ts";
import type { OperationResults } from "./operations.ts";
import type { PriceFiles } from "./price-files.ts";
import { createReadCache, type Subject } from "./read-cache.ts";
import type { StrategyFeature, StrategyVerdict } from "./strategies.ts";

/**
 * Reads that rarely change: market data for 1 h, strategies 5 min, model metadata 10 min. Errors are never kept. Where
 * KTRDR's data folder is mounted, ranges and bars are read from its files instead, and are never older than those.
 */
export interface CachedReads {
  symbols(signal?: AbortSignal): Promise<readonly SymbolInfo[]>;
  timeframes(signal?: AbortSignal): Promise<readonly TimeframeInfo[]>;
  range(symbol: string, timeframe: string, signal?: AbortSignal): Promise<DataRange>;
  bars(symbol: string, timeframe: string, window: BarWindow, signal?: AbortSignal): Promise<Bars>;
  /**
   * What is wrong with the bars: of the whole file where it can be seen, else of the window (of everything without one).
   * @throws DomainError as `bars` and `range`, but never because of a bad bar
   */
  health(symbol: string, timeframe: string, window: BarWindow, signal?: AbortSignal): Promise<BarHealth>;
  indicators(signal?: AbortSignal): Promise<readonly IndicatorListing[]>;
  calculate(request: Calculation, signal?: AbortSignal): Promise<IndicatorSeries>;
  /** `sha256` of the strategy file's bytes: another text is another question. */
  validate(name: string, sha256: string, signal?: AbortSignal): Promise<StrategyVerdict>;
  features(name: string, sha256: string, signal?: AbortSignal): Promise<readonly StrategyFeature[]>;
  /** What a finished operation left behind: model path, metrics, model facts. */
  model(operationId: string, signal?: AbortSignal): Promise<OperationResults>;
  /** Forgets the market data of one symbol (and the symbol list), or of all. Call it after a data load. */
  invalidate(symbol?: string): void;
}

const market = (symbol: string, question: unknown): Subject<object> => ({
  family: "market",
  about: symbol.toUpperCase(),
  question,
});

export interface CachedReadsOptions {
  readonly files?: PriceFiles | undefined;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

export function createCachedReads(ktrdr: Ktrdr, { files, now }: CachedReadsOptions = {}): CachedReads {
  const { read, forget } = createReadCache(now ?? (() => performance.now()));
  const { data, indicators, strategies, operations } = ktrdr;
  return {
    symbols: (signal) => read(market("", "symbols"), (own) => data.symbols(own), signal),
    timeframes: (signal) => read(market("", "timeframes"), (own) => data.timeframes(own), signal),
    range: async (symbol, timeframe, signal) =>
      (await files?.range(symbol, timeframe)) ??
      read(market(symbol, ["range", symbol, timeframe]), (own) => data.range(symbol, timeframe, own), signal),
    bars: async (symbol, timeframe, window, signal) =>
      (await files?.bars(symbol, timeframe, window)) ??
      read(
        {
          ...market(symbol, ["bars", timeframe, window.startDate, window.endDate, window.limit]),
          cells: (bars: Bars) => bars.times.length * 6,
        },
        (own) => data.bars(symbol, timeframe, window, own),
        signal,
      ),
    health: async (symbol, timeframe, window, signal) =>
      (await files?.health(symbol, timeframe)) ??
      read(
        market(symbol, ["health", symbol, timeframe, window.startDate, window.endDate]),
        (own) => answeredHealth(data, symbol, timeframe, window, own),
        signal,
      ),
    indicators: (signal) => read(market("", "indicators"), (own) => indicators.list(own), signal),
    calculate: (request, signal) =>
      read(
        {
          ...market(request.symbol, ["calculate", request]),
          cells: (series: IndicatorSeries) => series.times.length * (1 + Object.keys(series.values).length),
        },
        (own) => indicators.calculate(request, own),
        signal,
      ),
    validate: (name, sha256, signal) =>
      read(
        { family: "strategy", about: name, question: ["validate", sha256] },
        (own) => strategies.validate(name, own),
        signal,
      ),
    features: (name, sha256, signal) =>
      read(
        { family: "strategy", about: name, question: ["features", sha256] },
        (own) => strategies.features(name, own),
        signal,
      ),
    model: (operationId, signal) =>
      read(
        { family: "model", about: operationId, question: "results" },
        (own) => operations.results(operationId, own),
        signal,
      ),
    invalidate: (symbol) => forget("market", symbol?.toUpperCase()),
  };
}
