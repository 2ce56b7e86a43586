/** The health of bars by KTRDR's answers, when its files cannot be read. KTRDR refuses a whole range for one bad bar. */
import type { BarHealth, Defect } from "../domain/bars/defect.ts";
import { barHealth } from "../domain/bars/health.ts";
import { seriesOf, stepOf } from "../domain/bars/series.ts";
import { isDomainError } from "../domain/errors.ts";
import { toEpochMs } from "../domain/market-data.ts";
import type { Bar, Bars, BarWindow, DataRange, MarketData } from "./data.ts";

/** Most requests for one report: enough to find three bad bars among a hundred thousand. */
const MOST_QUESTIONS = 64;
/** For so many bars the reason is looked up. */
const SHOWN_REASONS = 3;
/** Milliseconds; KTRDR's times have whole seconds. */
const SECOND = 1_000;

/**
 * @param window the bars to judge; all stored ones when absent
 * @throws DomainError when KTRDR does not answer at all, `data_not_found`
 */
export async function answeredHealth(
  data: Pick<MarketData, "bars" | "range">,
  symbol: string,
  timeframe: string,
  window: BarWindow,
  signal: AbortSignal | undefined,
): Promise<BarHealth> {
  const search = new Search(data, symbol, timeframe, signal);
  const whole = await search.ask(window);
  if (whole !== "refused" && whole.times.length > 0) return barHealth(seriesOf(timeframe, whole, toEpochMs));
  const range = await rangeOf(data, symbol, timeframe, signal);
  if (range === "refused") return await ofUnreadable(search, timeframe);
  if (whole !== "refused") return { bars: 0, defects: [] };
  const [from, to] = spanOf(window, range);
  await search.divide(from, to);
  const { bars, defects } = barHealth(seriesOf(timeframe, search.sound(), toEpochMs));
  // The refused bars are missing in the judged series; that is no hole.
  return { bars, defects: [...search.refused(), ...defects.filter(({ kind }) => kind !== "hole")] };
}

/** KTRDR refuses the range of a file whose first column it cannot read as times (docs/ktrdr.md §2.2). */
async function rangeOf(
  data: Pick<MarketData, "range">,
  symbol: string,
  timeframe: string,
  signal: AbortSignal | undefined,
): Promise<DataRange | "refused"> {
  const ask = async (): Promise<DataRange | "refused"> => {
    try {
      return await data.range(symbol, timeframe, signal);
    } catch (error) {
      if (isDomainError(error, "ktrdr_rejected")) return "refused";
      throw error;
    }
  };
  // After a 500 KTRDR's server closes the connection. A POST on it fails, and the client does not repeat a POST by
  // itself.
  return await ask().catch((error: unknown) => {
    if (isDomainError(error, "ktrdr_unavailable") && signal?.aborted !== true) return ask();
    throw error;
  });
}

/** KTRDR makes up dates for such a file, so its bars lie on those. */
async function ofUnreadable(search: Search, timeframe: string): Promise<BarHealth> {
  const made = await search.ask({ limit: 100 });
  const known = made === "refused" ? [] : barHealth(seriesOf(timeframe, made, toEpochMs)).defects;
  const told = known.filter(({ kind }) => kind === "numbers_for_times" || kind === "constant_price");
  const unknown: Defect = { kind: "unreadable_file", at: [], line: null, detail: "it is not the CSV that it expects" };
  return { bars: 0, defects: told.length === 0 ? [unknown] : told.map((defect) => ({ ...defect, at: [] })) };
}

/** The ends of the window, inclusive, in ms since 1970. A series out of order may have its first and last bar anywhere. */
function spanOf({ startDate, endDate }: BarWindow, range: DataRange): [number, number] {
  const [a, b] = [toEpochMs(range.startDate), toEpochMs(range.endDate)];
  const from = startDate === undefined ? Math.min(a, b) : toEpochMs(startDate);
  const to = endDate === undefined ? Math.max(a, b) : toEpochMs(endDate) + 86_399_000;
  return [from, to];
}

const instant = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

/** Divides a refused range until each refused part holds one bar. */
class Search {
  readonly #ask: (window: BarWindow) => Promise<Bars>;
  readonly #step: number;
  readonly #parts: Bars[] = [];
  readonly #bad: { readonly at: number; readonly reason: string | null }[] = [];
  #reason: string | undefined;
  #left = MOST_QUESTIONS;

  constructor(data: Pick<MarketData, "bars">, symbol: string, timeframe: string, signal: AbortSignal | undefined) {
    this.#ask = (window) => data.bars(symbol, timeframe, window, signal);
    this.#step = stepOf(timeframe);
  }

  async ask(window: BarWindow): Promise<Bars | "refused"> {
    this.#left -= 1;
    try {
      return await this.#ask(window);
    } catch (error) {
      if (isDomainError(error, "bars_refused")) {
        this.#reason = error.why;
        return "refused";
      }
      throw error;
    }
  }

  /** The range between two instants, inclusive, is known to be refused. */
  async divide(from: number, to: number): Promise<void> {
    if (to - from < this.#step || this.#left < 2) {
      // KTRDR's reason counts only when it was given for this bar alone.
      this.#bad.push({ at: from, reason: to - from < this.#step ? (this.#reason ?? null) : null });
      return;
    }
    // Divides between two bars.
    const middle = from + Math.max(1, Math.floor((to - from) / 2 / this.#step)) * this.#step;
    const halves = [
      [from, middle - SECOND],
      [middle, to],
    ] as const;
    for (const [begin, end] of halves) {
      const part = this.#left < 1 ? "refused" : await this.ask({ startDate: instant(begin), endDate: instant(end) });
      if (part === "refused") await this.divide(begin, end);
      else this.#parts.push(part);
    }
  }

  sound(): { readonly times: readonly string[]; readonly ohlcv: readonly Bar[] } {
    return { times: this.#parts.flatMap(({ times }) => times), ohlcv: this.#parts.flatMap(({ ohlcv }) => ohlcv) };
  }

  /** The refused bars. A bar without a readable time lies on no dates, so the search cannot find it. */
  refused(): Defect[] {
    const told = this.#bad.flatMap(({ at, reason }) => (reason === null ? [] : [`${instant(at)}Z: ${reason}`]));
    const detail = this.#bad.length === 0 ? (this.#reason ?? "") : told.slice(0, SHOWN_REASONS).join("; ");
    return [{ kind: "refused", at: this.#bad.map(({ at }) => at), line: null, detail }];
  }
}
