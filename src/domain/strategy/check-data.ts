import { coverageOf, isSymbol, symbolAdvice, toEpochMs } from "../market-data.ts";
import { strategyWarmUp } from "./check-indicators.ts";
import { shown } from "./finding.ts";
import { minutesOf } from "./market.ts";
import type { Examined } from "./rules.ts";
import { TrainingDataSchema } from "./schema.ts";
import { fit, isMapping, own, reportUnknownKeys } from "./shape.ts";

/** Below this a training proves little; KTRDR trains nevertheless. */
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
      checkSymbols(examined);
      checkTimeframes(data.timeframes, examined);
    }
  }
  checkOwnDates(section, examined);
  checkRange(examined);
  checkAmount(examined);
}

function checkSymbols({ raw, symbols, report }: Examined): void {
  const path = ["training_data", "symbols"];
  if (symbols.length === 0) {
    report.error("missing", [...path, "symbol"], {
      what: "No symbol is named.",
      why: "KTRDR trains on the bars of symbols.",
      fix: "Write symbols: {mode: single, symbol: SPX}, or {mode: multi_symbol, list: [EURUSD, GBPUSD]}.",
    });
  }
  if (symbols.length > 1) {
    const zigzag = (own(own(own(raw, "training"), "labels"), "source") ?? "zigzag") === "zigzag";
    report.error("multi_symbol", path, {
      what: `KTRDR cannot train on ${symbols.length} symbols properly.`,
      why: zigzag
        ? `KTRDR puts the labels of ${shown(symbols[0])} beside the features of ${shown(symbols.at(-1))}: it learns noise.`
        : `KTRDR has labels of ${shown(symbols[0])} only, and drops the bars of the others.`,
      fix: "Train one symbol at a time (train_model and start_batch take symbols) and compare the results.",
    });
  }
  for (const name of symbols) {
    if (isSymbol(name)) continue;
    report.error("bad_symbol", path, {
      what: `${shown(name)} is not a symbol KTRDR can store.`,
      why: "Symbols are part of the names of price files.",
      fix: `${symbolAdvice(name)} list_market_data shows what there is.`,
    });
  }
}

interface TimeframeChoice {
  readonly mode: string;
  readonly list?: readonly string[] | undefined;
  readonly base_timeframe?: string | undefined;
}

function checkTimeframes({ mode, list, base_timeframe: base }: TimeframeChoice, examined: Examined): void {
  const { report, timeframes, timeframe: fine } = examined;
  const path = ["training_data", "timeframes"];
  if (timeframes.length === 0) {
    report.error("missing", [...path, "timeframe"], {
      what: "No timeframe is named.",
      why: "KTRDR trains on bars of a length.",
      fix: "Write timeframes: {mode: single, timeframe: 1d}.",
    });
  } else if (new Set(timeframes).size < timeframes.length || (mode === "multi_timeframe" && list?.length === 1)) {
    report.error("too_few_timeframes", [...path, "list"], {
      what: "mode multi_timeframe needs at least two different timeframes.",
      why: `The list has ${new Set(timeframes).size}.`,
      fix: "Use mode single with one timeframe.",
    });
  } else if (minutes(fine) > Math.min(...timeframes.map(minutes))) {
    report.error("timeframe_mistaken", path, {
      what: `KTRDR takes ${fine} for the finest of ${timeframes.join(", ")}.`,
      why: "It takes 1M for a minute and 2h for a day, so labels of one timeframe stand beside inputs of another: it learns noise.",
      fix: "Use one timeframe, or leave out 1M and 2h.",
    });
  } else if (base !== undefined && base !== fine) {
    report.warning("base_timeframe", [...path, "base_timeframe"], {
      what: `base_timeframe ${shown(base)} is not what the strategy learns on.`,
      why: `KTRDR takes samples and labels of the finest timeframe of the list, ${fine}; a backtest trades the bars of base_timeframe.`,
      fix: `Write base_timeframe: ${JSON.stringify(fine)}.`,
    });
  }
}

const minutes = (timeframe: string | null): number => minutesOf(timeframe ?? "") ?? 0;

/** The strategy's own dates, which a training started over the API does not use (docs/ktrdr.md §2.7). */
function checkOwnDates(section: unknown, { report, text }: Examined): void {
  const [startDate, endDate] = [own(section, "start_date"), own(section, "end_date")];
  if (startDate === undefined && endDate === undefined) return;
  report.warning("no_effect", ["training_data", startDate === undefined ? "end_date" : "start_date"], {
    what: "The dates of the strategy have no effect.",
    why: "A training uses the dates it is started with.",
    fix: "Give start_date and end_date to train_model.",
  });
  for (const name of ["start_date", "end_date"]) {
    if (text.writtenAs(["training_data", name]) === null) continue;
    report.error("bad_date", ["training_data", name], {
      what: `${name} is not quoted.`,
      why: "KTRDR needs text here, and its YAML reader turns an unquoted date into something else.",
      fix: `Remove it, or write ${name}: "2005-01-03".`,
    });
  }
}

function checkRange({ window, range, report }: Examined): void {
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

function checkAmount({ bars, range, indicators, report }: Examined): void {
  const available = bars?.length ?? range?.points ?? null;
  if (available === null) return;
  const warmUp = strategyWarmUp(indicators);
  const path = ["training_data"];
  const why = `The indicators need ${warmUp} bars before their first value.`;
  if (available < warmUp) {
    report.error("too_few_bars", path, {
      what: `${available} bars are too few.`,
      why: `${why} With fewer KTRDR fails.`,
      fix: "Use a longer period, a shorter timeframe or shorter indicators.",
    });
  } else if (available < FEWEST_BARS + warmUp) {
    report.warning("few_bars", path, {
      what: `${available} bars are few.`,
      why: `${why} On so few a training proves little.`,
      fix: `Use several hundred bars, at least ${FEWEST_BARS + warmUp}.`,
    });
  }
}
