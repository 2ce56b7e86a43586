import type { BarHealth } from "../domain/bars/defect.ts";
import { answeredHealth } from "./answered-health.ts";
import type { Bars, BarWindow, DataRange, SymbolInfo } from "./data.ts";
import type { Calculation, IndicatorSeries } from "./indicators.ts";
import type { Ktrdr } from "./ktrdr.ts";
import type { PriceFiles } from "./price-files.ts";
import { createReadCache, type CachedRead } from "./read-cache.ts";

/**
 * Market data rarely changes: answers are cached for an hour, errors never. Where KTRDR's data folder is mounted,
 * ranges and bars are read from its files instead, and are never older than those.
 */
export interface CachedReads {
  symbols(signal?: AbortSignal): Promise<readonly SymbolInfo[]>;
  range(symbol: string, timeframe: string, signal?: AbortSignal): Promise<DataRange>;
  bars(symbol: string, timeframe: string, window: BarWindow, signal?: AbortSignal): Promise<Bars>;
  /**
   * The defects of the bars: of the whole file when it can be read, else of the window (without one, of all stored
   * bars).
   * @throws DomainError like `bars` and `range`, but never because of a bad bar
   */
  health(symbol: string, timeframe: string, window: BarWindow, signal?: AbortSignal): Promise<BarHealth>;
  calculate(request: Calculation, signal?: AbortSignal): Promise<IndicatorSeries>;
  /** Forgets the market data of one symbol (and the symbol list), or of all. Call it after a data load. */
  invalidate(symbol?: string): void;
}

const market = (symbol: string, question: unknown): CachedRead<object> => ({ about: symbol.toUpperCase(), question });

export interface CachedReadsOptions {
  readonly files?: PriceFiles | undefined;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

export function createCachedReads(ktrdr: Ktrdr, { files, now }: CachedReadsOptions = {}): CachedReads {
  const { read, forget } = createReadCache(now ?? (() => performance.now()));
  const { data, indicators } = ktrdr;
  return {
    symbols: (signal) => read(market("", "symbols"), (own) => data.symbols(own), signal),
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
    calculate: (request, signal) =>
      read(
        {
          ...market(request.symbol, ["calculate", request]),
          cells: (series: IndicatorSeries) => series.times.length * (1 + Object.keys(series.values).length),
        },
        (own) => indicators.calculate(request, own),
        signal,
      ),
    invalidate: (symbol) => forget(symbol?.toUpperCase()),
  };
}
