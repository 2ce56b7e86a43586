import { coverageOf, isIsoDate, isSymbol, SYMBOL_PATTERN, toEpochMs, type DateWindow } from "../market-data.ts";
import { strategyWarmUp } from "./check-indicators.ts";
import { alternatives, shown } from "./finding.ts";
import type { Examined } from "./rules.ts";
import { TrainingDataSchema } from "./schema.ts";
import { fit, isMapping, own, reportUnknownKeys } from "./shape.ts";

/** KTRDR refuses to train on fewer (contract §2.7 recordings: 22); below this a training proves nothing. */
const FEWEST_BARS = 200;

/** Symbols, timeframes, dates and the amount of data. */
export function checkData(examined: Examined): void {
  const { raw, report } = examined;
  const section = own(raw, "training_data");
  if (section !== undefined) {
    const data = fit(TrainingDataSchema, section, ["training_data"], report);
    if (data !== null && isMapping(section)) {
      const known = [...Object.keys(TrainingDataSchema.shape), "start_date", "end_date"];
      reportUnknownKeys(section, known, ["training_data"], report);
      checkSymbols(data.symbols, examined);
      checkTimeframes(data.timeframes, examined);
    }
  }
  const dates = readDates(section, examined);
  checkRange(examined.window ?? dates, examined);
  checkAmount(examined);
}

interface SymbolChoice {
  readonly mode: string;
  readonly symbol?: string | undefined;
  readonly list?: readonly string[] | undefined;
}

function checkSymbols({ mode, symbol, list }: SymbolChoice, { report }: Examined): void {
  const path = ["training_data", "symbols"];
  if (mode === "single" && symbol === undefined) {
    report.error("missing", [...path, "symbol"], {
      what: "symbol is missing.",
      why: "mode single trains on one symbol.",
      fix: "Write symbols: {mode: single, symbol: SPX}.",
    });
  }
  if (mode === "multi_symbol") {
    if (list === undefined) {
      report.error("missing", [...path, "list"], {
        what: "list is missing.",
        why: "mode multi_symbol trains on the symbols of a list.",
        fix: "Write symbols: {mode: multi_symbol, list: [EURUSD, GBPUSD]}.",
      });
    }
    report.warning("multi_symbol", path, {
      what: "A multi-symbol training learns the labels of the first symbol only.",
      why: "KTRDR takes the labels of the first and cuts the others to their length.",
      fix: "Train one symbol at a time and compare the results.",
    });
  }
  for (const name of [...(symbol === undefined ? [] : [symbol]), ...(list ?? [])]) {
    if (isSymbol(name)) continue;
    report.error("bad_symbol", path, {
      what: `${shown(name)} is not a symbol KTRDR can store.`,
      why: "Symbols are part of file names; an underscore cuts them in two.",
      fix: `Use up to 20 letters, digits, dots and dashes (${SYMBOL_PATTERN.source}); list_market_data shows what there is.`,
    });
  }
}

interface TimeframeChoice {
  readonly mode: string;
  readonly timeframe?: string | undefined;
  readonly list?: readonly string[] | undefined;
  readonly base_timeframe?: string | undefined;
}

function checkTimeframes({ mode, timeframe, list, base_timeframe: base }: TimeframeChoice, { report }: Examined): void {
  const path = ["training_data", "timeframes"];
  if (mode === "single") {
    if (timeframe !== undefined) return;
    report.error("missing", [...path, "timeframe"], {
      what: "timeframe is missing.",
      why: "mode single trains on one timeframe.",
      fix: "Write timeframes: {mode: single, timeframe: 1d}.",
    });
  } else if (list === undefined || new Set(list).size < 2) {
    report.error("too_few_timeframes", [...path, "list"], {
      what: "mode multi_timeframe needs at least two different timeframes.",
      why: `The list has ${new Set(list).size}.`,
      fix: 'Write list: ["1h", "4h"], base_timeframe: "1h", or use mode single.',
    });
  } else if (base !== undefined && !list.includes(base)) {
    report.error("base_timeframe", [...path, "base_timeframe"], {
      what: `base_timeframe ${shown(base)} is not in the list.`,
      why: "The other timeframes are aligned to the bars of the base.",
      fix: `Use ${alternatives(list)}.`,
    });
  }
}

/** The strategy's own dates, which a training started over the API does not use (contract §2.7). */
function readDates(section: unknown, { report }: Examined): DateWindow | null {
  const [startDate, endDate] = [own(section, "start_date"), own(section, "end_date")];
  if (startDate === undefined && endDate === undefined) return null;
  report.warning("no_effect", ["training_data", startDate === undefined ? "end_date" : "start_date"], {
    what: "The dates of the strategy have no effect.",
    why: "A training uses the dates it is started with.",
    fix: "Give start_date and end_date to train_model.",
  });
  for (const [name, date] of Object.entries({ start_date: startDate, end_date: endDate })) {
    if (date === undefined || isIsoDate(date)) continue;
    report.error("bad_date", ["training_data", name], {
      what: `${shown(date)} is not a date.`,
      why: "Dates are written year-month-day and must exist.",
      fix: `Write ${name}: "2005-01-03".`,
    });
  }
  return isIsoDate(startDate) && isIsoDate(endDate) ? { startDate, endDate } : null;
}

function checkRange(window: DateWindow | null, { range, report }: Examined): void {
  if (window === null) return;
  const path = ["training_data"];
  if (toEpochMs(window.startDate) > toEpochMs(window.endDate)) {
    report.error("dates_reversed", path, {
      what: `${window.startDate} is after ${window.endDate}.`,
      why: "KTRDR accepts it and the training fails without data.",
      fix: "Swap or correct the dates.",
    });
  } else if (range !== null) {
    const coverage = coverageOf(window, range);
    if (coverage === "inside") return;
    const [first, last] = [range.startDate.slice(0, 10), range.endDate.slice(0, 10)];
    const facts = {
      what: `There is no data for ${coverage === "outside" ? "any" : "a part"} of ${window.startDate} to ${window.endDate}.`,
      why: `${range.symbol} ${range.timeframe} is stored from ${first} to ${last}; a training never fetches data.`,
      fix: `Use dates from ${first} to ${last}, or load more with load_market_data.`,
    };
    if (coverage === "outside") report.error("dates_without_data", path, facts);
    else report.warning("dates_without_data", path, facts);
  }
}

function checkAmount({ bars, range, raw, indicators, report }: Examined): void {
  const available = bars?.length ?? range?.points ?? null;
  if (available === null) return;
  const warmUp = strategyWarmUp(indicators);
  const required = own(own(raw, "training_data"), "history_required");
  const history = typeof required === "number" ? required : 200;
  const needed = Math.max(50 + warmUp, history);
  const path = ["training_data"];
  const why = `The indicators need ${warmUp} bars before their first value, a backtest skips 50, and history_required is ${history}.`;
  if (available < needed) {
    report.error("too_few_bars", path, {
      what: `${available} bars are too few.`,
      why,
      fix: `Use at least ${needed} bars, better several hundred: a longer period, a shorter timeframe or shorter indicators.`,
    });
  } else if (available < FEWEST_BARS + warmUp) {
    report.warning("few_bars", path, {
      what: `${available} bars are few.`,
      why,
      fix: `Use several hundred bars, at least ${FEWEST_BARS + warmUp}.`,
    });
  }
}
