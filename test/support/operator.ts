/** An operator, who runs the commands of pages (docs/operating.md, docs/repair.md) as written, against a lab. */
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client, WorkflowNotFoundError } from "@temporalio/client";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { execa } from "execa";
import { ROOT } from "../../src/root.ts";
import { findDevServer } from "../../lab/temporal-binary.ts";
import { greet } from "../../src/temporal/greet.ts";
import { until } from "../../lab/until.ts";
import { createJobReader, type JobReader } from "../../src/store/job-reader.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { COMPILED } from "./mcp.ts";
import { freePort } from "./ports.ts";
import type { Research } from "./research.ts";

/** A generous limit. test/simulation checks how soon things are noticed, with a clock of its own. */
const NOTICED_WITHIN_MS = 300_000;

/** The commands of pages: the lines of their `sh` blocks. */
export async function commandsOf(...pages: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(pages.map(async (page) => await readFile(path.join(ROOT, page), "utf8")));
  const blocks = [...texts.join("\n").matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  return blocks.flatMap((block) => block.split("\n").filter((line) => line !== ""));
}

const binaryPath = async (): Promise<string> => {
  const cacheDir = path.join(ROOT, ".cache");
  const configuredPath = process.env["TEMPORAL_CLI_PATH"];
  return (await findDevServer({ env: process.env, cacheDir, configuredPath })).path;
};

/** A dev server that, unlike the lab's, lets workflows be paused. */
export async function startServerThatPauses(
  namespace: string,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const flag = "frontend.WorkflowPauseEnabled=true";
  const own = ["--headless", `--port=${port}`, `--namespace=${namespace}`, "--dynamic-config-value", flag];
  const args = ["server", "start-dev", ...own];
  const server = execa(await binaryPath(), args, { stdio: "ignore", reject: false });
  const stop = async () => {
    server.kill("SIGKILL");
    await server;
  };
  const connection = openLazily({ address });
  const serves = async () => {
    await greet(address);
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  };
  try {
    await until(serves, { what: `a server at ${address}`, timeoutMs: 120_000 });
    return { address, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await connection.close();
  }
}

export class Operator {
  readonly records: JobReader;
  readonly client: Client;
  private readonly research: Research;
  private readonly pool: Pool;
  private readonly folder: string;
  private readonly commands: readonly string[];
  /** Commands that any operator has run. */
  private static readonly done = new Set<string>();

  private constructor(research: Research, folder: string, commands: readonly string[]) {
    const { env } = research.lab;
    this.research = research;
    this.folder = folder;
    this.commands = commands;
    this.pool = createPool(env["DATABASE_URL"] ?? "");
    this.records = createJobReader(this.pool);
    this.client = new Client({
      connection: openLazily({ address: env["TEMPORAL_ADDRESS"] ?? "" }),
      namespace: research.lab.namespace,
    });
  }

  static async begin(research: Research, ...pages: readonly string[]): Promise<Operator> {
    const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-operator-"));
    await symlink(await binaryPath(), path.join(folder, "temporal"));
    return new Operator(research, folder, await commandsOf(...pages));
  }

  async end(): Promise<void> {
    await this.client.connection.close();
    await this.pool.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Commands of the pages that no operator has run so far. */
  get left(): string[] {
    return this.commands.filter((command) => !Operator.done.has(command));
  }

  /**
   * Runs the one command of the pages that is `beginning`, or else begins with it.
   * @param more typed behind it
   * @returns what it printed
   */
  async types(beginning: string, variables: Readonly<Record<string, string>> = {}, more = ""): Promise<string> {
    const matching = this.commands.includes(beginning)
      ? [beginning]
      : this.commands.filter((command) => command.startsWith(beginning));
    const [command] = matching;
    if (command === undefined || matching.length > 1) {
      throw new Error(`There are ${matching.length} commands in the pages that begin with: ${beginning}`);
    }
    const unset = [...command.matchAll(/\$([A-Z_]+)/g)].map((match) => match[1] ?? "");
    const env: Record<string, string> = {
      ...COMPILED,
      ...this.research.lab.env,
      ...variables,
      HOME: this.folder, // so the configuration of the machine's user is not read
      PATH: `${this.folder}:${process.env["PATH"] ?? ""}`,
    };
    const missing = unset.filter((name) => env[name] === undefined);
    if (missing.length > 0) throw new Error(`${command} needs ${missing.join(", ")}`);
    Operator.done.add(command);
    const { all } = await execa("sh", ["-euc", `${command} ${more}`], { cwd: ROOT, env, extendEnv: false, all: true });
    return all;
  }

  /** Resolves with the end of a job when the record has it. */
  async recorded(taskId: string): Promise<{ status: string; headline: string; operationIds: readonly string[] }> {
    await until(async () => ((await this.records.get(taskId))?.outcome ?? null) !== null, {
      what: `the end of ${taskId} in the record`,
      timeoutMs: NOTICED_WITHIN_MS,
    });
    const job = await this.records.get(taskId);
    if (job?.outcome == null) throw new Error(`${taskId} has no outcome`);
    return job.outcome;
  }

  /** Resolves when exactly these jobs hold slots and exactly those are in the keeper's queue. */
  async slots(kind: string, held: readonly string[], queue: readonly string[]): Promise<void> {
    const wanted = JSON.stringify({ held, queue });
    let seen = "";
    const same = async () => {
      seen = await this.keeperState(kind);
      return seen === wanted;
    };
    await until(same, { what: `slots-${kind} being ${wanted}`, timeoutMs: NOTICED_WITHIN_MS }).catch(
      (error: unknown) => {
        throw new Error(`slots-${kind} is ${seen}`, { cause: error });
      },
    );
  }

  private async keeperState(kind: string): Promise<string> {
    const keeper = this.client.workflow.getHandle(`slots-${kind}`);
    const execution = await keeper.describe().catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });
    if (execution?.status.name !== "RUNNING") return JSON.stringify({ held: [], queue: [] });
    const { held, queue } = await keeper.query<{ held: string[]; queue: string[] }>("slotState");
    return JSON.stringify({ held, queue });
  }

  /** Operations of a job that KTRDR computes now, by its own log. */
  async computing(taskId: string): Promise<string[]> {
    const lines = await this.linesOf(taskId);
    const ended = new Set(lines.filter(({ event }) => event === "end").map(({ operationId }) => operationId));
    return lines
      .filter(({ event, operationId }) => event === "start" && !ended.has(operationId))
      .map((line) => line.operationId);
  }

  /** The jobs of a batch that are on record now, oldest first. */
  async admitted(batchId: string): Promise<string[]> {
    const asked = "select job_id from jobs where parent_job_id = $1 order by admitted_at, job_id";
    const { rows } = await this.pool.query<{ job_id: string }>(asked, [batchId]);
    return rows.map(({ job_id }) => job_id);
  }

  /** The jobs of a batch, once so many of them are on record. */
  async children(batchId: string, count: number): Promise<string[]> {
    let ids: string[] = [];
    const all = async () => {
      ids = await this.admitted(batchId);
      return ids.length === count;
    };
    await until(all, { what: `${count} jobs of ${batchId} on record`, timeoutMs: 120_000 });
    return ids;
  }

  /** How often KTRDR began to compute for a job, by its own log. */
  async computed(taskId: string): Promise<number> {
    return (await this.linesOf(taskId)).filter(({ event }) => event === "start").length;
  }

  private async linesOf(taskId: string) {
    const computations = await this.records.computations(taskId);
    const lines = await Promise.all(
      computations.map(async ({ operationId }) => {
        if (operationId === null) return [];
        const named = await this.research.computations(operationId);
        return named.filter((line) => line.operationId === operationId);
      }),
    );
    return lines.flat();
  }
}
