import { setTimeout as delay } from "node:timers/promises";
import { cancellationSignal, heartbeat } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import type { Activities } from "../../src/activities/activities.ts";
import type { ComputationEnd, JobInput } from "../../src/domain/job.ts";
import { computes, type ComputeRequest } from "../../src/domain/kinds/index.ts";
import type { CampaignRequest } from "../../src/domain/kinds/campaign.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import type { TrainingRequest } from "../../src/domain/kinds/training.ts";
import { itemsOf, type ManyRequest } from "../../src/domain/batch.ts";
import type { CampaignStep } from "../../src/activities/campaign.ts";
import type { PreparedJob } from "../../src/activities/chosen-job.ts";
import { labelsOf } from "../../src/temporal/start-options.ts";
import type { SlotNews } from "../../src/domain/slots.ts";
import { createExecutions } from "../../src/temporal/executions.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { outcomeOf, SETTINGS, TRAINING } from "./job-inputs.ts";
import { startScriptedWorker, startWorkflowEnvironment } from "./workflow-env.ts";

/** What the computing of one job does. */
interface Script {
  /** One end for each computation; a promise holds the job in its running step. */
  readonly ends: Promise<ComputationEnd>[];
  /** Resolves when its start is done. */
  readonly starts?: Promise<void>;
  readonly finished?: JobOutcome;
}

export const SUCCEEDED: ComputationEnd = { fate: "succeeded", summary: {}, faultsSeen: [] };
export const LOST: ComputationEnd = { fate: "lost", fault: "worker_died", why: "gone", faultsSeen: [] };

/** A Temporal server with a worker whose activities do as scripted; `stop` ends both. */
export async function startStage() {
  const env = await startWorkflowEnvironment();
  const stage = new Stage();
  const worker = await startScriptedWorker(env, {
    ...stage.activities(createSlots(env.client)),
    closeExecution: createExecutions(env.client, SETTINGS).close,
  });
  return {
    env,
    stage,
    stop: async () => {
      await worker.stop();
      await env.teardown();
    },
  };
}

/** Activities that do as scripted and note what they were asked. The workflows around them are real. */
export class Stage {
  readonly scripts = new Map<string, Script>();
  private readonly holding: ((end: ComputationEnd) => void)[] = [];
  readonly calls: string[] = [];
  /** How many jobs may compute at once. */
  capacity = 1;
  /** Why no worker is free, when none is. */
  reason = "";
  readonly inFlight = new Set<string>();
  readonly closed = new Set<string>();
  /** Jobs that a keeper named to its watch as queued. */
  readonly watched = new Set<string>();
  /** By closed job: its computing counts as over only when the promise resolves. */
  readonly stuck = new Map<string, Promise<void>>();
  mostInFlight = 0;
  /** The outcomes of jobs that are known before a batch asks for them. */
  readonly known = new Map<string, JobOutcome>();
  /** By job: its end is on record only when the promise resolves. */
  readonly recording = new Map<string, Promise<unknown>>();
  /** Jobs of a batch that cannot be prepared. */
  readonly impossible = new Set<string>();
  /** The steps of campaigns, by their ids. */
  readonly plans = new Map<string, readonly CampaignStep[]>();
  /** Jobs of others that a batch waits for. */
  readonly others = new Map<string, Promise<JobOutcome>>();

  /** A computing that ends when it is released, or when its test is over. */
  held(): { end: Promise<ComputationEnd>; release: (end: ComputationEnd) => void } {
    const { promise, resolve } = Promise.withResolvers<ComputationEnd>();
    this.holding.push(resolve);
    return { end: promise, release: resolve };
  }

  /** After each test: what one that failed holds would keep its slot from all that follow. */
  releaseHeld(): void {
    for (const release of this.holding.splice(0)) release(SUCCEEDED);
  }

