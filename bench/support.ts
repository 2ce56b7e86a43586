import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { Client as TemporalClient, type WorkflowHandle } from "@temporalio/client";
import { openLazily } from "../src/temporal/open-connection.ts";
import { ConfigSchema, loadConfig } from "../src/config.ts";
import { connectClaude, type Claude } from "../demo/claude.ts";
import { ROOT } from "../src/root.ts";
import type { LabSettings } from "../lab/lab-settings.ts";
import { startLab, type Lab } from "../lab/lab.ts";
import { migrate } from "../src/store/migrate.ts";

export { ROOT };

export interface Bench {
  readonly lab: Lab;
  readonly claude: Claude;
  readonly temporal: TemporalClient;
}

type LabOptions = Pick<LabSettings, "route" | "onEvent">;

/** Runs a measurement against a lab of its own, and removes the lab afterwards. */
export async function withLab(
  extra: Readonly<Record<string, string>>,
  measure: (bench: Bench) => Promise<void>,
  options: LabOptions = {},
) {
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
  const env = { ...withoutSettings(process.env), LAB_DIR: dir, LOG_LEVEL: "warn", ...NO_LIMITS, ...extra };
  console.log("bringing up a lab ...");
  const { execPath, pid } = process;
  const lab = await startLab({ config: loadConfig(env), env, root: ROOT, execPath, pid, migrate, ...options }).catch(
    async (error: unknown) => {
      await rm(dir, { recursive: true, force: true });
      throw error;
    },
  );
  try {
    const server = { ...env, ...lab.env };
    const claude = await connectClaude(path.join(ROOT, "bin/ktrdr-mcp"), server, () => undefined);
    const connection = openLazily({ address: lab.addresses.temporal });
    try {
      await measure({
        lab,
        claude,
        temporal: new TemporalClient({ connection, namespace: lab.namespace }),
      });
    } finally {
      await claude.close();
      await connection.close();
    }
  } finally {
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A measurement asks more often than any client may, so the limits are off. */
export const NO_LIMITS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(ConfigSchema.shape)
    .filter((name) => name.startsWith("LIMIT_"))
    .map((name) => [name, "0"]),
);

/** A measurement must not touch the real parts that the environment may name. */
export function withoutSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const settings = Object.keys(ConfigSchema.shape).filter((name) => name !== "TEMPORAL_CLI_PATH");
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || settings.includes(name) ? [] : [[name, value]],
    ),
  );
}

/** Milliseconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/**
 * Takes several measurements in turn, so that a slow moment of the machine strikes all of them.
 * @param afterwards waits until everything that a measurement started has come to rest; it is not measured
 * @returns milliseconds of each round of each measurement
 */
export async function inTurn<Name extends string>(
  rounds: number,
  measured: Readonly<Record<Name, (round: number) => Promise<unknown>>>,
  afterwards: () => Promise<void> = async () => undefined,
): Promise<Record<Name, number[]>> {
  const each = Object.entries(measured) as [Name, (round: number) => Promise<unknown>][];
  const taken = Object.fromEntries(each.map(([name]) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, work] of each) {
      taken[name].push(await timed(() => work(round)));
      await afterwards();
    }
  }
  return taken;
}

/** Nearest-rank quantile of milliseconds, to a hundredth. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return Math.round(value * 100) / 100;
}

/** Size of a workflow's history: its events, and its bytes as the server counts them, else the length of its JSON. */
export async function historyOf(handle: WorkflowHandle): Promise<{ events: number; bytes: number }> {
  const { historyLength, historySize } = await handle.describe();
  return { events: historyLength, bytes: historySize ?? JSON.stringify(await handle.fetchHistory()).length };
}

type Row = Readonly<Record<string, string | number>>;

/** Prints a table and writes the same as JSON to `.cache/bench/<name>.json`. */
export async function report(name: string, rows: readonly Row[]): Promise<void> {
  console.log(`\n${name}`);
  console.table(rows);
  const folder = path.join(ROOT, ".cache", "bench");
  await mkdir(folder, { recursive: true });
  const machine = { cpus: cpus().length, cpu: cpus()[0]?.model ?? "unknown", node: process.version };
  const file = path.join(folder, `${name}.json`);
  await writeFile(file, `${JSON.stringify({ at: new Date().toISOString(), machine, rows }, null, 2)}\n`);
}

/** Characters divided by four. For a budget this is near enough to the tokens of JSON and English. */
export const tokensOf = (answer: unknown): number => Math.round(JSON.stringify(answer).length / 4);
