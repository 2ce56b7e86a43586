/**
 * The time from the spawn of an MCP server over stdio to its answer to `tools/list`: the SDK's own server with one
 * tool, ours by Node, and ours by the launcher, as clients start it. `ROUNDS=30` measures more often.
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { processorMs } from "./processes.ts";
import { inTurn, quantile, report, ROOT, withoutSettings } from "./support.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 15);
const own = path.join(ROOT, "src/bin/mcp.ts");
const bare = fileURLToPath(new URL("bare-stdio.ts", import.meta.url));

const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
const env = {
  NODE_COMPILE_CACHE: path.join(ROOT, ".cache", "compiled"),
  ...withoutSettings(process.env),
  LAB_DIR: dir,
  LOG_LEVEL: "warn",
};

/** Processor time that each server had used by its answer, ms. */
const used = new Map<string, number[]>();

/** The messages that a client sends. What a client's library does with the answer is not measured. */
const GREETING = [
  {
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "ktrdr-mcp-bench", version: "1" } },
  },
  { method: "notifications/initialized" },
  { id: 2, method: "tools/list" },
];

let server: ChildProcessByStdio<Writable, Readable, null>;

/** Resolves with the answer to `tools/list`. */
async function list(what: string, command: string, args: string[]): Promise<void> {
  server = spawn(command, args, { env, stdio: ["pipe", "pipe", "inherit"] });
  for (const message of GREETING) server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  for await (const line of createInterface(server.stdout)) {
    if ((JSON.parse(line) as { id?: number }).id === 2) break;
  }
  used.set(what, [...(used.get(what) ?? []), await processorMs(server.pid ?? 0)]);
}

async function close(): Promise<void> {
  const gone = once(server, "exit");
  server.stdin.end();
  await gone;
}

const SDK = "the SDK's own server";
const COMMANDS: Readonly<Record<string, [string, string[]]>> = {
  [SDK]: [process.execPath, [bare]],
  "ours, by Node": [process.execPath, [own]],
  "ours, by the launcher": [path.join(ROOT, "bin/ktrdr-mcp"), ["mcp"]],
};

try {
  const measured = Object.fromEntries(
    Object.entries(COMMANDS).map(([what, command]) => [what, () => list(what, ...command)]),
  );
  // The first start of each server writes its compiled code.
  await inTurn(2, measured, close);
  used.clear();
  const taken = await inTurn(ROUNDS, measured, close);
  const ratio = (a: number, b: number) => Math.round((a / b) * 100) / 100;
  const base = taken[SDK] ?? [];
  await report(
    "startup",
    Object.entries(taken).map(([what, times]) => ({
      what,
      "spawn to tools/list (ms, median)": quantile(times, 0.5),
      ratio: ratio(quantile(times, 0.5), quantile(base, 0.5)),
      "ratio (fastest quarter)": ratio(quantile(times, 0.25), quantile(base, 0.25)),
      "processor (ms, median)": quantile(used.get(what) ?? [], 0.5),
    })),
  );
} finally {
  await rm(dir, { recursive: true, force: true });
}
