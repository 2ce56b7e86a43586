import { MockActivityEnvironment } from "@temporalio/testing";
import { ApplicationFailure } from "@temporalio/common";
import { DefaultLogger } from "@temporalio/worker";
import pino from "pino";
import { createActivities, type Activities } from "../../src/activities/activities.ts";
import type { ResearchControl } from "../../src/domain/research-control.ts";
import type { ComputationEnd, JobInput, JobProgress } from "../../src/domain/job.ts";
import type { ComputeRequest } from "../../src/domain/kinds/index.ts";
import { BACKTEST, inputOf, TRAINING } from "../support/job-inputs.ts";
import { KtrdrModel, type ModelSettings } from "./ktrdr-model.ts";
import { MemoryRecord } from "./memory-record.ts";
import { ModelKtrdr } from "./model-ktrdr.ts";
import { SimulatedClock } from "./simulated-clock.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The product's own defaults (src/config.ts). */
const SETTINGS: JobInput["settings"] = {
  pollIntervalMs: 5_000,
  stallAfterMs: 10 * MINUTE,
  stallFailAfterMs: 60 * MINUTE,
  maxComputations: 3,
  notFoundGraceMs: 30_000,
  deadGraceMs: 20_000,
  startInFlightMs: 35_000,
};

const SILENT = new DefaultLogger("ERROR", () => undefined);
const HEARTBEAT_TIMEOUT_MS = 10_000;
export const JOB = "job";

type Name = keyof Activities;

/** The real activities in a simulated world. They are retried as by Temporal: on failures, and when heartbeats stop. */
export class SimulatedStage {
  readonly clock = new SimulatedClock();
  readonly startedAt = this.clock.now();
  readonly model: KtrdrModel;
  readonly ktrdr: ModelKtrdr;
  readonly record = new MemoryRecord(this.clock);
  readonly heartbeats: JobProgress[] = [];
  attempts = 0;
  /** What PostgreSQL says about the standing orders of operators. */
  orders: () => Promise<ResearchControl> = async () => ({ pause: null, budget: null });
  /** Called whenever the end of a computation is known. */
  onEnd: ((end: ComputationEnd, operationId: string) => void) | undefined;
  readonly input: JobInput<ComputeRequest>;
  private readonly activities: Activities;
  /** Times at which our worker process is killed or replaced, milliseconds since the beginning, ascending. */
  readonly deploys: number[] = [];

  constructor(settings: ModelSettings, patience: Partial<JobInput["settings"]> = {}) {
    this.model = new KtrdrModel(this.clock, settings);
    this.ktrdr = new ModelKtrdr(this.model, this.clock);
    const request = settings.type === "training" ? TRAINING : BACKTEST;
    this.input = { ...inputOf<ComputeRequest>(JOB, request), settings: { ...SETTINGS, ...patience } };
    const nothing = async (): Promise<void> => undefined;
    const never = (): never => {
      throw new Error("not part of a simulation");
    };
    this.activities = createActivities({
      ktrdr: this.ktrdr.client(),
      strategies: {
        list: never,
        write: never,
        exists: never,
        entry: never,
        read: async (name) => ({ name, path: name, text: "", sha256: TRAINING.strategySha256 }) as never,
      },
      jobs: this.record.jobs(),
      research: { current: async () => await this.orders() },
      holdouts: {
        all: async () => [],
        looksAt: never,
        add: never,
        moved: never,
        looks: never,
        voidLook: never,
        seal: never,
        standing: never,
      },
      decisions: { settle: never, open: async () => [] },
      waits: { begin: never, tell: never, watch: never },
      watches: { open: async () => [], due: never, asked: never, note: never },
      jobSettings: SETTINGS,
      dataDir: undefined,
      results: {
        get: never,
        runs: never,
        twins: never,
        draws: never,
        drawsOf: never,
        listModels: never,
        countLeftOut: never,
        findModel: never,
      },
      slots: { claim: nothing, inUse: nothing, release: nothing, known: async () => [] },
      executions: {
        of: async () => "open",
        namespaceId: never,
        namespaceLives: never,
        forgetEnded: never,
        startAgain: never,
        close: never,
      },
      experimentOf: never,
      campaigns: { record: never, line: never, plan: never, noteJob: never },
      ledger: { standings: never },
      saveStrategies: never,
      batches: { note: never, counts: never, rows: never, pieces: never },
      identify: never,
      labelsOf: never,
      tryRecord: never,
      clock: this.clock,
      log: pino({ level: "silent" }),
    });
  }

  /** Runs one job as the workflow does: wait for a slot, start, await, and all again after a loss. */
  async job(): Promise<ComputationEnd> {
    for (let computation = 1; ; computation += 1) {
      await this.slot();
      const started = await this.perform("startComputation", this.input, computation);
      const end = await this.perform("awaitComputation", this.input, computation, started.operationId);
      this.onEnd?.(end, started.operationId);
      if (end.fate !== "lost" || computation === SETTINGS.maxComputations) return end;
    }
  }

  async slot(): Promise<void> {
    const { kind } = this.input.request;
    await this.perform("watchSlots", { kind, held: [], queued: [JOB], mayGrant: true });
  }

  /** Runs an activity with its retry policy. */
  async perform<N extends Name>(
    name: N,
    ...args: Parameters<Activities[N]>
  ): Promise<Awaited<ReturnType<Activities[N]>>> {
    let details: unknown;
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.attempt(name, args, attempt, details, (beat) => (details = beat));
      if ("value" in result) return result.value as Awaited<ReturnType<Activities[N]>>;
      if (result.error instanceof ApplicationFailure && result.error.nonRetryable === true) throw result.error;
      await this.clock.sleep(Math.min(10_000, 1_000 * 2 ** (attempt - 1)));
    }
  }

  private async attempt(
    name: Name,
    args: readonly unknown[],
    attempt: number,
    details: unknown,
    onBeat: (details: unknown) => void,
  ): Promise<{ value: unknown } | { error: unknown }> {
    this.attempts += 1;
    const env = new MockActivityEnvironment({ attempt, heartbeatDetails: details }, { logger: SILENT });
    const over = new AbortController();
    let beatAt = this.clock.now();
    env.on("heartbeat", (beat: unknown) => {
      onBeat(beat);
      // A heartbeat that comes too late is lost: Temporal has given this attempt up.
      if (this.clock.now() - beatAt > HEARTBEAT_TIMEOUT_MS) env.cancel("TIMED_OUT");
      beatAt = this.clock.now();
      if (name === "awaitComputation") this.heartbeats.push(beat as JobProgress);
    });
    const watch = async (): Promise<{ error: unknown }> => {
      for (;;) {
        const deploy = this.deploys[0] === undefined ? Infinity : this.deploys[0] - this.clock.elapsed();
        const silent = beatAt + HEARTBEAT_TIMEOUT_MS + 1 - this.clock.now();
        if (silent <= 0 || deploy <= 0) {
          if (deploy <= 0) this.deploys.shift();
          env.cancel(deploy <= 0 ? "WORKER_SHUTDOWN" : "TIMED_OUT");
          return { error: new Error("given up by Temporal") };
        }
        await this.clock.sleep(Math.min(silent, deploy), over.signal);
      }
    };
    const activity = this.activities[name] as (...args: readonly unknown[]) => Promise<unknown>;
    const work = env.run(activity, ...args).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    try {
      return await Promise.race([work, watch()]);
    } finally {
      over.abort();
    }
  }
}