  activities(slots: ReturnType<typeof createSlots>): Activities {
    const note = (call: string): void => void this.calls.push(call);
    return {
      makeRound: () => Promise.reject(new Error("no doctor comes here")),
      waitForNothing: () => Promise.resolve(),
      planCampaign: async ({ jobId }, step) => {
        note(`plan ${jobId} ${step}`);
        return this.plans.get(jobId)?.[step] ?? { stage: "over", runs: [], failure: null };
      },
      prepareCampaignRun: async (campaign, n) => this.preparedRun(campaign, n),
      admitJob: async (input, computation) => {
        note(`admit ${input.jobId} ${computation}`);
        const { finished } = this.script(input.jobId);
        if (finished !== undefined) return { finished };
        if (!computes(input.request)) return { finished: null };
        await slots.claim(input.request.kind, { jobId: input.jobId, priority: input.priority, computation });
        return { finished: null };
      },
      startComputation: async ({ jobId, request }: JobInput<ComputeRequest>, computation) => {
        note(`start ${jobId} ${computation}`);
        // The real one, too, waits for the answer to what it sent, and notices a cancellation there.
        await unlessCancelled(this.script(jobId).starts ?? Promise.resolve(), { jobId });
        this.inFlight.add(jobId);
        this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.size);
        await slots.inUse(request.kind, jobId);
        return { operationId: `${jobId}-op${computation}`, faultsSeen: [] };
      },
      awaitComputation: async ({ jobId }, computation) => {
        const end = this.script(jobId).ends[computation - 1] ?? Promise.resolve(SUCCEEDED);
        const reached = await unlessCancelled(end, { jobId });
        if (reached.fate === "lost") this.inFlight.delete(jobId);
        return reached;
      },
      stopComputation: async ({ jobId }, _computation, operationId) => {
        note(`stop ${operationId}`);
        this.inFlight.delete(jobId);
        return { stopped: true, partial: null, faultsSeen: [] };
      },
      recordOutcome: async ({ input, ending }) => {
        note(`record ${input.jobId} ${ending.status}`);
        await this.recording.get(input.jobId);
        this.inFlight.delete(input.jobId);
        if (computes(input.request)) await slots.release(input.request.kind, input.jobId);
        return {
          ...outcomeOf(input.jobId, ending.status),
          failure: ending.status === "failed" ? ending.failure : null,
        };
      },
      watchSlots: async ({ queued, held, settling = [], mayGrant, knownReason }): Promise<SlotNews> => {
        queued.forEach((jobId) => this.watched.add(jobId));
        for (;;) {
          heartbeat("watching");
          const closed = held.filter((jobId) => this.closed.has(jobId));
          const free = queued.length > 0 && mayGrant && held.length + settling.length < this.capacity;
          if (closed.length > 0 || free) return { free: free && closed.length === 0, closed, waitingFor: "" };
          if (mayGrant && this.reason !== knownReason) return { free, closed, waitingFor: this.reason };
          await delay(20, undefined, { signal: cancellationSignal() });
        }
      },
      tendJobs: async () => undefined,
      settleCandidate: () => Promise.reject(new Error("no candidate waits here")),
      nextWatch: () => Promise.reject(new Error("no champion is watched here")),
      noteWatch: () => Promise.reject(new Error("no champion is watched here")),
      prepareItem: async (batch, n, stage, trainingJobId) => this.prepared(batch, n, stage, trainingJobId),
      awaitOther: async (jobId) => {
        note(`await ${jobId}`);
        return await unlessCancelled(this.others.get(jobId) ?? Promise.resolve(outcomeOf(jobId, "completed")), jobId);
      },
      closeExecution: () => Promise.reject(new Error("no job here has ended before")),
      settleAbandoned: async (jobId) => {
        note(`settle ${jobId}`);
        await unlessCancelled(this.stuck.get(jobId) ?? Promise.resolve(), jobId).finally(() => note(`left ${jobId}`));
        this.inFlight.delete(jobId);
      },
    };
  }

  /** Prepares an item as the real activity does, but without a record: `known` says what is finished. */
  private prepared(
    batch: JobInput<ManyRequest>,
    n: number,
    stage: "training" | "backtest",
    trainingJobId: string | null,
  ): PreparedJob {
    const item = itemsOf(batch.request)[n];
    const jobId = `${stage === "training" ? "train" : "backtest"}-${batch.jobId}-${n}`;
    this.calls.push(`prepare ${jobId}`);
    if (this.impossible.has(jobId)) throw ApplicationFailure.nonRetryable("it left no model");
    const request = { ...item?.[stage], modelPath: "models/x/1", trainingJobId } as unknown as TrainingRequest;
    const input = { ...batch, jobId, requestHash: jobId, parentJobId: batch.jobId, request };
    const workflow = stage === "training" ? "trainModel" : "runBacktest";
    return { input, workflow, finished: this.known.get(jobId) ?? null, labels: labelsOf(input) };
  }

  private preparedRun(campaign: JobInput<CampaignRequest>, n: number): PreparedJob {
    const jobId = `train-${campaign.jobId}-${n}`;
    this.calls.push(`prepare ${jobId}`);
    if (this.impossible.has(jobId)) throw ApplicationFailure.nonRetryable("it left no model");
    const input = { ...campaign, jobId, requestHash: jobId, parentJobId: campaign.jobId, request: TRAINING };
    return { input, workflow: "trainModel", finished: this.known.get(jobId) ?? null, labels: labelsOf(input) };
  }

  private script(jobId: string): Script {
    return this.scripts.get(jobId) ?? { ends: [] };
  }
}

/** Waits for `end` and heartbeats meanwhile. @throws CancelledFailure as soon as the activity is cancelled */
async function unlessCancelled<T>(end: Promise<T>, details: unknown): Promise<T> {
  const signal = cancellationSignal();
  const beat = setInterval(() => heartbeat(details), 1_000);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new CancelledFailure("aborted")));
  });
  try {
    return await Promise.race([end, aborted]);
  } finally {
    clearInterval(beat);
  }
}
