/**
 * Measures jobs completed a minute with one, two and four of our worker processes, on the lab's Temporal server and on
 * the real one with PostgreSQL (left out unless its programs are built). KTRDR is a sandbox with more workers than are
 * ever taken at once, and the jobs are short. So the measurement shows what we and Temporal need for a job.
 * `JOBS=80 WORKERS=1,2,4 ROUNDS=2` set the sizes, and `KTRDR_WORKERS=10` sets the workers of each kind.
 */
import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { z } from "zod";
import type { SandboxOptions } from "../sandbox/launch.ts";
import { Anything, Started, Status } from "../demo/answers.ts";
import { STRATEGY_NAME, STRATEGY_TEXT, TRAINING_DATES } from "../demo/strategy.ts";
import { familyProcessorMs, processorMs, residentMb } from "./processes.ts";
import { onDevServer, onRealServer, type Stage, type Workers } from "./stages.ts";
import { quantile, report } from "./support.ts";

const { env } = process;
const JOBS = Number(env["JOBS"] ?? 80);
const ROUNDS = Number(env["ROUNDS"] ?? 2);
const WORKERS = (env["WORKERS"] ?? "1,2,4").split(",").map(Number);
const KTRDR_WORKERS = Number(env["KTRDR_WORKERS"] ?? 10);
const LOADS = { trainings: ["training"], "trainings and backtests": ["training", "backtesting"] } as const;
type Load = keyof typeof LOADS;

/** The end of a short job must be noticed soon. At 5 s each job would hold its worker of KTRDR for that long. */
const SETTINGS = { KTRDR_POLL_INTERVAL_MS: "250" };
/** KTRDR's registry calls a worker busy for up to ten seconds after its job; here for half a second. */
const SANDBOX: Partial<SandboxOptions> = {
  trainingWorkers: KTRDR_WORKERS,
  backtestWorkers: KTRDR_WORKERS,
  timeScale: 0.05,
};
const SHORT_STRATEGY = STRATEGY_TEXT.replace(/^( +epochs:) \d+$/m, "$1 2");
const SHORT_TRAINING = { strategy: STRATEGY_NAME, ...TRAINING_DATES, start_date: "2012-01-03" };
const SHORT_BACKTEST = { start_date: "2015-01-02", end_date: "2015-12-31" };

const STARTS_AT_ONCE = 4;
const LOOK_EVERY_MS = 500;
/** When KTRDR had no free worker in a larger share of the looks, it is said to have been the limit. */
const OFTEN = 0.1;

type Row = Record<string, string | number>;
const paces: Row[] = [];
const needs: Row[] = [];
let serial = 0;

const startTraining = async ({ claude }: Stage): Promise<string> => {
  const request = { ...SHORT_TRAINING, force_new_reason: `measurement ${(serial += 1)}` };
  return (await claude.call("train_model", request, Started)).task_id;
};

const startBacktest = async ({ claude }: Stage, model: string): Promise<string> => {
  const request = { ...SHORT_BACKTEST, model, force_new_reason: `measurement ${(serial += 1)}` };
  return (await claude.call("run_backtest", request, Started)).task_id;
};

/** Starts all jobs, a few at a time, kinds in turn. */
async function startAll(stage: Stage, load: Load, model: string): Promise<string[]> {
  const started: string[] = [];
  const numbers = Array.from({ length: JOBS }, (_, at) => at).values();
  const lanes = Array.from({ length: STARTS_AT_ONCE }, async () => {
    for (const at of numbers) {
      const backtest = LOADS[load][at % LOADS[load].length] === "backtesting";
      started.push(await (backtest ? startBacktest(stage, model) : startTraining(stage)));
    }
  });
  await Promise.all(lanes);
  return started;
}

const Registry = z.array(z.looseObject({ worker_type: z.string(), status: z.string() }));

/** Free workers of KTRDR, of the kind that has fewest. */
async function freeWorkers({ sandbox }: Stage, load: Load): Promise<number> {
  const workers = Registry.parse(await (await fetch(`${sandbox.url}/api/v1/workers`)).json());
  const available = workers.filter(({ status }) => status === "available");
  return Math.min(...LOADS[load].map((kind) => available.filter(({ worker_type }) => worker_type === kind).length));
}

/** Connections to PostgreSQL, without the one that asks. */
async function connections(session: pg.Client): Promise<number> {
  const clients = "backend_type = 'client backend' and pid <> pg_backend_pid()";
  const { rows } = await session.query<{ n: number }>(`select count(*)::int n from pg_stat_activity where ${clients}`);
  return rows[0]?.n ?? Number.NaN;
}

/** Looks at KTRDR's registry and at PostgreSQL until told to stop. */
async function watch(stage: Stage, load: Load, signal: AbortSignal) {
  const free: number[] = [];
  let most = 0;
  const session = new pg.Client({ connectionString: stage.database });
  await session.connect();
  try {
    while (!signal.aborted) {
      free.push(await freeWorkers(stage, load));
      most = Math.max(most, await connections(session));
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await session.end();
  }
  return {
    free: Math.min(...free),
    exhausted: free.filter((each) => each === 0).length / free.length,
    connections: most,
  };
}

/** Processor time so far, ms: of each part, and of everything on this machine. */
async function usage({ pids, sandbox }: Stage, workers: Workers) {
  const sum = async (each: readonly number[]) => (await Promise.all(each.map(processorMs))).reduce((a, b) => a + b, 0);
  const machine = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq);
  return {
    workers: await sum(workers.pids),
    temporal: await processorMs(pids.temporal),
    postgres: await familyProcessorMs(pids.postgres),
    ktrdr: await sum([sandbox.api, ...sandbox.workers].map(({ pid }) => pid)),
    machine: machine.reduce((a, b) => a + b, 0) / machine.length,
  };
}

