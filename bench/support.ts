import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { Connection, Client as TemporalClient } from "@temporalio/client";
import { ConfigSchema, loadConfig } from "../src/config.ts";
import { connectClaude, type Claude } from "../src/demo/claude.ts";
import { ROOT } from "../src/lab/lab-environment.ts";
import { startLab, type Lab } from "../src/lab/lab.ts";
import { migrate } from "../src/store/migrate.ts";

export { ROOT };

export interface Bench {
  readonly lab: Lab;
  readonly claude: Claude;
  readonly temporal: TemporalClient;
}

/** Runs a measurement against a lab of its own, which is gone afterwards. */
export async function withLab(extra: Readonly<Record<string, string>>, measure: (bench: Bench) => Promise<void>) {
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
  const env = { ...withoutSettings(process.env), LAB_DIR: dir, LOG_LEVEL: "warn", ...extra };
  console.log("bringing up a lab ...");
  const { execPath, pid } = process;
  const lab = await startLab({ config: loadConfig(env), env, root: ROOT, execPath, pid, migrate }).catch(
    async (error: unknown) => {
      await rm(dir, { recursive: true, force: true });
      throw error;
    },
  );
  try {
    const server = { ...env, ...lab.env };
    const claude = await connectClaude(path.join(ROOT, "bin/ktrdr-mcp"), server, () => undefined);
    const connection = await Connection.connect({ address: lab.addresses.temporal });
    try {
      await measure({ lab, claude, temporal: new TemporalClient({ connection, namespace: lab.namespace }) });
    } finally {
      await claude.close();
      await connection.close();
    }
  } finally {
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A measurement must not touch the real parts that the environment may name. */
function withoutSettings(env: NodeJS.ProcessEnv): Record<string, string> {
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
 * Takes both measurements in turn, so that a slow moment of the machine strikes both.
 * @returns milliseconds of each round
 */
export async function inTurn<A, B>(
  rounds: number,
  first: (round: number) => Promise<A>,
  second: (round: number) => Promise<B>,
): Promise<{ first: number[]; second: number[] }> {
  const taken = { first: [] as number[], second: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    taken.first.push(await timed(() => first(round)));
    taken.second.push(await timed(() => second(round)));
  }
  return taken;
}

/** Nearest-rank quantile of milliseconds, to a tenth. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return Math.round(value * 10) / 10;
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

/** Characters over four: near enough to the tokens of JSON and English for a budget. */
export const tokensOf = (answer: unknown): number => Math.round(JSON.stringify(answer).length / 4);
