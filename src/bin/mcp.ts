/** `ktrdr-mcp mcp`: the MCP server on stdio or, with `--http`, on a port. On stdio, stdout carries the protocol only. */
import { whenToldToEnd } from "./told-to-end.ts";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { parseArgs } from "node:util";
import type { Config } from "../config.ts";
import type { BreakerState } from "../domain/ktrdr-request.ts";
import { createLogger, type Logger } from "../logger.ts";
import type { Refused } from "../mcp/message/read-message.ts";
import type { Admission } from "../mcp/admission/admission.ts";
import { createExecutionQueue } from "../mcp/execution-log.ts";
import { recordRefusal, refusedEarly } from "../mcp/recorded-call.ts";
import type { KnownCaller, ServerParts } from "../mcp/server-parts.ts";
import { createServer } from "../mcp/server.ts";
import { runCommand, settings, Usage } from "./command.ts";
import type { ExecutionLog } from "../store/execution-log.ts";
import { limitsOf } from "./limits.ts";
import type { serveHttp as ServeHttp, Serving } from "./mcp-http.ts";
import { serveOnStdio } from "./mcp-stdio.ts";
import type { Onlookers } from "./mcp-wiring.ts";
import { tracingOf } from "./tracing-of.ts";

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

/** A client on stdio has its list of tools before what calls need is read: that takes several times as long. */
async function main(): Promise<void> {
  const chosen = argumentsOf();
  const log = createLogger("mcp", process.env["LOG_LEVEL"] || "info");
  // A defect in one call must not take the others down.
  process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));
  const config = await settings();
  const tracing = await tracingOf(config, "ktrdr-mcp");
  let breaker: BreakerState = "closed";
  const { current, admission, executions } = laterParts(config, log, {
    tracing,
    readOnly: chosen["read-only"],
    onRequest: (request) => metrics?.observeRequest(request),
    onBreaker(state) {
      breaker = state;
    },
  });
  // Nobody reads those of a server on stdio.
  const watch = chosen.http ? await import("./watch.ts") : null;
  const metrics = watch?.mcpMetrics(
    async () => await (await current()).figures(),
    () => executions.dropped,
    () => breaker,
    watch.foldersOf(config),
  );
  const deps = async () => (await current()).deps;
  const leaving = new AbortController();
  const parts: ServerParts = {
    deps,
    executions,
    admission,
    page: async (...asked) => await (await import("../page/fragment.ts")).fragmentAt(...asked),
    log,
    leaving: leaving.signal,
    notifies: !chosen.http,
    onCall(call) {
      metrics?.observeCall(call);
      if (call.errorCode !== null) tracing?.callFailed(call.errorCode);
    },
    ...(tracing === null ? {} : { traceCall: tracing.toolCall }),
  };
  const local: KnownCaller = { name: null, scope: chosen["read-only"] ? "read" : "operate", source: "local" };
  const limited = (caller: KnownCaller): KnownCaller => (chosen["read-only"] ? { ...caller, scope: "read" } : caller);
  const serverFor = (caller: KnownCaller) => createServer(parts, limited(caller));
  const early = (caller: KnownCaller, message: JSONRPCMessage) => refusedEarly(parts, caller, message);
  const onRefused = (refused: Refused, caller: KnownCaller): void => recordRefusal(parts, caller, refused);
  const text = async () => (await metrics?.text()) ?? "";
  const readers = async () => (await current()).readers;
  const approvals = async () => (await current()).approvals;
  const serving = chosen.http
    ? await overHttp({ deps, readers, approvals, log, serverFor, local, onRefused, early, metrics: text }, chosen)
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

/** What calls need, read when the first one needs it. */
function laterParts(config: Config, log: Logger, onlookers: Onlookers) {
  const wiring = once(async () => {
    const { createWiring } = await import("./mcp-wiring.ts");
    return await createWiring(process.env, log, onlookers).catch((error: unknown) => {
      log.error({ err: error }, "no call can be answered");
      throw error;
    });
  });
  const gates = once(async () => {
    const { createAdmission } = await import("../mcp/admission/admission.ts");
    return createAdmission(limitsOf(config), () => process.memoryUsage.rss());
  });
  const current = async () => await (await wiring()).current();
  const admission: Admission = {
    call: async (...call) => await (await gates()).call(...call),
    usedUp: async (...call) => await (await gates()).usedUp(...call),
    job: async (...job) => await (await gates()).job(...job),
  };
  const append: ExecutionLog["append"] = async (entries) => await (await current()).executions.append(entries);
  return { current, admission, executions: createExecutionQueue({ append }, log) };
}

/** The same promise each time, until one is rejected: what was wrong may be mended meanwhile. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    }));
}

/** @throws DomainError `invalid_input`, before anybody is served */
async function overHttp(...given: Parameters<typeof ServeHttp>): Promise<Serving> {
  await given[0].deps();
  return await (await import("./mcp-http.ts")).serveHttp(...given);
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
