/**
 * The story of a job that KTRDR computes, of whatever kind: it is admitted, queued for a slot, started exactly once,
 * awaited and recorded, or it is stopped. A finished job has 28 events, however long it ran (docs/architecture.md).
 */
import { CancellationScope, condition, isCancellation, setCurrentDetails, setHandler } from "@temporalio/workflow";
import type { ComputationEnd, JobInput, LiveJobState } from "../domain/job.ts";
import type { ComputeRequest } from "../domain/kinds/index.ts";
import type { FaultSeen, JobFailure, JobOutcome, PartialResult } from "../domain/outcome.ts";
import { jobDetails } from "../domain/workflow-details.ts";
import { closeAs } from "./close-as.ts";
import { failureOf } from "./failure.ts";
import { jobStateQuery, slotGrantedSignal } from "./messages.ts";
import * as steps from "./policies.ts";

type Ending = Parameters<typeof steps.recordOutcome>[0]["ending"];

class ComputeJob {
  private phase: LiveJobState["phase"] = "queued";
  private computation = 1;
  private operationId: string | null = null;
  private granted = false;
  private admitted = false;
  private readonly operationIds: string[] = [];
  private readonly faultsSeen = new Set<FaultSeen>();
  private readonly input: JobInput<ComputeRequest>;

  constructor(input: JobInput<ComputeRequest>) {
    this.input = input;
    setHandler(slotGrantedSignal, () => {
      this.granted = true;
    });
    setHandler(jobStateQuery, () => ({ phase: this.phase, queuePosition: null, waitingFor: null }));
  }

  private enter(phase: LiveJobState["phase"]): void {
    this.phase = phase;
    const { computation, operationId } = this;
    const { client, settings } = this.input;
    const { maxComputations } = settings;
    setCurrentDetails(jobDetails({ phase, client, computation, maxComputations, operationId }));
  }

  async run(): Promise<JobOutcome> {
    this.enter("queued");
    return await closeAs(await this.reachOutcome());
  }

  private async reachOutcome(): Promise<JobOutcome> {
    try {
      return await this.compute();
    } catch (error) {
      if (isCancellation(error)) return await this.cancelled(error);
      // A job that was not admitted has no record to close; the id may belong to another job.
      if (!this.admitted) throw error;
      if (error instanceof JobFailed) return await this.failed(error);
      return await this.failed(new JobFailed(failureOf(error), null, this.operationId !== null));
    }
  }

  private async compute(): Promise<JobOutcome> {
    const finished = await this.admit();
    if (finished !== null) return finished;
    for (;;) {
      await condition(() => this.granted);
      const end = await this.computeOnce();
      end.faultsSeen.forEach((fault) => this.faultsSeen.add(fault));
      if (end.fate === "succeeded") return await this.record({ status: "completed", summary: end.summary });
      if (end.fate === "failed") throw new JobFailed(end.failure, end.partial, end.mayStillCompute);
      await this.afterLoss(end);
    }
  }

  /** Returns the outcome when the record has one already: Temporal may have forgotten the job. */
  private async admit(): Promise<JobOutcome | null> {
    return await CancellationScope.nonCancellable(async () => {
      const admission = await steps
        .admitJobQuickly(this.input, this.computation)
        .catch(() => steps.admitJob(this.input, this.computation));
      this.admitted = true;
      const { standing } = admission;
      if (standing !== undefined) {
        this.computation = standing.computation;
        this.granted = standing.slot !== "queued";
      }
      return admission.finished;
    });
  }

  private async computeOnce(): Promise<ComputationEnd> {
    this.enter("starting");
    // A cancellation between the POST and its recorded answer would leave KTRDR computing unseen, so it waits for this
    // step.
    const started = await CancellationScope.nonCancellable(() => steps.startComputation(this.input, this.computation));
    this.operationId = started.operationId;
    this.operationIds.push(started.operationId);
    started.faultsSeen.forEach((fault) => this.faultsSeen.add(fault));
    this.enter("running");
    return await steps.awaitComputation(this.input, this.computation, started.operationId);
  }

  /** The computation is proven dead. Its slot goes back, and the job queues for another one while it may. */
  private async afterLoss(end: Extract<ComputationEnd, { fate: "lost" }>): Promise<void> {
    this.faultsSeen.add(end.fault);
    this.granted = false;
    if (this.computation >= this.input.settings.maxComputations) {
      throw new JobFailed(
        {
          code: "computation_lost",
          what: `The computation was lost ${this.computation} times, the last time because ${end.why}.`,
          why: "KTRDR's workers die or forget while they compute this job.",
          next: "Look at KTRDR's workers (check_health), then start the job again with force_new_reason.",
        },
        null,
        false,
      );
    }
    this.computation += 1;
    this.operationId = null;
    this.enter("queued");
    await this.admit();
  }

  private async cancelled(error: unknown): Promise<JobOutcome> {
    return await CancellationScope.nonCancellable(async () => {
      const report = await this.stop("cancelled");
      if (!report.stopped) return await this.record({ status: "completed", summary: report.summary });
      const outcome = await this.record({ status: "cancelled", partial: report.partial });
      if (outcome.status !== "cancelled") return outcome;
      throw error; // keeps the execution's status Cancelled
    });
  }

  private async failed(failed: JobFailed): Promise<JobOutcome> {
    return await CancellationScope.nonCancellable(async () => {
      if (failed.mayStillCompute) {
        const report = await this.stop(failed.failure.code);
        if (!report.stopped) return await this.record({ status: "completed", summary: report.summary });
      }
      return await this.record({ status: "failed", failure: failed.failure, partial: failed.partial });
    });
  }

  private async stop(reason: string): ReturnType<typeof steps.stopComputation> {
    this.enter("stopping");
    if (this.operationId === null) return { stopped: true, partial: null, faultsSeen: [] };
    const report = await steps.stopComputation(this.input, this.computation, this.operationId, reason);
    if (report.stopped) report.faultsSeen.forEach((fault) => this.faultsSeen.add(fault));
    return report;
  }

  private async record(ending: Ending): Promise<JobOutcome> {
    this.enter("recording");
    const outcome = await CancellationScope.nonCancellable(() =>
      steps.recordOutcome({
        input: this.input,
        computation: this.computation,
        ending,
        faultsSeen: [...this.faultsSeen],
        operationIds: this.operationIds,
        parentJobId: this.input.parentJobId,
      }),
    );
    this.enter("closed");
    return outcome;
  }
}

/** Carries a failure to the one place that records it. */
class JobFailed extends Error {
  readonly failure: JobFailure;
  readonly partial: PartialResult | null;
  readonly mayStillCompute: boolean;

  constructor(failure: JobFailure, partial: PartialResult | null, mayStillCompute: boolean) {
    super(failure.what);
    this.failure = failure;
    this.partial = partial;
    this.mayStillCompute = mayStillCompute;
  }
}

export async function computeJob(input: JobInput<ComputeRequest>): Promise<JobOutcome> {
  return await new ComputeJob(input).run();
}
