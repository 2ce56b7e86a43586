import { isSymbol, isTimeframe, type Timeframe } from "../market-data.ts";
import { own } from "./shape.ts";

/**
 * What a strategy trains on. KTRDR takes a list before a single value, whatever the mode says. Every check, start and
 * report asks here: what is checked is what is trained.
 */
export interface StrategyMarket {
  readonly symbols: readonly string[];
  /** In the order of the text: features follow it. */
  readonly timeframes: readonly string[];
  /** The one of them that labels and results are of; a backtest trades the bars of base_timeframe (docs/ktrdr.md §11.3). */
  readonly timeframe: string | null;
  /** The others. */
  readonly slower: readonly string[];
}

/** @param raw the strategy as plain data */
export function strategyMarket(raw: unknown): StrategyMarket {
  const data = own(raw, "training_data");
  const timeframes = chosen(own(data, "timeframes"), "timeframe");
  const timeframe = learnt(timeframes);
  const slower = timeframes.filter((other) => other !== timeframe);
  return { symbols: chosen(own(data, "symbols"), "symbol"), timeframes, timeframe, slower };
}

/** Its first symbol and the timeframe that it learns on; null unless KTRDR can have bars of them. */
export function firstMarket({ symbols: [symbol], timeframe }: Pick<StrategyMarket, "symbols" | "timeframe">): {
  readonly symbol: string;
  readonly timeframe: Timeframe;
} | null {
  return isSymbol(symbol) && isTimeframe(timeframe) ? { symbol, timeframe } : null;
}

/** Minutes between the openings of two bars; a month counts as 30 days. Null for what KTRDR does not have. */
export function minutesOf(timeframe: string): number | null {
  const unit = { m: 1, h: 60, d: 1_440, w: 10_080, M: 43_200 }[timeframe.at(-1) ?? ""];
  return isTimeframe(timeframe) && unit !== undefined ? unit * Number.parseInt(timeframe, 10) : null;
}

/** Minutes in KTRDR's own table, which small letters are looked up in: it takes a month for a minute and 2h for a day. */
const KTRDR_MINUTES: Readonly<Record<string, number>> = {
  "1m": 1,
  "5m": 5,
  "15m": 15,
  "30m": 30,
  "1h": 60,
  "4h": 240,
  "1d": 1_440,
  "1w": 10_080,
};
const KTRDR_DEFAULT = 1_440;

/** The finest one, by that table; of two that are alike, the first by name. */
function learnt(timeframes: readonly string[]): string | null {
  const minutes = (timeframe: string) => KTRDR_MINUTES[timeframe.toLowerCase()] ?? KTRDR_DEFAULT;
  return timeframes.toSorted().toSorted((a, b) => minutes(a) - minutes(b))[0] ?? null;
}

function chosen(section: unknown, one: string): readonly string[] {
  const list = own(section, "list");
  if (Array.isArray(list) && list.length > 0) return list.filter((item) => typeof item === "string");
  const single = own(section, one);
  return typeof single === "string" && single !== "" ? [single] : [];
}
