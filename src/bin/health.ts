/** `ktrdr-mcp health mcp|worker`: the health check of a container. Ends with 0 when the container's process works. */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { DomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";
import { labEnvironment } from "../running-lab/lab-environment.ts";
import { lazyClient } from "../temporal/connection.ts";
import { temporalSettings } from "../temporal/settings.ts";
import { JOB_QUEUE } from "../temporal/job-types.ts";
import { isPolled } from "../temporal/pollers.ts";
import { runCommand, settings, Usage } from "./command.ts";

const ANSWER_WITHIN_MS = 4_000;
const MCP_PORT = 3100;

async function checkMcp(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!answer.ok) throw new Error(`/health answers ${answer.status}`);
}

/** Asks Temporal whether the worker polls: one that hangs, or has lost its server, does not. */
async function checkWorker(): Promise<void> {
  const config = await settings();
  const fallback = { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE };
  const client = lazyClient(temporalSettings(await labEnvironment(process.env), fallback));
  try {
    const polled = await client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      isPolled(client, { host: hostname() }),
    );
    if (!polled) throw new Error(`no worker of ${hostname()} polls ${JOB_QUEUE}`);
  } finally {
    await client.connection.close();
  }
}

await runCommand("Usage: ktrdr-mcp health mcp [--port 3100]\n       ktrdr-mcp health worker", async () => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { port: { type: "string" } } });
  const [part, ...more] = positionals;
  if (more.length > 0 || (part !== "mcp" && part !== "worker")) throw new Usage();
  try {
    await (part === "mcp" ? checkMcp(Number(values.port ?? MCP_PORT)) : checkWorker());
  } catch (cause) {
    throw new DomainError("internal", { what: errorText(cause), cause });
  }
});
