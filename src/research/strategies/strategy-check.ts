/** Judges a strategy: its text, and the bars it is to learn on. */
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { lockedOut, strategyNamesHoldout } from "../../domain/holdout/symbol.ts";
import { toEpochMs, type DataRange, type DateWindow } from "../../domain/market-data.ts";
import type { Finding } from "../../domain/strategy/finding.ts";
import { firstMarket } from "../../domain/strategy/market.ts";
import { parseStrategy } from "../../domain/strategy/parse.ts";
import type { Validation } from "../../domain/strategy/validate.ts";
import { assertOpenDays } from "../holdout/unkept.ts";
import type { Deps } from "../ports.ts";
import { barsFound, nameFindings, othersFound, unlessRefused, type MarketName } from "./bar-check.ts";
import { isError, type Checked } from "./clearance.ts";
import { NO_BARS, type Given, type Text } from "./strategy-texts.ts";

/**
 * Nobody can insist on a strategy that reads a holdout.
 * @throws DomainError `holdout_locked`
 */
export function assertOpenStrategy(text: string): void {
  const parsed = parseStrategy(text);
  if (parsed.ok && strategyNamesHoldout(parsed.text.value)) throw lockedOut();
}

/** The strategy's findings, for `clear`. @throws DomainError `holdout_locked` */
export function strategySubject({ texts }: Pick<Deps, "texts">, file: Required<Text>, given: Given = {}): Checked {
  assertOpenStrategy(file.text);
  const { findings, summary } = texts.judge(file, given);
  return subjectOf(file.name, findings, summary === null);
}

/** Findings of a strategy, saved or not. */
export const subjectOf = (name: string, findings: readonly Finding[], unusable: boolean): Checked => ({
  name: `The strategy ${name}`,
  findings,
  code: "strategy_invalid",
  next: "validate_strategy lists every finding; mend them (create_strategy, mutate_strategy) and call again",
  unusable,
});

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
 * @throws DomainError `holdout_locked`; `data_not_found` for days that a holdout keeps back
 */
export async function reportStrategy(
  deps: Deps,
  { window, ...file }: Text & { readonly window?: DateWindow | undefined },
  signal: AbortSignal,
): Promise<StrategyReport> {
  assertOpenStrategy(file.text);
  const first = deps.texts.judge(file, { window });
  const market = first.summary === null ? null : firstMarket(first.summary);
  if (first.summary === null || market === null)
    return { ...first, ofBars: [], checkedOn: "the text only: it names no usable symbol and timeframe" };
  const { symbol, timeframe } = market;
  if (window !== undefined) await assertOpenDays(deps, market, window);
  try {
    const range = { symbol, timeframe, ...(await deps.reads.range(symbol, timeframe, signal)) };
    const { symbols, timeframes } = first.summary;
    const read = symbols.flatMap((name) => timeframes.map((bar) => ({ symbol: name, timeframe: bar })));
    const others = read.filter((one) => one.symbol !== symbol || one.timeframe !== timeframe).slice(0, MOST_OTHERS);
    const ofBars = [
      ...nameFindings(market),
      ...(await barsFound(deps, market, window, signal)),
      ...(await othersFound(deps, others, window, signal)),
    ];
    const counted = window ?? beforeTheExam(range);
    const bars = (await unlessRefused(deps.reads.bars(symbol, timeframe, counted, signal))) ?? NO_BARS;
    const judged = deps.texts.judge(file, { window, range, bars: bars.times.length === 0 ? undefined : bars });
    return { ...judged, ofBars, checkedOn: checkedOn(market, bars.times, window === undefined) };
  } catch (error) {
    if (signal.aborted || !(error instanceof DomainError)) throw error;
    // KTRDR has no range of a file whose times it cannot read; the file's defects are told all the same.
    const unreadable = isDomainError(error, "ktrdr_rejected");
    const ofBars = unreadable ? await barsFound(deps, market, window, signal) : [];
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

/** Without dates, labels are counted on this share of the bars, the oldest: the newest ones are kept for backtests. */
const LEARNT_SHARE = 0.7;

/** The dates of the oldest bars, on which labels are counted. */
function beforeTheExam(range: DataRange): DateWindow {
  const [first, last] = [toEpochMs(range.startDate), toEpochMs(range.endDate)];
  const share = Math.min(LEARNT_SHARE, MOST_BARS / Math.max(1, range.points));
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return { startDate: day(first), endDate: day(first + (last - first) * share) };
}

function checkedOn({ symbol, timeframe }: MarketName, times: readonly string[], chosen: boolean): string {
  if (times.length === 0) return "the stored range; no bars on these dates";
  const [from, to] = [times[0]?.slice(0, 10), times.at(-1)?.slice(0, 10)];
  const why = chosen ? " (without dates the oldest ones; the newest are kept for backtests)" : "";
  return `${symbol} ${timeframe}, ${times.length} bars ${from} to ${to}${why}`;
}

/** Adds the findings about bars: before a training they count like those about the text. */
export const withBars = (judged: StrategyReport): StrategyReport => ({
  ...judged,
  findings: [...judged.findings, ...judged.ofBars],
  valid: judged.valid && !judged.ofBars.some(isError),
});