/** When each of the jobs ended, as Temporal says, ms since 1970. */
async function endsOf({ temporal }: Stage, jobIds: readonly string[]): Promise<number[]> {
  const ends: number[] = [];
  for (const jobId of jobIds) {
    const handle = temporal.workflow.getHandle(jobId);
    await handle.result();
    ends.push((await handle.describe()).closeTime?.getTime() ?? Number.NaN);
  }
  return ends.toSorted((a, b) => a - b);
}

async function run(stage: Stage, workers: Workers, load: Load, model: string) {
  const over = new AbortController();
  const [before, began] = [await usage(stage, workers), performance.now()];
  const watching = watch(stage, load, over.signal);
  const jobIds = await startAll(stage, load, model);
  const starting = performance.now() - began;
  const ends = await endsOf(stage, jobIds);
  const took = performance.now() - began;
  const after = await usage(stage, workers);
  over.abort();
  // The time counts from the first end to the last. So the first job's start and the client's own pace do not count.
  const spread = (ends.at(-1) ?? Number.NaN) - (ends[0] ?? Number.NaN);
  const memory = await Promise.all(workers.pids.map(residentMb));
  return {
    perMinute: ((ends.length - 1) / spread) * 60_000,
    startedPerMinute: (jobIds.length / starting) * 60_000,
    largest: Math.max(...memory),
    seen: await watching,
    busy: (part: keyof typeof before) => Math.round(((after[part] - before[part]) / took) * 100),
  };
}

type Run = Awaited<ReturnType<typeof run>>;

/** @returns the pace, and what each part needed for it */
function rowsOf(stage: Stage, load: Load, count: number, runs: readonly Run[]): { pace: Row; parts: Row } {
  const median = (of: (run: Run) => number) => quantile(runs.map(of), 0.5);
  const perMinute = Math.round(median((each) => each.perMinute));
  const baseline = paces.find((row) => row["jobs"] === load)?.["completed a minute"];
  const where = { server: stage.server, jobs: load, workers: count };
  const pace = {
    ...where,
    "completed a minute": perMinute,
    ratio: baseline === undefined ? 1 : Math.round((perMinute / Number(baseline)) * 100) / 100,
    "called a minute": Math.round(median((each) => each.startedPerMinute)),
    "free workers of KTRDR, fewest": Math.min(...runs.map(({ seen }) => seen.free)),
    "KTRDR full (% of the time)": Math.round(median(({ seen }) => seen.exhausted) * 100),
  };
  const parts = {
    ...where,
    "a worker (MB)": Math.max(...runs.map(({ largest }) => largest)),
    "workers (% of a core)": median((each) => each.busy("workers")),
    "Temporal (%)": median((each) => each.busy("temporal")),
    "PostgreSQL (%)": median((each) => each.busy("postgres")),
    "KTRDR (%)": median((each) => each.busy("ktrdr")),
    "whole machine (%)": median((each) => each.busy("machine")),
    "PostgreSQL connections": Math.max(...runs.map(({ seen }) => seen.connections)),
  };
  return { pace, parts };
}

/** Computes one job and throws it away, because the way of each process to its first job is not to be measured. */
async function warmUp(stage: Stage, model: string | null): Promise<string> {
  const jobId = model === null ? await startTraining(stage) : await startBacktest(stage, model);
  for (;;) {
    const status = await stage.claude.call("get_task_status", { task_id: jobId, wait_seconds: 5 }, Status);
    if (status.final && status.state !== "completed") throw new Error(`${jobId}: ${status.headline}`);
    if (status.final) return jobId;
  }
}

async function measure(stage: Stage): Promise<void> {
  await stage.sandbox.workersReady();
  await stage.claude.call("create_strategy", { yaml: SHORT_STRATEGY }, Anything);
  const runs = new Map<string, Run[]>();
  let model: string | null = null;
  for (let round = 0; round < ROUNDS; round += 1) {
    // The numbers go up and then down again, so that what grows with time strikes all of them.
    for (const count of round % 2 === 0 ? WORKERS : WORKERS.toReversed()) {
      const workers = await stage.startWorkers(count);
      try {
        model ??= await warmUp(stage, null);
        await warmUp(stage, model);
        for (const load of Object.keys(LOADS) as Load[]) {
          const done = await run(stage, workers, load, model);
          runs.set(`${load} ${count}`, [...(runs.get(`${load} ${count}`) ?? []), done]);
          const pace = `${Math.round(done.perMinute)} ${load} a minute with ${count} worker(s) on the ${stage.server}`;
          const limit =
            done.seen.exhausted > OFTEN ? "; KTRDR WAS THE LIMIT: give it more workers (KTRDR_WORKERS)" : "";
          console.log(`${pace}${limit}`);
        }
      } finally {
        await workers.stop();
      }
    }
  }
  for (const load of Object.keys(LOADS) as Load[]) {
    for (const count of WORKERS) {
      const { pace, parts } = rowsOf(stage, load, count, runs.get(`${load} ${count}`) ?? []);
      paces.push(pace);
      needs.push(parts);
    }
  }
  await report("scaling", paces);
  await report("scaling-parts", needs);
}

await onDevServer(SETTINGS, SANDBOX, measure);
const leftOut = await onRealServer(SETTINGS, SANDBOX, measure);
if (leftOut !== null) console.log(`the real Temporal server is left out: ${leftOut}`);
