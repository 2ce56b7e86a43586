import type { Context, MiddlewareHandler } from "hono";
import { setTimeout as wait } from "node:timers/promises";
import { once } from "node:events";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Fault, FaultName, FaultPlace, FaultStore } from "../faults.ts";
import type { SandboxEnv } from "./env.ts";
import { coded, detail, HttpError } from "./errors.ts";

type SandboxContext = Context<SandboxEnv>;

function cutConnection(context: SandboxContext): Response {
  context.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

async function holdConnection(context: SandboxContext): Promise<Response> {
  const { socket } = context.env.incoming;
  if (!socket.destroyed) await once(socket, "close");
  return RESPONSE_ALREADY_SENT;
}

const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/\/checkpoints\/stats$/, "CHECKPOINTS-StatsError"],
  [/\/checkpoints\/[^/]+$/, "CHECKPOINTS-GetError"],
  [/\/checkpoints$/, "CHECKPOINTS-ListError"],
  [/\/operations\/[^/]+\/results$/, "OPERATIONS-ResultsError"],
  [/\/operations\/[^/]+\/metrics$/, "OPERATIONS-MetricsError"],
  [/\/operations\/[^/]+\/resume$/, "OPERATIONS-ResumeError"],
  [/\/operations\/[^/]+$/, "OPERATIONS-GetStatusError"],
];

function outage(place: FaultPlace): HttpError {
  const path = place.path ?? "";
  const cancel = place.method === "DELETE" && path.includes("/operations/");
  const code = cancel ? "OPERATIONS-CancelError" : GROUPS.find(([one]) => one.test(path))?.[1];
  const details = { operation_id: place.operationId, error: "[Errno 111] Connect call failed ('127.0.0.1', 5432)" };
  return coded(400, code ?? "OPERATIONS-ListError", "Failed to reach the database", details);
}

function noWorkers(place: FaultPlace): HttpError {
  const type = place.kind ?? "training";
  const error = `No ${type} workers available`;
  const hint = "Workers auto-register after startup. Retry in a few seconds, or check worker container logs.";
  const body = { error, worker_type: type, registered_workers: 1, backend_uptime_seconds: process.uptime(), hint };
  return new HttpError(503, { detail: body });
}

function garbage(context: SandboxContext, fault: Fault): Response {
  const json = { "content-type": "application/json" };
  switch (fault.variant ?? "html") {
    case "html":
      return context.html("<html><body><h1>It works!</h1></body></html>");
    case "nan":
      return context.body(
        '{"success":true,"data":{"progress":{"percentage":NaN},"result_summary":Infinity}}',
        200,
        json,
      );
    case "huge":
      return context.body(`{"success":true,"data":"${"x".repeat(fault.bytes ?? 50_000_000)}"}`, 200, json);
    case "wrong_types":
      return context.json({ success: "yes", data: [{ status: 7, progress: "half" }], task_id: 12, operation_id: {} });
    case "empty":
      return context.body("", 200, json);
    case "truncated": {
      const { outgoing } = context.env;
      outgoing.writeHead(200, { ...json, "content-length": "4096" });
      outgoing.write('{"success":true,"data":{"operation_id":"', () => outgoing.destroy());
      return RESPONSE_ALREADY_SENT;
    }
  }
}

/** The operation and the kind that a request is about. The body of a start stays readable for the handler. */
async function placeOf(context: SandboxContext): Promise<FaultPlace> {
  const { path, method } = context.req;
  let operationId = /\/(?:operations|trainings|checkpoints)\/([^/]+)/.exec(path)?.[1];
  const kind = path.includes("/training")
    ? "training"
    : path.includes("/backtests/")
      ? "backtesting"
      : path.includes("/data/acquire")
        ? "data_load"
        : undefined;
  if (operationId === "start" && method === "POST") {
    try {
      const body = (await context.req.json()) as { task_id?: string };
      operationId = body.task_id;
    } catch {
      operationId = undefined;
    }
  }
  return { path, method, kind, operationId: operationId === undefined ? undefined : decodeURIComponent(operationId) };
}

const REFUSALS: readonly (readonly [FaultName, (place: FaultPlace) => HttpError])[] = [
  ["http_500", () => detail(500, "Internal server error")],
  ["http_503", () => detail(503, "Service temporarily unavailable")],
  ["http_503_no_workers", noWorkers],
  ["http_400_outage", outage],
];

/** Faults of the connection and of the answer; everything under `/sandbox/` is spared. */
export function faultMiddleware(faults: FaultStore): MiddlewareHandler<SandboxEnv> {
  return async (context, next) => {
    const place = await placeOf(context);
    if (place.path?.startsWith("/sandbox/") === true) return next();
    const on = (name: FaultName): Fault | undefined => faults.find(name, place, "api");
    const slow = on("slow");
    if (slow !== undefined) await wait(slow.delayMs ?? 1_000);
    if (on("reset") !== undefined) return cutConnection(context);
    if (on("hang") !== undefined) return holdConnection(context);
    if (on("http_502") !== undefined) return context.html("<html><h1>502 Bad Gateway</h1></html>", 502);
    for (const [name, refusal] of REFUSALS) {
      if (on(name) !== undefined) throw refusal(place);
    }
    const nonsense = on("garbage_answer");
    if (nonsense !== undefined) return garbage(context, nonsense);
    await next();
    const isStart = place.method === "POST" && /\/(?:start|download)$/.test(place.path ?? "");
    if (isStart && on("start_answer_lost") !== undefined) context.res = cutConnection(context);
    if (isStart && on("start_hangs") !== undefined) context.res = await holdConnection(context);
    return undefined;
  };
}
