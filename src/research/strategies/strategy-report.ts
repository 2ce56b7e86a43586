import { DomainError, isDomainError } from "../../domain/errors.ts";
import { toBars, toEpochMs, type Bar, type DateWindow } from "../../domain/market-data.ts";
import type { Finding } from "../../domain/strategy/finding.ts";
import { firstMarket } from "../../domain/strategy/market.ts";
import { validateStrategy, type StrategySummary, type Validation } from "../../domain/strategy/validate.ts";
import type { Bars, DataRange } from "../../ktrdr/data.ts";
import { barsFound, nameFindings, othersFound, unlessRefused, type MarketName } from "./bar-check.ts";
import { isError } from "./clearance.ts";
import type { Deps } from "../ports.ts";

const SHOWN_ERRORS = 12;
const SHOWN_WARNINGS = 6;
const SHOWN_FEATURES = 24;
/** Without dates labels are counted on at most so many bars. */
const MOST_BARS = 20_000;
/** Markets whose bars are judged beside those of the first. */
const MOST_OTHERS = 12;

export interface StrategyReport extends Validation {
  /** Which data was used, or why none was. */
  readonly checkedOn: string;
  /** Findings about the bars of its market: of the given dates, else of all stored ones. */
  readonly ofBars: readonly Finding[];
}

/**
 * Judges a strategy on real bars of its own market when KTRDR has them. Otherwise it judges the text alone, and says
 * so. Never rejects because of KTRDR.
 */
export async function reportStrategy(
  deps: Deps,
  given: { readonly text: string; readonly fileName?: string | undefined; readonly window?: DateWindow | undefined },
  signal: AbortSignal,
): Promise<StrategyReport> {
  const first = validateStrategy(given);
  const market = first.summary === null ? null : firstMarket(first.summary);
  if (first.summary === null || market === null)
    return { ...first, ofBars: [], checkedOn: "the text only: it names no usable symbol and timeframe" };
  const { symbol, timeframe } = market;
  try {
    const range = { symbol, timeframe, ...(await deps.reads.range(symbol, timeframe, signal)) };
    const { symbols, timeframes } = first.summary;
    const read = symbols.flatMap((name) => timeframes.map((bar) => ({ symbol: name, timeframe: bar })));
    const others = read.filter((one) => one.symbol !== symbol || one.timeframe !== timeframe).slice(0, MOST_OTHERS);
    const ofBars = [
      ...nameFindings(market),
      ...(await barsFound(deps, market, given.window, signal)),
      ...(await othersFound(deps, others, given.window, signal)),
    ];
    const window = given.window ?? beforeTheExam(range);
    const bars = toBars((await unlessRefused(deps.reads.bars(symbol, timeframe, window, signal))) ?? NO_BARS);
    const judged = validateStrategy({ ...given, range, ...(bars.length === 0 ? {} : { bars }) });
    return { ...judged, ofBars, checkedOn: checkedOn(market, bars, given.window === undefined) };
  } catch (error) {
    if (signal.aborted || !(error instanceof DomainError)) throw error;
    // KTRDR has no range of a file whose times it cannot read; the file's defects are told all the same.
    const unreadable = isDomainError(error, "ktrdr_rejected");
    const ofBars = unreadable ? await barsFound(deps, market, given.window, signal) : [];
    return { ...first, ofBars, checkedOn: textOnly(market, error) };
  }
}

function textOnly({ symbol, timeframe }: MarketName, { code }: DomainError): string {
  if (code === "data_not_found") {
    return `the text only: no bars of ${symbol} ${timeframe} are stored (load_market_data fetches them)`;
  }
  return code === "ktrdr_rejected"
    ? "the text only: KTRDR cannot read the price file"
    : "the text only: KTRDR does not answer (check_health says how to start it)";
}

const NO_BARS: Bars = { times: [], ohlcv: [] };

/** Without dates, labels are counted on this share of the bars, the oldest: the newest ones are kept for backtests. */
const LEARNT_SHARE = 0.7;

/** The dates of the oldest bars, on which labels are counted. */
function beforeTheExam(range: DataRange): DateWindow {
  const [first, last] = [toEpochMs(range.startDate), toEpochMs(range.endDate)];
  const share = Math.min(LEARNT_SHARE, MOST_BARS / Math.max(1, range.points));
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return { startDate: day(first), endDate: day(first + (last - first) * share) };
}

function checkedOn({ symbol, timeframe }: MarketName, bars: readonly Bar[], chosen: boolean): string {
  if (bars.length === 0) return "the stored range; no bars on these dates";
  const [from, to] = [bars[0]?.time.slice(0, 10), bars.at(-1)?.time.slice(0, 10)];
  const why = chosen ? " (without dates the oldest ones; the newest are kept for backtests)" : "";
  return `${symbol} ${timeframe}, ${bars.length} bars ${from} to ${to}${why}`;
}

/** Adds the findings about bars: before a training they count like those about the text. */
export const withBars = (judged: StrategyReport): StrategyReport => ({
  ...judged,
  findings: [...judged.findings, ...judged.ofBars],
  valid: judged.valid && !judged.ofBars.some(isError),
});

/** The fields of every answer about a judged strategy: findings first, then its summary. */
export function reportFacts({ valid, findings, summary, checkedOn }: StrategyReport) {
  const errors = findings.filter((finding) => finding.severity === "error");
  const warnings = findings.filter((finding) => finding.severity === "warning");
  return {
    valid,
    errors: errors.slice(0, SHOWN_ERRORS).map(findingFacts),
    warnings: warnings.slice(0, SHOWN_WARNINGS).map(findingFacts),
    more_findings: Math.max(0, errors.length - SHOWN_ERRORS) + Math.max(0, warnings.length - SHOWN_WARNINGS),
    checked_on: checkedOn,
    summary: summary === null ? null : summaryFacts(summary),
  };
}

function findingFacts({ code, where, line, what, why, fix }: Finding) {
  return { code, where, ...(line === null ? {} : { line }), what, why, fix };
}

export function summaryFacts(summary: StrategySummary) {
  const { labels, features } = summary;
  const classes = labels?.distribution?.map(({ label, share }) => [label, Number(share.toFixed(3))] as const);
  return {
    symbols: summary.symbols,
    timeframes: summary.timeframes,
    indicators: summary.indicatorTypes,
    features: features.slice(0, SHOWN_FEATURES),
    feature_count: features.length,
    warm_up_bars: summary.warmUpBars,
    ...(labels === null ? {} : { labels: labels.source }),
    ...(classes === undefined ? {} : { label_shares: Object.fromEntries(classes) }),
  };
}

/** The dates of a call, when both or none are given. @throws DomainError `invalid_input` */
export function windowOf(startDate: string | undefined, endDate: string | undefined): DateWindow | undefined {
  if (startDate === undefined && endDate === undefined) return undefined;
  if (startDate !== undefined && endDate !== undefined && startDate <= endDate) return { startDate, endDate };
  throw new DomainError("invalid_input", {
    what: "start_date and end_date go together, the earlier first.",
    why: `given: ${startDate ?? "no start_date"}, ${endDate ?? "no end_date"}`,
    valid: ["both, e.g. 2000-01-03 and 2014-12-31", "neither"],
    next: "repeat the call with both dates, or without",
  });
}
