/** The worker of one process: workflows, control activities and waiting activities, each with slots of its own. */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  bundleWorkflowCode,
  DefaultLogger,
  Worker,
  type BundlerPlugin,
  type NativeConnection,
  type WorkerPlugin,
  type WorkflowBundleWithSourceMap,
} from "@temporalio/worker";
import type { Activities } from "../activities/activities.ts";
import { DomainError } from "../domain/errors.ts";
import { succeeds } from "../succeeds.ts";
import { CONTROL_QUEUE, JOB_QUEUE, POLL_QUEUE } from "./job-types.ts";

export type WorkflowCode = { readonly codePath: string } | WorkflowBundleWithSourceMap;

/**
 * Bundles the workflows of this checkout (about two seconds).
 * @throws DomainError `invalid_input` for a folder that the bundler cannot read from
 */
export async function bundleWorkflows(plugins: BundlerPlugin[] = []): Promise<WorkflowBundleWithSourceMap> {
  const entry = import.meta.url.endsWith(".ts") ? "../workflows/index.ts" : "../workflows/index.js";
  const workflowsPath = fileURLToPath(new URL(entry, import.meta.url));
  assertBundlable(workflowsPath);
  return await bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger("WARN"),
    plugins,
  });
}

/** Webpack reads `!` in a path as the end of a loader's name, and `?` as the beginning of a query. */
export function assertBundlable(workflowsPath: string): void {
  const [found] = /[!?]/.exec(workflowsPath) ?? [];
  if (found === undefined) return;
  throw new DomainError("invalid_input", {
    what: `The workflows cannot be bundled from a folder with "${found}" in its path.`,
    why: `the sources lie in ${path.dirname(path.dirname(path.dirname(workflowsPath)))}`,
    next: "Move or clone the repository to a path without ! and ?, and start again.",
  });
}

/** The bundle beside the build, where the image's build puts it. Sources have none, because they change. */
const PREBUILT = fileURLToPath(new URL("../workflow-bundle.js", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The bundle of this build or of these sources, else a new one. Plugins add code of their own, so they need a new one.
 * @param signal ends the process that bundles
 */
export async function loadWorkflows(plugins: BundlerPlugin[] = [], signal?: AbortSignal): Promise<WorkflowCode> {
  if (plugins.length > 0) return await bundleWorkflows(plugins);
  if (await succeeds(access(PREBUILT))) return { codePath: PREBUILT };
  return import.meta.url.endsWith(".ts") ? await bundleOfSources(signal) : await bundledApart(signal);
}

/** A bundle has two megabytes. */
const MOST_BYTES = 64_000_000;

/**
 * Bundles in a process of its own, which takes its memory along when it ends: a worker would keep 90 MB of it for good.
 * When that process fails, this one bundles.
 */
async function bundledApart(signal: AbortSignal | undefined): Promise<WorkflowBundleWithSourceMap> {
  const script = `const { bundleWorkflows } = await import(${JSON.stringify(import.meta.url)});
    process.stdout.write((await bundleWorkflows()).code);`;
  const options = { maxBuffer: MOST_BYTES, signal };
  const bundling = promisify(execFile)(execPath, ["--input-type=module", "--eval", script], options);
  const code = await bundling.then(
    ({ stdout }) => stdout,
    () => null,
  );
  return code === null ? await bundleWorkflows() : { code, sourceMap: "" };
}

/** Takes the bundle that an earlier worker made of the same sources: that saves two seconds. */
async function bundleOfSources(signal: AbortSignal | undefined): Promise<WorkflowBundleWithSourceMap> {
  const folder = path.join(ROOT, ".cache", "workflows");
  const file = path.join(folder, `${await hashOfSources()}.js`);
  const made = await readFile(file, "utf8").catch(() => null);
  if (made !== null) return { code: made, sourceMap: "" };
  const bundle = await bundledApart(signal);
  // Gets its name when it is complete. When it cannot be kept, the next worker makes its own.
  const draft = `${file}.${randomUUID()}`;
  const keep = async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(draft, bundle.code);
    await rename(draft, file);
  };
  await keep().catch(() => undefined);
  return bundle;
}

/** The hash of everything that goes into a bundle. */
async function hashOfSources(): Promise<string> {
  const names = (await readdir(path.join(ROOT, "src"), { recursive: true })).filter((name) => name.endsWith(".ts"));
  const files = ["package-lock.json", ...names.toSorted().map((name) => path.join("src", name))];
  const texts = await Promise.all(files.map((name) => readFile(path.join(ROOT, name))));
  const hash = createHash("sha256");
  texts.forEach((text, at) => hash.update(`${files[at]}\n${text.length}\n`).update(text));
  return hash.digest("hex");
}

export interface WorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly activities: Activities;
  /** The bundle, made with the same plugins. */
  readonly workflowBundle: WorkflowCode;
  readonly plugins?: WorkerPlugin[];
}

export interface JobWorker {
  /** Resolves after a shutdown; rejects when a worker fails for good. */
  run(): Promise<void>;
  shutdown(): void;
  /** Whether it asks Temporal for work. */
  polling(): boolean;
}

/** A waiting activity costs next to nothing; with the default of 100 the 101st job would silently wait. */
const WAITING_SLOTS = 2_000;
const CONTROL_SLOTS = 50;
/** A job sleeps between its start and its end; one that is not cached is replayed then, from about 28 events. */
const CACHED_WORKFLOWS = 200;

export async function createWorker({
  connection,
  namespace,
  activities,
  workflowBundle,
  plugins = [],
}: WorkerOptions): Promise<JobWorker> {
  const shared = {
    connection,
    namespace,
    activities,
    plugins,
    // A start whose POST is under way may finish; waiting activities end at once when they are cancelled.
    shutdownGraceTime: 0,
    shutdownForceTime: "40 seconds",
    // Heartbeats at most 3 s apart keep progress fresh, and a cancelled activity learns of it soon.
    maxHeartbeatThrottleInterval: "3 seconds",
  } as const;
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: JOB_QUEUE, workflowBundle, maxCachedWorkflows: CACHED_WORKFLOWS }),
    Worker.create({ ...shared, taskQueue: CONTROL_QUEUE, maxConcurrentActivityTaskExecutions: CONTROL_SLOTS }),
    Worker.create({ ...shared, taskQueue: POLL_QUEUE, maxConcurrentActivityTaskExecutions: WAITING_SLOTS }),
  ]);
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
  };
  return {
    shutdown,
    polling: () => workers.every((worker) => worker.getState() === "RUNNING"),
    run: async () => {
      const runs = workers.map(async (worker) => {
        try {
          await worker.run();
        } finally {
          shutdown(); // when one ends, the others end too
        }
      });
      await Promise.all(runs);
    },
  };
}
