import { z } from "zod";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { defectLine, isError } from "../../domain/bars/words.ts";
import { isTimeframe, symbolAdvice, TIMEFRAMES } from "../../domain/market-data.ts";
import type { SymbolInfo } from "../../ktrdr/data.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { symbol, timeframe } from "../fields.ts";
import { compact, rounded } from "../../domain/facts.ts";
import { powerOf } from "../../research/jobs/luck-of.ts";

const SHOWN_VALID = 30;

export const listMarketData = defineTool({
  name: "list_market_data",
  title: "List market data",
  description: `Which bars are stored: symbols, timeframes, first and last bar, number of bars, and what is wrong with them (defects). Call it first: every date of a training or backtest must lie inside.

Without arguments: all symbols. With symbol: its timeframes, and what their years can still show. With symbol and timeframe also the latest bars. Missing data: load_market_data.

Example: {"symbol": "SPX", "timeframe": "1d", "bars": 3}`,
  input: z.strictObject({
    symbol: symbol.optional().describe("Only this symbol."),
    timeframe: timeframe.optional().describe("Only this timeframe."),
    bars: z.number().int().min(0).max(50).default(0).describe("Latest bars to show; needs symbol and timeframe."),
    limit: z.number().int().min(1).max(100).default(20).describe("Rows at most."),
  }),
  output: z.object({
    data: z.array(z.looseObject({ symbol: z.string(), timeframe: z.string() })),
    more: z.boolean(),
    latest_bars: z
      .array(z.array(z.union([z.string(), z.number()])))
      .optional()
      .describe("time, o, h, l, c, volume"),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle(args, context) {
    const symbols = await context.deps.reads.symbols(context.signal);
    const chosen = symbols.filter((known) => args.symbol === undefined || sameSymbol(known.symbol, args.symbol));
    if (args.symbol !== undefined && chosen.length === 0) throw unknownSymbol(args.symbol, symbols);
    const pairs = chosen.flatMap((known) =>
      known.timeframes
        .filter((name) => args.timeframe === undefined || name === args.timeframe)
        .map((name) => ({ symbol: known.symbol, timeframe: name })),
    );
    if (args.symbol !== undefined && pairs.length === 0) throw unknownTimeframe(args.symbol, chosen);
    const rows = await judgedRows(pairs.slice(0, args.limit), context);
    const [only] = pairs;
    const wanted = args.bars > 0 && args.symbol !== undefined && args.timeframe !== undefined;
    const latest = wanted && only !== undefined ? await latestBars(only, args.bars, context) : undefined;
    const data = args.symbol === undefined ? rows : await Promise.all(rows.map((row) => withPower(row, context)));
    return { data, more: pairs.length > args.limit, ...(latest === undefined ? {} : { latest_bars: latest }) };
  },
});

interface Pair {
  readonly symbol: string;
  readonly timeframe: string;
}
type Row = Pair & Record<string, unknown>;

const sameSymbol = (a: string, b: string): boolean => a.toUpperCase() === b.toUpperCase();

/** Time for judging all bars of a list; the bars of a single named market are judged however long that takes. */
const LOOK_FOR_MS = 5_000;
const SHOWN_DEFECTS = 5;

/** Ranges are read in parallel, bars one after the other: without `KTRDR_DATA_DIR` KTRDR reads a whole file for each. */
async function judgedRows(pairs: readonly Pair[], context: ToolContext) {
  const rows = await Promise.all(pairs.map((pair) => rangeRow(pair, context)));
  const signal =
    pairs.length === 1 ? context.signal : AbortSignal.any([context.signal, AbortSignal.timeout(LOOK_FOR_MS)]);
  const judged: Record<string, unknown>[] = [];
  for (const [index, pair] of pairs.entries()) {
    judged.push({ ...pair, ...rows[index], ...(await defectsOf(pair, context, signal)) });
  }
  return judged as Row[];
}

/** First, last and number of bars; a pair whose file is empty or unreadable says so instead of failing the list. */
async function rangeRow(pair: Pair, { deps, signal }: ToolContext) {
  const problem = nameProblem(pair);
  try {
    const { startDate, endDate, points } = await deps.reads.range(pair.symbol, pair.timeframe, signal);
    return { from: dayOf(startDate), to: dayOf(endDate), bars: points, ...problem };
  } catch (error) {
    if (!isDomainError(error, "data_not_found", "ktrdr_rejected")) throw error;
    return { bars: 0, problem: "KTRDR lists it but has no readable bars", ...problem };
  }
}

/** What all years of a market can still show. */
async function withPower(row: Row, { deps }: ToolContext): Promise<Row> {
  const { from, to } = row;
  if (typeof from !== "string" || typeof to !== "string") return row;
  const years = { startDate: from.slice(0, 10), endDate: to.slice(0, 10) };
  return { ...row, ...compact({ power: await powerOf(deps, row.symbol, years) }) };
}

/** KTRDR lists files whose names it cannot use. */
function nameProblem({ symbol, timeframe }: Pair): { problem?: string } {
  const advice = symbolAdvice(symbol);
  if (advice !== null) return { problem: advice };
  if (isTimeframe(timeframe)) return {};
  return {
    problem: `"${timeframe.slice(0, 40)}" is no timeframe: name the price file <SYMBOL>_<timeframe>.csv with one underscore, e.g. ${symbol}USD_1d.csv; timeframes are ${TIMEFRAMES.join(", ")}.`,
  };
}

/** The defects of the bars, one line for each kind; nothing for sound bars. */
async function defectsOf(pair: Pair, { deps, signal: callers }: ToolContext, signal: AbortSignal) {
  if (!isTimeframe(pair.timeframe)) return {};
  try {
    const { defects } = await deps.reads.health(pair.symbol, pair.timeframe, {}, signal);
    if (defects.length === 0) return {};
    const lines = defects.toSorted((a, b) => Number(isError(b)) - Number(isError(a))).map(defectLine);
    const more = lines.length - SHOWN_DEFECTS;
    return { defects: more <= 0 ? lines : [...lines.slice(0, SHOWN_DEFECTS), `and ${more} kinds more`] };
  } catch (error) {
    if (callers.aborted) throw error;
    if (isDomainError(error, "data_not_found", "ktrdr_rejected")) return {};
    return { not_judged: "KTRDR took too long to tell the bars; name this symbol and timeframe alone" };
  }
}

/** A date when the bar is a day's or longer, the whole stamp otherwise. */
const dayOf = (stamp: string): string => (/T00:00:00/.test(stamp) ? stamp.slice(0, 10) : stamp);

async function latestBars(pair: Pair, count: number, { deps, signal }: ToolContext) {
  const { times, ohlcv } = await deps.reads.bars(pair.symbol, pair.timeframe, { limit: count }, signal);
  return ohlcv.map((bar, index) => [
    dayOf(times[index] ?? ""),
    ...bar.map((value) => (Number.isFinite(value) ? rounded(value) : null) ?? "no number"),
  ]);
}

function unknownSymbol(wanted: string, symbols: readonly SymbolInfo[]): DomainError {
  return new DomainError("data_not_found", {
    what: `No bars of ${wanted} are stored.`,
    valid: symbols.slice(0, SHOWN_VALID).map((known) => known.symbol),
    next: "choose a stored symbol, or fetch this one with load_market_data (mode full)",
  });
}

function unknownTimeframe(wanted: string, chosen: readonly SymbolInfo[]): DomainError {
  return new DomainError("data_not_found", {
    what: `No bars of ${wanted} are stored on that timeframe.`,
    valid: chosen.flatMap((known) => known.timeframes),
    next: "choose a stored timeframe, or fetch this one with load_market_data (mode full)",
  });
}
