import { isDomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";
import { INDICATORS } from "../domain/indicators/catalogue.ts";
import type { IndicatorSeries } from "../ktrdr/indicators.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import { fine, found, type Finding } from "./finding.ts";

const PART = "Indicators";
const AGAIN = "bin/ktrdr-mcp doctor --deep";
const TIMEFRAME = "1d";
/** Bars of the longest window, and where the shorter ones end, counted from its first bar. */
const BARS = 1_000;
const ENDS = [400, 600, 800];
/** Differences by rounding: an indicator may add its bars up in another order. */
const ROUNDING = 1e-9;

type Reads = Pick<Ktrdr, "data" | "indicators">;

/**
 * Computes every indicator type over several windows with one beginning. A value that changes once later bars are known
 * shows the future to whoever trades by it; only types that are known to do so may (they are refused as inputs).
 */
export async function checkIndicators(ktrdr: Reads): Promise<readonly Finding[]> {
  const market = await findMarket(ktrdr).catch((error: unknown) => errorText(error));
  if (typeof market === "string") {
    return [found(PART, "indicators_unexamined", market, { fix: AGAIN })];
  }
  const [changing, failed]: [string[], string[]] = [[], []];
  for (const { type, repaints = false } of INDICATORS) {
    try {
      const changed = await changesLater(ktrdr, market, type);
      if (changed.length > 0 && !repaints) changing.push(`${type} (${changed.join(", ")})`);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      failed.push(type);
    }
  }
  return [...repainting(changing, market.symbol), ...unexamined(failed), ...well(changing, failed, market.symbol)];
}

interface Market {
  readonly symbol: string;
  /** Days of the bars, ISO dates, oldest first; `BARS` of them. */
  readonly days: readonly string[];
}

/** The first market with enough bars; else why there is none. */
async function findMarket({ data }: Reads): Promise<Market | string> {
  const symbols = await data.symbols();
  for (const { symbol } of symbols.filter(({ timeframes }) => timeframes.includes(TIMEFRAME))) {
    const { times } = await data.bars(symbol, TIMEFRAME, { limit: BARS });
    if (times.length === BARS) return { symbol, days: times.map((time) => time.slice(0, 10)) };
  }
  return `no symbol has ${BARS} bars of ${TIMEFRAME}`;
}

/** Columns whose values up to an earlier end are others than those over the whole window. */
async function changesLater({ indicators }: Reads, { symbol, days }: Market, type: string): Promise<readonly string[]> {
  const [startDate = "", ...later] = days;
  const upTo = async (bars: number): Promise<IndicatorSeries> => {
    const endDate = later[bars - 2] ?? startDate;
    return await indicators.calculate({
      symbol,
      timeframe: TIMEFRAME,
      startDate,
      endDate,
      indicators: [
        {
          id: type,
          parameters: {},
        },
      ],
    });
  };
  const whole = await upTo(BARS);
  const changed = new Set<string>();
  for (const end of ENDS) {
    const earlier = await upTo(end);
    for (const [column, values] of Object.entries(earlier.values)) {
      const later = whole.values[column] ?? [];
      if (values.some((value, at) => differ(value, later[at] ?? null))) changed.add(column);
    }
  }
  return [...changed];
}

const differ = (then: number | null, later: number | null): boolean =>
  then === null || later === null
    ? then !== later
    : Math.abs(then - later) > ROUNDING * Math.max(1, Math.abs(then), Math.abs(later));

const repainting = (changing: readonly string[], symbol: string): Finding[] =>
  changing.length === 0
    ? []
    : [
        found(
          PART,
          "indicator_repaints",
          `on ${symbol}, past values change when later bars come: ${changing.join("; ")}`,
          {
            fix: AGAIN,
            note: "Use none of them as an input, and believe no result that was made with them: the network saw the future.",
          },
        ),
      ];

const unexamined = (failed: readonly string[]): Finding[] =>
  failed.length === 0
    ? []
    : [found(PART, "indicators_unexamined", `KTRDR did not compute ${failed.join(", ")}`, { fix: AGAIN })];

const well = (changing: readonly string[], failed: readonly string[], symbol: string): Finding[] =>
  changing.length + failed.length > 0
    ? []
    : [
        fine(
          PART,
          `all ${INDICATORS.length} types on ${symbol} keep their past values, but for those refused as inputs`,
        ),
      ];
