import { z } from "zod";
import type { Sending } from "./call.ts";
import { endOfDay } from "./text.ts";
import type { Transport } from "./transport.ts";

export interface BacktestStart {
  readonly strategyName: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** ISO dates, the last one included. */
  readonly startDate: string;
  readonly endDate: string;
  /** Currency. */
  readonly initialCapital: number;
  /** Ratios of traded value per fill. */
  readonly commission: number;
  readonly slippage: number;
  /** Model directory relative to KTRDR's working directory, as trainings return it (docs/ktrdr.md §2.9). */
  readonly modelPath: string;
}

export interface Backtests {
  /**
   * Posts once and never repeats: KTRDR takes no id for a backtest, so a second post would be a second run.
   * @throws DomainError `ktrdr_start_ambiguous` when KTRDR may have started it; any other error when it did not
   */
  start(request: BacktestStart, sending?: Sending): Promise<{ readonly operationId: string }>;
}

const StartedWire = z.looseObject({ operation_id: z.string().min(1).max(200) });

export function createBacktests({ api }: Transport): Backtests {
  return {
    async start(request, sending) {
      const { operation_id: operationId } = await api({
        method: "POST",
        path: "/api/v1/backtests/start",
        body: {
          strategy_name: request.strategyName,
          symbol: request.symbol,
          timeframe: request.timeframe,
          start_date: request.startDate,
          end_date: endOfDay(request.endDate),
          initial_capital: request.initialCapital,
          commission: request.commission,
          slippage: request.slippage,
          model_path: request.modelPath,
        },
        nature: "start",
        what: "The backtest",
        answer: StartedWire,
        ...sending,
      });
      return { operationId };
    },
  };
}
