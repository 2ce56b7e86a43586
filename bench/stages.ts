/** The lab's and production's Temporal server, with all that our processes need and any number of our workers. */
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client as TemporalClient } from "@temporalio/client";
import { openLazily } from "../src/temporal/open-connection.ts";
import { postgresDir } from "../lab/lab-settings.ts";
import { postgresPassword, postgresUrl } from "../lab/postgres-access.ts";
import { startSandbox, type Sandbox, type SandboxOptions } from "../sandbox/launch.ts";
import { readProductionFiles } from "../scripts/production/files.ts";
import { readCompose } from "../scripts/production/compose.ts";
import { builtPrograms } from "../scripts/production/go-programs.ts";
import { choosePlaces } from "../scripts/production/places.ts";
import { serverSteps } from "../scripts/production/server-steps.ts";
import * as stacks from "../scripts/production/stack.ts";
import { connectClaude } from "../demo/claude.ts";
import { startGuard } from "../lab/guard.ts";
import type { Part } from "../lab/part.ts";
import { createRunFolder } from "../lab/run-folder.ts";
import { Supervisor } from "../lab/supervisor.ts";
import { workerPart } from "../lab/worker-part.ts";
import { NO_LIMITS, ROOT, withLab, type Bench } from "./support.ts";

export interface Workers {
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface Stage extends Pick<Bench, "claude" | "temporal"> {
  readonly server: string;
  readonly sandbox: Sandbox;
  /** Where PostgreSQL answers as its superuser. */
  readonly database: string;
  /** Process ids of Temporal and PostgreSQL. */
  readonly pids: { readonly temporal: number; readonly postgres: number };
  /** @returns `count` workers in all, once every one of them polls */
  startWorkers(count: number): Promise<Workers>;
}

export type Measure = (stage: Stage) => Promise<void>;
type Settings = Readonly<Record<string, string>>;

const GRACE_S = 15;

/** The lab's dev server; one of the workers is the lab's own. */
export async function onDevServer(settings: Settings, sandboxed: Partial<SandboxOptions>, measure: Measure) {
  await inFolder(async (dir) => {
    const sandbox = await startSandbox({ ...sandboxed, stateDir: path.join(dir, "ktrdr") });
    const extra = {
      ...settings,
      KTRDR_API_URL: sandbox.url,
      KTRDR_STRATEGIES_DIR: path.join(sandbox.stateDir, "strategies"),
    };
    try {
      await withLab(extra, async (bench) => {
        const { lab } = bench;
        const pid = (name: string) => pidOf(lab, name);
        const part = (name: string): Part => ({ ...workerOfLab(bench, extra), name });
        await measure({
          ...bench,
          server: "dev server",
          sandbox,
          database: lab.addresses.database,
          pids: { temporal: pid("temporal"), postgres: pid("postgres") },
          startWorkers: async (count) => {
            const more = await startParts(
              path.join(dir, "workers"),
              Array.from({ length: count - 1 }, (_, at) => part(`worker-${at + 2}`)),
            );
            return { pids: [pid("worker"), ...more.pids], stop: () => more.stop() };
          },
        });
      });
    } finally {
      await sandbox.stop();
    }
  });
}

function workerOfLab({ lab }: Bench, settings: Settings): Part {
  return workerPart({
    execPath: process.execPath,
    entry: path.join(ROOT, "src/bin/worker.ts"),
    env: { ...process.env, LOG_LEVEL: "warn", ...settings, ...lab.env },
    clientEnv: {},
    address: lab.addresses.temporal,
    namespace: lab.namespace,
  });
}

/**
 * The real Temporal server on PostgreSQL, as docker-compose.yml has it, with our processes from the sources.
 * @returns why it was left out; null when it was not
 */
export async function onRealServer(
  settings: Settings,
  sandboxed: Partial<SandboxOptions>,
  measure: Measure,
): Promise<string | null> {
  const cacheDir = path.join(ROOT, ".cache");
  const programs = await builtPrograms(cacheDir);
  if (programs === null) return "it is not built on this machine; `make verify-production` builds it (needs Go)";
  await inFolder(async (dir) => {
    const places = await choosePlaces(dir);
    const run = await createRunFolder(path.join(dir, "run"));
    const guard = startGuard(run.dir, GRACE_S);
    const supervisor = new Supervisor({ logDir: places.logs, run });
    const { compose } = await readProductionFiles(ROOT);
    const stack: stacks.Stack = { root: ROOT, compose: readCompose(compose), places, supervisor };
    try {
      console.log("bringing up the real Temporal server ...");
      // The image's files are proved elsewhere. Here both servers get the same workers.
      await symlink(ROOT, places.app);
      for (const step of serverSteps(stack, { programs: () => programs, cacheDir })) await step.run(() => undefined);
      await measureStack(stack, settings, { ...sandboxed, stateDir: places.ktrdr, port: places.ports.ktrdr }, measure);
    } finally {
      await supervisor.stop();
      await guard.release();
    }
  });
  return null;
}

async function measureStack(stack: stacks.Stack, settings: Settings, sandboxed: SandboxOptions, measure: Measure) {
  const { places, supervisor } = stack;
  const given = { ...NO_LIMITS, LOG_LEVEL: "warn", ...settings };
  const env = { ...stacks.workerEnvironment(stack), ...given };
  const sandbox = await startSandbox(sandboxed);
  const claude = await connectClaude(path.join(places.app, "bin/ktrdr-mcp"), env, () => undefined);
  const connection = openLazily({ address: `127.0.0.1:${places.ports.temporal}` });
  const running = { parts: () => supervisor.parts() };
  try {
    await measure({
      server: "real server",
      claude,
      temporal: new TemporalClient({
        connection,
        namespace: stack.compose.services["worker"]?.environment["TEMPORAL_NAMESPACE"] ?? "",
      }),
      sandbox,
      database: postgresUrl(await postgresPassword(postgresDir(places.dir)), places.ports.postgres, "postgres"),
      pids: { temporal: pidOf(running, "temporal"), postgres: pidOf(running, "postgres") },
      startWorkers: (count) =>
        startParts(
          path.join(places.dir, "workers"),
          Array.from({ length: count }, (_, at) => stacks.workerOf(stack, `worker-${at + 1}`, given)),
        ),
    });
  } finally {
    await claude.close();
    await connection.close();
    await sandbox.stop();
  }
}

/** The workers have a supervisor of their own, because they come and go while the servers stay. */
async function startParts(dir: string, parts: readonly Part[]): Promise<Workers> {
  const run = await createRunFolder(path.join(dir, "run"));
  const guard = startGuard(run.dir, GRACE_S);
  const supervisor = new Supervisor({ logDir: path.join(dir, "logs"), run });
  const stop = async () => {
    await supervisor.stop();
    await guard.release();
  };
  try {
    await Promise.all(parts.map((part) => supervisor.start(part)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { pids: parts.map(({ name }) => pidOf(supervisor, name)), stop };
}

function pidOf(of: Pick<Supervisor, "parts">, wanted: string): number {
  const pid = of.parts().find(({ name }) => name === wanted)?.pid;
  if (pid === undefined) throw new Error(`${wanted} is gone`);
  return pid;
}

async function inFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-scaling-"));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
