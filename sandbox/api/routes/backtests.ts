import { detail } from "../../http/errors.ts";
import { parseIsoDate, readBody, Validator } from "../../http/validation.ts";
import { newOperationId } from "../../state/operation.ts";
import type { ApiContext, SandboxApp } from "../context.ts";
import { dispatch, requireWorker } from "../dispatch.ts";
import { readStrategyFile } from "../strategy-files.ts";

function requestFrom(body: Record<string, unknown>) {
  const input = new Validator(body, "body");
  const request = {
    strategyName: input.text("strategy_name"),
    symbol: input.optionalText("symbol"),
    timeframe: input.optionalText("timeframe"),
    startDate: input.text("start_date"),
    endDate: input.text("end_date"),
    initialCapital: input.number("initial_capital", 100_000),
    commission: input.number("commission", 0.001),
    slippage: input.number("slippage", 0.0005),
    modelPath: input.optionalText("model_path"),
  };
  input.check();
  if (request.strategyName.trim() === "") input.fail("strategy_name", "Field cannot be empty");
  for (const [field, text] of [
    ["start_date", request.startDate],
    ["end_date", request.endDate],
  ] as const) {
    if (parseIsoDate(text) === undefined) input.fail(field, `Invalid date format. Use YYYY-MM-DD: ${text}`);
  }
  if (request.initialCapital <= 0) input.fail("initial_capital", "Initial capital must be positive");
  input.check();
  return request;
}

/** Backtests (docs/ktrdr.md §2.9). A client cannot give an id. A missing `model_path` fails only after the start. */
export function backtestRoutes(app: SandboxApp, api: ApiContext): void {
  app.post("/api/v1/backtests/start", async (c) => {
    const request = requestFrom(await readBody(c));
    const strategy = readStrategyFile(api.folder, request.strategyName)?.check.strategy;
    const symbol = request.symbol ?? strategy?.symbols[0];
    const timeframe = request.timeframe ?? strategy?.timeframes[0];
    if (symbol === undefined || timeframe === undefined) {
      throw detail(400, "Symbol and timeframe must be provided or defined in strategy config");
    }
    const taskId = newOperationId("backtesting");
    api.log.write("request", taskId, "backtesting", "start");
    const worker = requireWorker(api, "backtesting");
    const job = {
      task_id: taskId,
      symbol,
      timeframe,
      // The strategy file gives only its list of timeframes. Without a file the model's own are taken.
      timeframes: strategy === undefined ? [timeframe] : [...strategy.timeframes],
      strategy_name: request.strategyName,
      start_date: request.startDate,
      end_date: request.endDate,
      initial_capital: request.initialCapital,
      commission: request.commission,
      slippage: request.slippage,
      ...(request.modelPath === undefined ? {} : { model_path: request.modelPath }),
    };
    await dispatch(api, worker, "/backtests/start", job, "Failed to start backtest");
    return c.json({
      success: true,
      operation_id: taskId,
      status: "started",
      message: `Backtest started for ${symbol} ${timeframe}`,
      symbol,
      timeframe,
      mode: "distributed",
    });
  });
}
