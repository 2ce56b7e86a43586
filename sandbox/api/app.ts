import { Hono } from "hono";
import type { SandboxEnv } from "../http/env.ts";
import { answerError } from "../http/errors.ts";
import { faultMiddleware } from "../http/fault-middleware.ts";
import { answerUnrouted } from "../http/routing.ts";
import type { ApiContext, SandboxApp } from "./context.ts";
import { backtestRoutes } from "./routes/backtests.ts";
import { checkpointRoutes } from "./routes/checkpoints.ts";
import { controlRoutes } from "./routes/control.ts";
import { dataRoutes } from "./routes/data.ts";
import { healthRoutes } from "./routes/health.ts";
import { indicatorRoutes } from "./routes/indicators.ts";
import { operationRoutes } from "./routes/operations.ts";
import { strategyRoutes } from "./routes/strategies.ts";
import { trainingRoutes } from "./routes/trainings.ts";
import { workerRoutes } from "./routes/workers.ts";

/** The API's HTTP surface: the part of KTRDR that is used, plus the control routes under `/sandbox/`. */
export function apiApp(api: ApiContext): SandboxApp {
  const app = new Hono<SandboxEnv>();
  app.onError(answerError);
  app.notFound(answerUnrouted(app));
  app.use(async (c, next) => {
    const began = performance.now();
    await next();
    if (!c.env.outgoing.headersSent) c.header("X-Process-Time", `${(performance.now() - began).toFixed(2)}ms`);
  });
  app.use(faultMiddleware(api.faults));
  healthRoutes(app, api);
  workerRoutes(app, api);
  operationRoutes(app, api);
  checkpointRoutes(app, api);
  dataRoutes(app, api);
  indicatorRoutes(app, api);
  strategyRoutes(app, api);
  trainingRoutes(app, api);
  backtestRoutes(app, api);
  controlRoutes(app, api);
  return app;
}
