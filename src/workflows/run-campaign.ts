/**
 * A campaign: step after step is planned from the record, written down, and computed by ordinary jobs. After each step it
 * goes on in a new run, so its history stays short however long it searches.
 */
import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from "@temporalio/workflow";
import type { CampaignStep } from "../activities/campaign.ts";
import type { JobInput, LiveJobState } from "../domain/job.ts";
import type { CampaignRequest } from "../domain/kinds/campaign.ts";
import type { JobFailure, JobOutcome } from "../domain/outcome.ts";
import { campaignDetails } from "../domain/workflow-details.ts";
import { closeAs } from "./close-as.ts";
import { failureOf } from "./failure.ts";
import { jobStateQuery } from "./messages.ts";
import { admitJob, planCampaign, prepareCampaignRun, prepareCampaignRunQuickly, recordOutcome } from "./policies.ts";
import { endedAs, runChild } from "./run-child.ts";

/** @param step number of the first step that has not ended */
export async function campaign(input: JobInput<CampaignRequest>, step = 0): Promise<JobOutcome> {
  return await new CampaignRun(input, step).run();
}

type Ending = Parameters<typeof recordOutcome>[0]["ending"];

class CampaignRun {
  private phase: LiveJobState["phase"] = "running";
  private planned: CampaignStep | null = null;
  private next = 0;
  private ended = 0;
  private readonly input: JobInput<CampaignRequest>;
  private readonly step: number;

  constructor(input: JobInput<CampaignRequest>, step: number) {
    this.input = input;
    this.step = step;
    setHandler(jobStateQuery, () => ({ phase: this.phase, queuePosition: null, waitingFor: null }));
  }

  private show(): void {
    const { phase, step, planned, ended } = this;
    const { jobId, client, request } = this.input;
    const cancelled = CancellationScope.current().consideredCancelled;
    const { trainings, trials } = request.budget;
    const jobs = { stage: planned?.stage ?? null, jobs: planned?.runs.length ?? 0, ended };
    setCurrentDetails(campaignDetails({ phase, jobId, client, step, ...jobs, cancelled, trainings, trials }));
  }

  async run(): Promise<JobOutcome> {
    const { input } = this;
    this.show();
    const admission = await CancellationScope.nonCancellable(() => admitJob(input, 1));
    if (admission.finished !== null) return await closeAs(admission.finished);
    try {
      const planned = await planCampaign(input, this.step);
      this.planned = planned;
      this.show();
      if (planned.stage !== "over") {
        await this.compute(planned);
        // A job that was all but over ends in spite of a cancellation, and a new run would not know of it.
        if (CancellationScope.current().consideredCancelled) throw new CancelledFailure("cancelled after a step");
        return await continueAsNew<typeof campaign>(input, this.step + 1);
      }
      return await this.close(endingOf(planned));
    } catch (error) {
      if (isCancellation(error)) {
        await this.close({ status: "cancelled", partial: null });
        throw error;
      }
      if (!(error instanceof ActivityFailure)) throw error;
      return await this.close({ status: "failed", failure: failureOf(error), partial: null });
    }
  }

  /** All jobs of a step, so many at once. One that fails is a loss that the next plan takes into account. */
  private async compute({ runs }: CampaignStep): Promise<void> {
    const lanes = Array.from({ length: this.input.request.atOnce }, async () => {
      for (;;) {
        const n = runs[this.next];
        this.next += 1;
        if (n === undefined) return;
        await this.computeOne(n);
        this.ended += 1;
        this.show();
      }
    });
    const settled = await Promise.allSettled(lanes);
    const broken = settled.filter((lane) => lane.status === "rejected").map(({ reason }): unknown => reason);
    const cancelled = broken.find((reason) => isCancellation(reason));
    if (broken.length > 0) throw cancelled ?? broken[0];
  }

  private async computeOne(n: number): Promise<void> {
    const prepared = await this.prepare(n);
    if (prepared !== null) await runChild(prepared, (jobId) => endedAs(jobId, "failed"));
  }

  /** A job that cannot be prepared has failed; the others go on. */
  private async prepare(n: number) {
    try {
      return await prepareCampaignRunQuickly(this.input, n).catch(async (error: unknown) => {
        if (isCancellation(error)) throw error;
        return await prepareCampaignRun(this.input, n);
      });
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      return null;
    }
  }

  private async close(ending: Ending): Promise<JobOutcome> {
    this.phase = "recording";
    this.show();
    const { input } = this;
    const outcome = await CancellationScope.nonCancellable(() =>
      recordOutcome({ input, computation: 1, ending, faultsSeen: [], operationIds: [], parentJobId: null }),
    );
    this.phase = "closed";
    this.show();
    return ending.status === "cancelled" ? outcome : await closeAs(outcome);
  }
}

function endingOf({ failure }: CampaignStep): Ending {
  const failed = (given: JobFailure) => ({ status: "failed" as const, failure: given, partial: null });
  return failure === null ? { status: "completed", summary: {} } : failed(failure);
}
