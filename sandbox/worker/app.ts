import { Hono } from "hono";
import type { Context } from "hono";
import { once } from "node:events";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { SandboxEnv } from "../http/env.ts";
import { answerError, coded, detail } from "../http/errors.ts";
import { faultMiddleware } from "../http/fault-middleware.ts";
import { answerUnrouted } from "../http/routing.ts";
import { readBody, Validator } from "../http/validation.ts";
import { wireNowOffset } from "../state/operation.ts";
import type { JobKind } from "../state/operation.ts";
import { newBacktestRun, resumedBacktestRun } from "./backtest-run.ts";
import { cancelAtWorker } from "./cancel.ts";
import type { WorkerContext } from "./context.ts";
import { continueRun, startRun } from "./lifecycle.ts";
import { newTrainingRun, resumedTrainingRun } from "./training-run.ts";

type App = Hono<SandboxEnv>;

function startRoutes(app: App, worker: WorkerContext): void {
  app.post("/training/start", async (c) => {
    const input = new Validator(await readBody(c), "body");
    const run = newTrainingRun(worker, {
      taskId: input.optionalText("task_id"),
      strategyYaml: input.text("strategy_yaml"),
      strategyPath: input.optionalText("strategy_path") ?? "",
      symbols: input.optionalTexts("symbols") ?? [],
      timeframes: input.optionalTexts("timeframes") ?? [],
      startDate: input.optionalText("start_date") ?? "2020-01-01",
      endDate: input.optionalText("end_date") ?? new Date().toISOString().slice(0, 10),
    });
    input.check();
    const id = run.operation.operation_id;
    worker.log.write("request", id, "training", "start at worker");
    startRun(worker, run);
    return c.json({ success: true, operation_id: id, status: "started" });
  });

  app.post("/backtests/start", async (c) => {
    const input = new Validator(await readBody(c), "body");
    const run = newBacktestRun(worker, input.optionalText("task_id"), {
      strategy_name: input.text("strategy_name"),
      symbol: input.text("symbol"),
      timeframe: input.text("timeframe"),
      timeframes: input.optionalTexts("timeframes") ?? [],
      start_date: input.text("start_date"),
      end_date: input.text("end_date"),
      initial_capital: input.number("initial_capital", 100_000),
      commission: input.number("commission", 0.001),
      slippage: input.number("slippage", 0.0005),
      model_path: input.optionalText("model_path") ?? null,
    });
    input.check();
    const id = run.operation.operation_id;
    worker.log.write("request", id, "backtesting", "start at worker");
    startRun(worker, run);
    return c.json({ success: true, operation_id: id, status: "started" });
  });
}

function resumeRoute(app: App, worker: WorkerContext, path: string, kind: JobKind): void {
  app.post(path, async (c) => {
    const input = new Validator(await readBody(c), "body");
    const id = input.text("operation_id");
    input.check();
    worker.memory.forgetCopy(id);
    const operation = worker.memory.read(id);
    const row = worker.database.checkpoint(id);
    if (operation === undefined || row === undefined) throw detail(404, `No checkpoint available for operation ${id}`);
    worker.log.write("request", id, kind, "resume at worker");
    const make = kind === "training" ? resumedTrainingRun : resumedBacktestRun;
    continueRun(worker, make(worker, operation, row));
    return c.json({ success: true, operation_id: id, status: "started" });
  });
}

function operationRoutes(app: App, worker: WorkerContext): void {
  const read = (c: Context): NonNullable<ReturnType<typeof worker.memory.read>> => {
    const id = c.req.param("id") ?? "";
    let operation;
    try {
      operation = worker.memory.read(id);
    } catch (error) {
      const details = { operation_id: id, error: error instanceof Error ? error.message : String(error) };
      throw coded(400, "OPERATIONS-GetStatusError", `Failed to get operation status for ${id}`, details);
    }
    if (operation === undefined) throw detail(404, `Operation not found: ${id}`);
    return operation;
  };

  app.get("/api/v1/operations", (c) => {
    const all = worker.memory.list();
    const isActive = (one: { readonly status: string }) => one.status === "running" || one.status === "pending";
    const data = (c.req.query("active_only") === "true" ? all.filter(isActive) : all).map((one) => ({
      operation_id: one.operation_id,
      operation_type: one.operation_type,
      status: one.status,
      created_at: one.created_at,
      progress_percentage: one.progress.percentage,
      current_step: one.progress.current_step,
      symbol: one.metadata.symbol,
      duration_seconds: one.started_at === null ? null : (Date.now() - Date.parse(one.started_at)) / 1000,
    }));
    const active = all.filter(isActive);
    return c.json({ success: true, data, total_count: data.length, active_count: active.length });
  });

  app.get("/api/v1/operations/:id", (c) => c.json({ success: true, data: read(c) }));

  app.get("/api/v1/operations/:id/metrics", (c) => {
    const operation = read(c);
    const epochs = operation.metrics?.epochs ?? [];
    const { operation_id, operation_type } = operation;
    const data = { operation_id, operation_type, metrics: [epochs, epochs.length], cursor: 0 };
    return c.json({ success: true, data });
  });

  app.delete("/api/v1/operations/:id/cancel", async (c) => {
    const id = c.req.param("id");
    const answer = await cancelAtWorker(worker, id, c.req.query("reason") ?? null);
    if (answer === undefined) throw detail(404, `Operation not found: ${id}`);
    return c.json({ success: true, data: answer });
  });
}

/**
 * The worker's HTTP surface (docs/ktrdr.md §2.16). @param onHealthAsked called whenever the API asks for the health.
 */
export function workerApp(worker: WorkerContext, onHealthAsked: () => void): App {
  const app = new Hono<SandboxEnv>();
  const { kind } = worker.settings;
  app.onError(answerError);
  app.notFound(answerUnrouted(app));
  app.use(async (c, next) => {
    const hanging = worker.faults.find("worker_hangs", { kind });
    if (hanging === undefined) return next();
    await once(c.env.incoming.socket, "close");
    return RESPONSE_ALREADY_SENT;
  });
  app.use(faultMiddleware(worker.faults));
  app.get("/health", (c) => {
    onHealthAsked();
    const current = worker.memory.current();
    return c.json({
      healthy: true,
      service: `${kind}-worker`,
      timestamp: wireNowOffset(),
      status: "operational",
      worker_status: current === null ? "idle" : "busy",
      current_operation: current,
    });
  });
  if (kind === "training") resumeRoute(app, worker, "/training/resume", kind);
  else resumeRoute(app, worker, "/backtests/resume", kind);
  startRoutes(app, worker);
  operationRoutes(app, worker);
  return app;
}
