/**
 * A batch, a measurement or a walk-forward: starts its jobs in order, so many at once. What was computed
 * before is not computed again. Before its history grows long it goes on in a new run, when no job of it is open.
 */
import {
  ActivityFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from "@temporalio/workflow";
import { boundsOf, isProof, itemsOf, type BatchItem, type ManyRequest } from "../domain/batch.ts";
import type { JobInput, LiveJobState } from "../domain/job.ts";
import type { FinalStatus, JobFailure, JobOutcome } from "../domain/outcome.ts";
import { manyDetails } from "../domain/workflow-details.ts";
import type { PreparedJob } from "../activities/chosen-job.ts";
import { closeAs } from "./close-as.ts";
import { failureOf } from "./failure.ts";
import { jobStateQuery } from "./messages.ts";
import { admitJob, prepareItem, prepareItemQuickly, recordOutcome } from "./policies.ts";
import { endedAs, runChild } from "./run-child.ts";

/** Items of one run. Each item makes about thirty events, with two jobs. */
const ITEMS_A_RUN = 100;

export interface BatchState {
  /** First item that was not begun. */
  readonly next: number;
  readonly failed: number;
}

export async function runBatch(
  input: JobInput<ManyRequest>,
  state: BatchState = { next: 0, failed: 0 },
): Promise<JobOutcome> {
  return await new BatchRun(input, state).run();
}

class BatchRun {
  private phase: LiveJobState["phase"] = "running";
  private readonly input: JobInput<ManyRequest>;
  private readonly items: readonly BatchItem[];
  private readonly end: number;
  private next: number;
  private ended: number;
  private failed: number;

  constructor(input: JobInput<ManyRequest>, { next, failed }: BatchState) {
    this.input = input;
    this.next = next;
    // A run begins when no item is open.
    this.ended = next;
    this.failed = failed;
    this.items = itemsOf(input.request);
    this.end = Math.min(this.items.length, next + ITEMS_A_RUN);
    setHandler(jobStateQuery, () => ({ phase: this.phase, queuePosition: null, waitingFor: null }));
  }

  private show(): void {
    const { phase, ended, failed, open } = this;
    const { jobId, client, request } = this.input;
    const { maxFailures } = boundsOf(request);
    const cancelled = CancellationScope.current().consideredCancelled;
    const now = { jobId, kind: request.kind, phase, client, ended, failed, open, maxFailures, cancelled };
    setCurrentDetails(manyDetails({ ...now, items: this.items.length }));
  }

  private enter(phase: LiveJobState["phase"]): void {
    this.phase = phase;
    this.show();
  }

  async run(): Promise<JobOutcome> {
    const { input } = this;
    this.show();
    const admission = await CancellationScope.nonCancellable(() => admitJob(input, 1));
    if (admission.finished !== null) return await closeAs(admission.finished);
    const lanes = Array.from({ length: boundsOf(input.request).atOnce }, () => this.lane());
    const settled = await Promise.allSettled(lanes);
    const cancelled = settled.find((lane) => lane.status === "rejected" && isCancellation(lane.reason));
    const broken = settled.find((lane) => lane.status === "rejected");
    if (broken?.status === "rejected" && cancelled === undefined) throw broken.reason;
    if (cancelled === undefined && this.next < this.items.length && !this.stopped) {
      await continueAsNew<typeof runBatch>(input, { next: this.next, failed: this.failed });
    }
    this.enter("recording");
    const outcome = await CancellationScope.nonCancellable(() =>
      recordOutcome({
        input,
        computation: 1,
        ending: this.endingOf(cancelled !== undefined),
        faultsSeen: [],
        operationIds: [],
        parentJobId: null,
      }),
    );
    this.enter("closed");
    if (cancelled?.status === "rejected") throw cancelled.reason;
    return await closeAs(outcome);
  }

  private get stopped(): boolean {
    return this.failed > boundsOf(this.input.request).maxFailures;
  }

  private async lane(): Promise<void> {
    while (this.next < this.end && !this.stopped) {
      const item = this.items[this.next];
      this.next += 1;
      if (item === undefined) return;
      // A model that changes before all prefixes are computed must change the proof, too.
      if (isProof(this.input.request, item.n)) await condition(() => this.open === 0);
      if (this.stopped) return;
      this.open += 1;
      this.show();
      try {
        if ((await this.runItem(item)) === "failed") this.failed += 1;
      } finally {
        this.open -= 1;
        this.ended += 1;
        this.show();
      }
    }
  }

  /** Items that were begun and have not ended. */
  private open = 0;

  private async runItem({ n, training, backtest }: BatchItem): Promise<FinalStatus> {
    let trained: JobOutcome | null = null;
    if (training !== null) {
      trained = await this.runStage(n, "training", null);
      if (trained.status !== "completed" || backtest === null) return fateOf(trained);
    }
    return fateOf(await this.runStage(n, "backtest", trained?.jobId ?? null));
  }

  private async runStage(n: number, stage: "training" | "backtest", trainingJobId: string | null): Promise<JobOutcome> {
    const prepared = await this.prepare(n, stage, trainingJobId);
    if ("status" in prepared) return prepared;
    if (prepared.finished !== null) return prepared.finished;
    return await runChild(prepared, (jobId, failure) => this.failedFor(jobId, failure));
  }

  /** An item that cannot be prepared has failed; the others go on. */
  private async prepare(
    n: number,
    stage: "training" | "backtest",
    trainingJobId: string | null,
  ): Promise<PreparedJob | JobOutcome> {
    try {
      return await prepareItemQuickly(this.input, n, stage, trainingJobId).catch(async (error: unknown) => {
        if (isCancellation(error)) throw error;
        return await prepareItem(this.input, n, stage, trainingJobId);
      });
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      return this.failedFor(`${this.input.jobId}.${n}`, failureOf(error));
    }
  }

  private failedFor(jobId: string, failure: JobFailure): JobOutcome {
    this.firstFailure ??= failure.what;
    return endedAs(jobId, "failed");
  }

  private firstFailure: string | null = null;

  private endingOf(cancelled: boolean): Parameters<typeof recordOutcome>[0]["ending"] {
    if (cancelled) return { status: "cancelled", partial: null };
    if (!this.stopped) return { status: "completed", summary: {} };
    const failure: JobFailure = {
      code: "computation_failed",
      what: whatFailed(this.input.request, this.failed, this.items.length),
      why: this.firstFailure === null ? null : `the first of them: ${this.firstFailure}`,
      next: NEXT_AFTER[this.input.request.kind],
    };
    return { status: "failed", failure, partial: null };
  }
}

const NEXT_AFTER: Readonly<Record<ManyRequest["kind"], string>> = {
  batch:
    "get_results with this task_id shows what there is; mend the cause, and start another batch: what is done is not done again.",
  measurement: "mend the cause; then repeat measure_equity with force_new_reason: what is done is not done again.",
  walk_forward: "mend the cause; then repeat start_walk_forward with force_new_reason: what is done is not done again.",
};

function whatFailed(request: ManyRequest, failed: number, items: number): string {
  if (request.kind === "measurement") return `${failed} prefixes of ${request.measures} failed: it is not measured.`;
  if (request.kind === "walk_forward") {
    return `${failed} items of the walk-forward failed, more than its ${request.draws} draws a window: no others were begun.`;
  }
  return failed === items
    ? `All ${failed} items of the batch failed.`
    : `${failed} items of the batch failed, more than the ${request.maxFailures} it was given: no others were begun.`;
}

const fateOf = ({ status }: JobOutcome): FinalStatus => (status === "terminated" ? "failed" : status);
