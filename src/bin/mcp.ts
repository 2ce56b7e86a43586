/** `ktrdr-mcp mcp`: the MCP server on stdio or, with `--http`, on a port. On stdio, stdout carries the protocol only. */
import { whenToldToEnd } from "./told-to-end.ts";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { parseArgs } from "node:util";
import type { BreakerState } from "../ktrdr/breaker.ts";
import { createLogger, type Logger } from "../logger.ts";
import type { Refused } from "../mcp/message/read-message.ts";
import { createAdmission } from "../mcp/admission/admission.ts";
import { createExecutionQueue } from "../mcp/execution-log.ts";
import { recordRefusal, refusedEarly } from "../mcp/recorded-call.ts";
import { createServer, type KnownCaller, type ServerParts } from "../mcp/server.ts";
import { runCommand, settings, Usage } from "./command.ts";
import { limitsOf } from "./limits.ts";
import { serveHttp, type Serving } from "./mcp-http.ts";
import { serveOnStdio } from "./mcp-stdio.ts";
import { createWiring } from "./mcp-wiring.ts";
import { tracingOf } from "./tracing-of.ts";
import { foldersOf, mcpMetrics } from "./watch.ts";

/** Clients kill a server that takes long to end. */
const FLUSH_MS = 1_500;

const USAGE = "Usage: ktrdr-mcp mcp [--read-only] [--http [--host 127.0.0.1] [--port 3100]]";

function argumentsOf() {
  const { values } = parseArgs({
    options: {
      http: { type: "boolean", default: false },
      host: { type: "string" },
      port: { type: "string" },
      "read-only": { type: "boolean", default: false },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  const fits = port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535);
  if (!fits || values.port === "") throw new Usage("--port wants a number from 0 to 65535.");
  return { ...values, port };
}

async function main(): Promise<void> {
  const chosen = argumentsOf();
  const log = createLogger("mcp", process.env["LOG_LEVEL"] || "info");
  // A defect in one call must not take the others down.
  process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));
  const config = await settings();
  const tracing = await tracingOf(config, "ktrdr-mcp");
  let breaker: BreakerState = "closed";
  const metrics = mcpMetrics(
    async () => await (await wiring.current()).figures(),
    () => executions.dropped,
    () => breaker,
    foldersOf(config),
  );
  const wiring = await createWiring(process.env, log, {
    tracing,
    readOnly: chosen["read-only"],
    onRequest: (request) => metrics.observeRequest(request),
    onBreaker(state) {
      breaker = state;
    },
  });
  const executions = createExecutionQueue(
    { append: async (entries) => await (await wiring.current()).executions.append(entries) },
    log,
  );
  const deps = async () => (await wiring.current()).deps;
  const leaving = new AbortController();
  const parts: ServerParts = {
    deps,
    executions,
    admission: createAdmission(limitsOf(config), () => process.memoryUsage.rss()),
    log,
    leaving: leaving.signal,
    onCall(call) {
      metrics.observeCall(call);
      if (call.errorCode !== null) tracing?.callFailed(call.errorCode);
    },
    ...(tracing === null ? {} : { traceCall: tracing.toolCall }),
  };
  const local: KnownCaller = { name: null, scope: chosen["read-only"] ? "read" : "operate", source: "local" };
  const limited = (caller: KnownCaller): KnownCaller => (chosen["read-only"] ? { ...caller, scope: "read" } : caller);
  const served: ServerParts = { ...parts, notifies: !chosen.http };
  const serverFor = (caller: KnownCaller) => createServer(served, limited(caller));
  const early = (caller: KnownCaller, message: JSONRPCMessage) => refusedEarly(parts, caller, message);
  const onRefused = (refused: Refused, caller: KnownCaller): void => recordRefusal(parts, caller, refused);
  const serving = chosen.http
    ? await serveHttp({ deps, log, serverFor, local, onRefused, early, metrics: () => metrics.text() }, chosen)
    : serveOnStdio(
        () => serverFor(local),
        log,
        (refused) => onRefused(refused, local),
      );

  endWith(serving, log, async () => {
    // Calls that wait for a job answer now, with its present state.
    leaving.abort();
    await serving.end();
    await Promise.all([executions.flush(FLUSH_MS), tracing?.close(FLUSH_MS)]);
  });
}

/** Ends the process when it is told to, or when its only client has gone. */
function endWith(serving: Serving, log: Logger, finish: () => Promise<void>): void {
  let left = false;
  const leave = async (reason: string): Promise<void> => {
    if (left) return;
    left = true;
    log.info({ reason }, "shutting down");
    setTimeout(() => process.exit(0), serving.exitAfterMs).unref();
    await finish();
    // The process ends its connections. Closing them first would make the calls in flight log errors.
    process.exit(0);
  };
  whenToldToEnd((signal) => void leave(signal));
  serving.whenLeft?.((reason) => void leave(reason));
}

await runCommand(USAGE, main);
