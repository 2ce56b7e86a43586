import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { startSandbox, type Sandbox } from "../../sandbox/launch.ts";
import { createWiring } from "../../src/bin/mcp-wiring.ts";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { createStrategyFolder, type StrategyFolder } from "../../src/strategies/strategy-folder.ts";
import { createLogger } from "../../src/logger.ts";
import { createAdmission } from "../../src/mcp/admission/admission.ts";
import type { Limits } from "../../src/mcp/admission/limits.ts";
import { createExecutionQueue } from "../../src/mcp/execution-log.ts";
import type { Deps } from "../../src/research/ports.ts";
import { fragmentAt } from "../../src/page/fragment.ts";
import { createServer } from "../../src/mcp/server.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createPool } from "../../src/store/pool.ts";
import { deadEnvironment } from "./mcp.ts";
import { createTestDatabase } from "./postgres.ts";
import { startWorkflowEnvironment } from "./workflow-env.ts";

interface Wanted {
  /** A real Temporal dev server without any worker of ours. */
  readonly temporal?: boolean;
  /** The sandbox's API without workers. */
  readonly ktrdr?: boolean;
  /** This server can read KTRDR's data folder. */
  readonly mounted?: boolean;
  /** No limits unless given. */
  readonly limits?: Partial<Limits>;
  readonly residentBytes?: () => number;
}

export const NO_LIMITS: Limits = {
  callsPerMinute: 0,
  callsAtOnce: 0,
  waitingCalls: 0,
  openJobs: { perClient: 0, all: 0 },
  queuedJobs: { perClient: 0, all: 0 },
  memoryMb: 0,
};

export interface Stack {
  readonly deps: Deps;
  readonly writer: JobWriter;
  readonly strategies: StrategyFolder;
  readonly strategy: string;
  /** KTRDR's data folder. */
  readonly dataDir: string;
  /** KTRDR's models folder. */
  readonly modelsDir: string;
  /** The environment for other processes that use the same parts. */
  readonly env: Readonly<Record<string, string>>;
  readonly databaseUrl: string;
  /** The Temporal server, for scripted workers. @throws when none was wanted */
  temporal(): TestWorkflowEnvironment;
  /** The facts of a successful answer. */
  ask(tool: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** The text of an error. */
  refused(tool: string, args?: Record<string, unknown>): Promise<string>;
  call(
    tool: string,
    args?: Record<string, unknown>,
    options?: Parameters<Client["callTool"]>[1],
  ): Promise<CallToolResult>;
  /** Waits until every call is in the execution log. */
  logged(): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof createWiring>>["current"]>>["executions"]>;
  stop(): Promise<void>;
}

/** An MCP server in this process, with a real record, a real strategies folder, and the other parts that are wanted. */
export async function startStack(wanted: Wanted = {}): Promise<Stack> {
  const dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-stack-"));
  const undo: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true, maxRetries: 10 })];
  const database = await createTestDatabase();
  undo.push(() => database.drop());
  const sandbox: Sandbox | null = wanted.ktrdr
    ? await startSandbox({ stateDir: dir, trainingWorkers: 0, backtestWorkers: 0 })
    : null;
  if (sandbox !== null) undo.push(() => sandbox.stop());
  const temporal = wanted.temporal ? await startWorkflowEnvironment() : null;
  if (temporal !== null) undo.push(() => temporal.teardown());
  const folder = sandbox === null ? dir : join(dir, "strategies");
  const dead = await deadEnvironment();
  const log = createLogger("test", "silent");
  const env = {
    ...dead,
    DATABASE_URL: database.url,
    KTRDR_STRATEGIES_DIR: folder,
    KTRDR_MODELS_DIR: join(dir, "models"),
    ...(sandbox === null ? {} : { KTRDR_API_URL: sandbox.url }),
    ...(wanted.mounted ? { KTRDR_DATA_DIR: join(dir, "data") } : {}),
    ...(temporal === null ? {} : { TEMPORAL_ADDRESS: temporal.address }),
  };
  const wiring = await createWiring(env, log);
  const wired = await wiring.current();
  undo.push(() => wired.close());
  const { deps, executions: log_ } = wired;
  const executions = createExecutionQueue(log_, log);
  const strategies = createStrategyFolder(folder);
  await strategies.write(EXAMPLE_NAME, EXAMPLE_STRATEGY, { overwrite: true });
  const pool = createPool(database.url);
  undo.push(() => pool.end());

  const admission = createAdmission({ ...NO_LIMITS, ...wanted.limits }, wanted.residentBytes ?? (() => 0));
  const server = createServer({ deps: async () => deps, executions, admission, page: fragmentAt, log });
  const client = new Client({ name: "stack-test", version: "1.2.3" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  undo.push(() => client.close());
  const call: Stack["call"] = async (name, args = {}, options) =>
    (await client.callTool({ name, arguments: args }, options)) as CallToolResult;
  return {
    deps,
    writer: createJobWriter(pool),
    strategies,
    strategy: EXAMPLE_NAME,
    dataDir: join(dir, "data"),
    modelsDir: join(dir, "models"),
    env,
    databaseUrl: database.url,
    temporal() {
      if (temporal === null) throw new Error("this stack has no Temporal server");
      return temporal;
    },
    call,
    async ask(tool, args) {
      const answer = await call(tool, args);
      if (answer.isError === true) throw new Error(JSON.stringify(answer.content));
      return answer.structuredContent ?? {};
    },
    async refused(tool, args) {
      const answer = await call(tool, args);
      const [block] = answer.content;
      if (answer.isError !== true || block?.type !== "text") throw new Error(JSON.stringify(answer));
      return block.text;
    },
    async logged() {
      await executions.flush(5_000);
      return log_;
    },
    async stop() {
      // Parts are stopped before the parts that they use.
      for (const step of undo.toReversed()) await step();
    },
  };
}
