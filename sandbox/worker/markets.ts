import { type Bars } from "../engine/bars.ts";
import { readBars } from "../engine/price-file.ts";
import type { Market } from "../engine/dataset.ts";
import { EngineError } from "../engine/errors.ts";
import { checkStrategy } from "../engine/strategy.ts";
import { trainingOrder } from "../engine/timeframes.ts";

/**
 * The price series of a training. A strategy over several timeframes keeps its own list, whatever was asked for. A
 * missing file ends the training only when it is that of the first timeframe. The other ones are silently left out.
 */
export async function readMarkets(
  folder: string,
  request: {
    readonly strategyYaml: string;
    readonly symbols: readonly string[];
    readonly timeframes: readonly string[];
  },
): Promise<Market[]> {
  const strategy = checkStrategy(request.strategyYaml).strategy;
  const own = strategy?.timeframes ?? [];
  const timeframes = own.length > 1 ? trainingOrder(own, strategy?.baseTimeframe) : request.timeframes;
  const markets: Market[] = [];
  for (const symbol of request.symbols) {
    const series = new Map<string, Bars>();
    for (const [place, timeframe] of timeframes.entries()) {
      try {
        series.set(timeframe, await readBars(folder, symbol, timeframe));
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        if (timeframes.length === 1) throw error;
        if (place > 0) continue;
        throw new EngineError("MULTI_TF_BASE_LOAD_FAILED", `Failed to load base timeframe ${timeframe} for ${symbol}`);
      }
    }
    markets.push({ symbol, series });
  }
  return markets;
}
