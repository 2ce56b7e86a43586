import { TIMEFRAMES, isTimeframe } from "../market-data.ts";
import { own } from "./shape.ts";

/** What a strategy trains on. KTRDR takes a list before a single value, whatever the mode says. */
export interface StrategyMarket {
  readonly symbols: readonly string[];
  /** In the order of the text: features follow it. */
  readonly timeframes: readonly string[];
  /** The finest timeframe, of which samples and labels are; a backtest trades the bars of base_timeframe. */
  readonly timeframe: string | null;
}

/** @param raw the strategy as plain data */
export function strategyMarket(raw: unknown): StrategyMarket {
  const data = own(raw, "training_data");
  const timeframes = chosen(own(data, "timeframes"), "timeframe");
  return { symbols: chosen(own(data, "symbols"), "symbol"), timeframes, timeframe: finest(timeframes) };
}

/** Minutes between the openings of two bars; a month counts as 30 days. Null for what KTRDR does not have. */
export function minutesOf(timeframe: string): number | null {
  const unit = { m: 1, h: 60, d: 1_440, w: 10_080, M: 43_200 }[timeframe.at(-1) ?? ""];
  return isTimeframe(timeframe) && unit !== undefined ? unit * Number.parseInt(timeframe, 10) : null;
}

function finest(timeframes: readonly string[]): string | null {
  return TIMEFRAMES.find((known) => timeframes.includes(known)) ?? timeframes[0] ?? null;
}

function chosen(section: unknown, one: string): readonly string[] {
  const list = own(section, "list");
  if (Array.isArray(list) && list.length > 0) return list.filter((item) => typeof item === "string");
  const single = own(section, one);
  return typeof single === "string" && single !== "" ? [single] : [];
}
