/** Whether an operation of KTRDR contradicts a request. What it does not tell contradicts nothing. */
import type { BacktestRequest } from "../../domain/kinds/backtest.ts";
import type { DataLoadRequest } from "../../domain/kinds/data-load.ts";
import type { Operation } from "../../domain/operation.ts";

type Placed = Pick<DataLoadRequest, "symbol" | "timeframe" | "startDate" | "endDate">;

export const sameMarketAndDates = (operation: Operation, request: Placed): boolean =>
  agrees(operation.symbol, request.symbol) &&
  agrees(operation.timeframe, request.timeframe) &&
  sameDay(operation.startDate, request.startDate) &&
  sameDay(operation.endDate, request.endDate);

export const recognisesBacktest = (operation: Operation, request: BacktestRequest): boolean =>
  sameMarketAndDates(operation, request) &&
  operation.operationType === "backtesting" &&
  agrees(operation.parameters["strategy_name"], request.strategy) &&
  agrees(operation.parameters["initial_capital"], request.initialCapital) &&
  agrees(operation.parameters["commission"], request.commission) &&
  agrees(operation.parameters["slippage"], request.slippage) &&
  agrees(operation.parameters["model_path"], request.modelPath);

export const agrees = (told: unknown, wanted: string | number): boolean =>
  told === undefined || told === null || told === "" || told === wanted;

const sameDay = (told: string | null, wanted: string | null): boolean =>
  told === null || wanted === null || told.slice(0, 10) === wanted.slice(0, 10);
