/** `ktrdr-mcp mcp`: the MCP server on stdio. stdout carries the protocol and nothing else. */
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { loadConfig } from "../config.ts";
import { isDomainError } from "../domain/errors.ts";
import { labEnvironment } from "../lab/lab-environment.ts";
import { createLogger } from "../logger.ts";
import { createAdmission } from "../mcp/admission/admission.ts";
import { createExecutionQueue } from "../mcp/execution-log.ts";
import { createServer } from "../mcp/server.ts";
import { limitsOf } from "./limits.ts";
import { createWiring } from "./mcp-wiring.ts";

/** Clients kill a server that lingers. */
const FLUSH_MS = 1_500;
const EXIT_AFTER_MS = 4_000;

async function main(): Promise<void> {
  const log = createLogger("mcp", process.env["LOG_LEVEL"] || "info");
  const wiring = await createWiring(process.env, log);
  const executions = createExecutionQueue(
    { append: async (entries) => await (await wiring.current()).executions.append(entries) },
    log,
  );
  const limits = limitsOf(loadConfig(await labEnvironment(process.env)));
  const admission = createAdmission(limits, () => process.memoryUsage.rss());
  const deps = async () => (await wiring.current()).deps;
  const server = serveStdio(() => createServer({ deps, executions, admission, log }), {
    onerror: (error) => log.warn({ err: error }, "protocol error"),
  });
  log.info("serving MCP on stdio");

  let leaving = false;
  const leave = async (reason: string): Promise<void> => {
    if (leaving) return;
    leaving = true;
    log.info({ reason }, "shutting down");
    setTimeout(() => process.exit(0), EXIT_AFTER_MS).unref();
    await server.close();
    await executions.flush(FLUSH_MS);
    // Connections end with the process: closing them first would make calls in flight fail loudly.
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void leave(signal));
  process.stdin.once("end", () => void leave("stdin ended"));
  process.stdin.once("close", () => void leave("stdin closed"));
  process.stdout.once("error", () => void leave("stdout closed"));
  // A defect in one call must not take the others down.
  process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));
}

try {
  await main();
} catch (error) {
  if (!isDomainError(error)) throw error;
  const lines = [error.what, error.why, error.next].filter((line) => line !== undefined);
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exitCode = 1;
}
