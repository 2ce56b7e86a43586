/** Does the main job on the stack through a real MCP client while things are killed. Then checks what must hold. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { Chaos, type Victim } from "../../demo/chaos.ts";
import { connectClaudeOverHttp } from "../../demo/claude.ts";
import { computations } from "../../demo/evidence.ts";
import type { Screen } from "../../demo/screen.ts";
import { readPage } from "../../demo/page.ts";
import { tell } from "../../demo/story.ts";
import { claims, type Claim } from "../../demo/claims.ts";
import { searchAttributesThere } from "../../src/temporal/search-attributes.ts";
import { healthOf, newToken, runToItsEnd, type Stack } from "./stack.ts";

const VICTIMS: readonly Victim[] = [
  { part: "worker-1", called: "one of the two workers", fromPercent: 15 },
  { part: "temporal", called: "the Temporal server", fromPercent: 45 },
];
const METRICS = ["ktrdr_mcp_jobs", "temporal_worker_task_slots"];
const THIRTY_DAYS = 30 * 24 * 3_600;

/** Runs the job. @returns every claim with whether it held. */
export async function prove(stack: Stack, screen: Screen, signal: AbortSignal): Promise<readonly Claim[]> {
  const { places, supervisor } = stack;
  const before = await fingerprint(places.app);
  const address = `http://127.0.0.1:${places.ports.mcp}`;
  const token = await newToken(stack);
  const claude = await connectClaudeOverHttp(`${address}/mcp`, token);
  const lab = { parts: () => [...supervisor.parts()] };
  const kill = (pid: number) => void process.kill(pid, "SIGKILL");
  const chaos = new Chaos(lab, kill, (text) => screen.line(text), VICTIMS);
  try {
    const end = await tell({ claude, screen, chaos, signal });
    const lines = await computations(places.dir);
    const restarted = supervisor.parts().filter(({ restarts }) => restarts > 0);
    return [
      ...claims({ end, lines, page: await readPage(address, token), spared: chaos.spared }),
      {
        text: `killed and back: ${restarted.map(({ name }) => name).join(", ")}`,
        held: VICTIMS.every(({ part }) => restarted.some(({ name }) => name === part)),
      },
      {
        text: "the files of the image are as they were: it can be read-only",
        held: before === (await fingerprint(places.app)),
      },
      ...(await serverClaims(stack)),
    ];
  } finally {
    await claude.close();
  }
}

async function serverClaims(stack: Stack): Promise<readonly Claim[]> {
  const { places, supervisor, compose } = stack;
  const namespace = compose.services["worker"]?.environment["TEMPORAL_NAMESPACE"] ?? "";
  const again = await runToItsEnd(stack, "temporal-namespace");
  const schema = await runToItsEnd(stack, "temporal-schema");
  const connection = openLazily({ address: `127.0.0.1:${places.ports.temporal}` });
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    const missing = (await searchAttributesThere(connection, namespace)).missing;
    const logFile = supervisor.parts().find(({ name }) => name === "temporal")?.logFile ?? "";
    const log = await readFile(logFile, "utf8");
    const unknown = [...log.matchAll(/unregistered key[^,}]*/g)].map(([text]) => text);
    return [
      { text: `the one-shot services end well also on a running server: ${schema}; ${again}`, held: true },
      {
        text: "closed jobs stay for 30 days",
        held: Number(config?.workflowExecutionRetentionTtl?.seconds) === THIRTY_DAYS,
      },
      { text: `search attributes missing: ${missing.join(", ") || "none"}`, held: missing.length === 0 },
      {
        text: `keys of dynamic-config.yaml the server does not know: ${unknown.join(", ") || "none"}`,
        held: unknown.length === 0,
      },
      ...(await Promise.all(["worker", "mcp"].map((name) => healthClaim(stack, name)))),
      ...(await Promise.all(["worker-1", "worker-2"].map((name) => metricsClaim(stack, name)))),
    ];
  } finally {
    await connection.close();
  }
}

const healthClaim = (stack: Stack, name: string): Promise<Claim> =>
  healthOf(stack, name).then(
    () => ({ text: `the health check of ${name} is content`, held: true }),
    (error: unknown) => ({ text: `the health check of ${name}: ${String(error)}`, held: false }),
  );

/** A restarted worker has logged a port more than once. The last one is the one it has. */
async function metricsClaim({ supervisor }: Stack, name: string): Promise<Claim> {
  const logFile = supervisor.parts().find((part) => part.name === name)?.logFile ?? "";
  const said = (await readFile(logFile, "utf8"))
    .split("\n")
    .filter((line) => line.includes("serving /health"))
    .at(-1);
  const { port } = JSON.parse(said ?? "{}") as { port?: number };
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    (error: unknown) => String(error),
  );
  return {
    text: `${name} serves its metrics and the Temporal SDK's`,
    held: METRICS.every((part) => text.includes(part)),
  };
}

/** A text that changes when any file below the folder changes. */
async function fingerprint(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const lines = await Promise.all(
    files.toSorted().map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return `${file} ${size} ${mtimeMs}`;
    }),
  );
  return lines.join("\n");
}
