/** `ktrdr-mcp health mcp|worker`: the health check of a container. Ends with 0 when the process beside it does its work. */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { loadConfig } from "../config.ts";
import { errorText } from "../lab/error-text.ts";
import { lazyClient } from "../temporal/connection.ts";
import { temporalSettings } from "../temporal/settings.ts";
import { JOB_QUEUE } from "../temporal/job-types.ts";
import { isPolled } from "../temporal/pollers.ts";

const ANSWER_WITHIN_MS = 4_000;
const MCP_PORT = 3100;

async function checkMcp(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!answer.ok) throw new Error(`/health answers ${answer.status}`);
}

/** As Temporal sees it: a worker that hangs, or has lost its server, does not poll. */
async function checkWorker(): Promise<void> {
  const config = loadConfig(process.env);
  const fallback = { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE };
  const client = lazyClient(temporalSettings(process.env, fallback));
  try {
    const polled = await client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      isPolled(client, JOB_QUEUE, hostname()),
    );
    if (!polled) throw new Error(`no worker of ${hostname()} polls ${JOB_QUEUE}`);
  } finally {
    await client.connection.close();
  }
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { port: { type: "string" } } });
const [process_] = positionals;
try {
  if (process_ === "mcp") await checkMcp(Number(values.port ?? MCP_PORT));
  else if (process_ === "worker") await checkWorker();
  else throw new Error("Usage: ktrdr-mcp health mcp [--port 3100] | worker");
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = 1;
}
