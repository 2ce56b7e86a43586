import type { Bar, DataRange, DateWindow } from "../market-data.ts";
import type { Report } from "./finding.ts";
import type { StrategyMarket } from "./market.ts";
import type { StrategyText } from "./parse.ts";
import type { Mapping } from "./shape.ts";

/** What every rule gets: the strategy as plain data, what is known about the market, and the report for findings. */
export interface Examined extends StrategyMarket {
  readonly text: StrategyText;
  /** The sections as written; each rule checks the shape of what it reads. */
  readonly raw: Mapping;
  readonly indicators: Mapping;
  readonly fuzzySets: Mapping;
  /** Stem of the file, when there is one. */
  readonly fileName: string | null;
  /** Bars a training would see, oldest first. */
  readonly bars: readonly Bar[] | null;
  /** What KTRDR has stored for the strategy's first symbol and timeframe. */
  readonly range: DataRange | null;
  /** Dates the training is meant to use. */
  readonly window: DateWindow | null;
  readonly report: Report;
}
