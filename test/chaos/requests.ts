import type { Kind } from "./scenario.ts";

export interface ChaosRequest {
  readonly kind: Kind;
  readonly endDate: string;
  readonly tool: "train_model" | "run_backtest" | "load_market_data";
  readonly args: Readonly<Record<string, unknown>>;
}

export const dayOf = (year: number, day: number): string =>
  new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, 10);

/** Requests that differ in their end date. So each is another job of the lab, and can be told from the others. */
export class Requests {
  #turn = 0;
  readonly #model: string;

  constructor(model: string) {
    this.#model = model;
  }

  next(kind: Kind): ChaosRequest {
    this.#turn += 1;
    switch (kind) {
      case "training": {
        const endDate = dayOf(2005, this.#turn % 3_000);
        return {
          kind,
          endDate,
          tool: "train_model",
          args: { strategy: "probe", start_date: "2000-01-03", end_date: endDate },
        };
      }
      case "backtest": {
        const endDate = dayOf(2016, this.#turn % 1_300);
        return {
          kind,
          endDate,
          tool: "run_backtest",
          args: { model: this.#model, start_date: "2014-01-02", end_date: endDate },
        };
      }
      case "data_load": {
        const endDate = dayOf(2024, this.#turn % 600);
        return {
          kind,
          endDate,
          tool: "load_market_data",
          args: { symbol: "SYNNOISE", timeframe: "1d", mode: "tail", end_date: endDate },
        };
      }
    }
  }
}
