import { z } from "zod";
import { compact } from "../facts.ts";
import { MARKET, ORIGIN } from "../result.ts";
import type { Stored } from "../stored.ts";
import { defineKind } from "./define-kind.ts";

export const DataLoadRequest = z.strictObject({
  kind: z.literal("data_load"),
  ...MARKET,
  mode: z.enum(["tail", "backfill", "full"]),
  startDate: z.string().nullable(),
  endDate: z.string().nullable(),
});
export type DataLoadRequest = Stored<typeof DataLoadRequest>;

export const DataLoadResult = z.strictObject({
  kind: z.literal("data_load"),
  ...MARKET,
  firstBar: z.string(),
  lastBar: z.string(),
  bars: z.number(),
  barsAdded: z.number().nullable(),
  ...ORIGIN,
});
export type DataLoadResult = Stored<typeof DataLoadResult>;

const day = (time: string): string => time.slice(0, 10);

export const dataLoad = defineKind({
  name: "data_load",
  prefix: "load",
  workflow: "loadMarketData",
  computing: {
    operationType: "data_load",
    workerTypes: [],
    holdsResult: (result) => Object.keys(result).length > 0,
  },
  request: DataLoadRequest,
  result: DataLoadResult,
  subject: ({ symbol, timeframe }) => ({ strategy: null, symbol, timeframe }),
  summary: ({ symbol, timeframe, mode }) => `load ${symbol} ${timeframe} (${mode})`,
  computations: () => 1,
  insisted: () => [],
  headline: ({ symbol, timeframe, bars, firstBar, lastBar, barsAdded }) =>
    `${symbol} ${timeframe}: ${bars} bars ${day(firstBar)} to ${day(lastBar)}${barsAdded === null ? "" : `, ${barsAdded} added`}`,
  told: ({ firstBar, lastBar, bars, barsAdded }) => ({
    figures: compact({ first_bar: firstBar, last_bar: lastBar, bars, bars_added: barsAdded }),
  }),
  origin: () => ({}),
  startedBy: ["load_market_data"],
  again: "To load again, repeat load_market_data with force_new_reason; list_market_data shows what is stored.",
  mend: "Mend what the reason names: a load needs KTRDR's data source, which its operator runs. list_market_data shows what is stored; then repeat load_market_data with force_new_reason.",
  next: "train_model or run_backtest on the new dates.",
});
