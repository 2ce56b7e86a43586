/** The same training several times: one training is one random draw and proves nothing alone (contract §10.1). */
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  executeChild,
  isCancellation,
  setHandler,
} from "@temporalio/workflow";
import type { JobInput, JobOutcome, LiveJobState, TrainingRequest, TrainingSetRequest } from "../domain/job.ts";
import { closeAs } from "./close-as.ts";
import { failureOf } from "./failure.ts";
import { jobStateQuery } from "./messages.ts";
import { admitJob, recordOutcome } from "./policies.ts";
import { trainModel } from "./train-model.ts";

export async function trainRepeatedly(input: JobInput<TrainingSetRequest>): Promise<JobOutcome> {
  let phase: LiveJobState["phase"] = "running";
  setHandler(jobStateQuery, () => ({
    phase,
    computation: 1,
    operationId: null,
    queuePosition: null,
    waitingFor: null,
  }));
  const admission = await CancellationScope.nonCancellable(() => admitJob(input, 1));
  if (admission.finished !== null) return await closeAs(admission.finished);
  const settled = await Promise.allSettled(drawsOf(input).map((draw) => runDraw(draw, input)));
  phase = "recording";
  // Only the set's own cancellation makes it cancelled: one draw that an operator cancelled does not.
  const cancelled = CancellationScope.current().consideredCancelled
    ? settled.find((draw) => draw.status === "rejected" && isCancellation(draw.reason))
    : undefined;
  const outcome = await CancellationScope.nonCancellable(() =>
    recordOutcome({
      input,
      computation: 1,
      ending: endingOf(settled, cancelled !== undefined),
      faultsSeen: [],
      operationIds: [],
      parentJobId: null,
    }),
  );
  phase = "closed";
  if (cancelled?.status === "rejected") throw cancelled.reason;
  return await closeAs(outcome);
}

function drawsOf(input: JobInput<TrainingSetRequest>): JobInput<TrainingRequest>[] {
  const { training, repeats } = input.request;
  return Array.from({ length: repeats }, (_, index) => ({
    ...input,
    jobId: `${input.jobId}.${index + 1}`,
    requestHash: `${input.requestHash}.${index + 1}`,
    parentJobId: input.jobId,
    request: { ...training, draw: index + 1 },
  }));
}

async function runDraw(draw: JobInput<TrainingRequest>, set: JobInput<TrainingSetRequest>): Promise<JobOutcome> {
  const { strategy, symbol, timeframe } = draw.request;
  return await executeChild(trainModel, {
    workflowId: draw.jobId,
    args: [draw],
    // A terminated set must not leave trainings behind that nobody waits for; cancelling lets them stop their computing.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    staticSummary: `draw ${draw.request.draw} of ${set.request.repeats} · ${strategy} on ${symbol} ${timeframe}`,
    memo: { requestHash: draw.requestHash, kind: "training", client: set.client },
  });
}

function endingOf(
  draws: readonly PromiseSettledResult<JobOutcome>[],
  cancelled: boolean,
): Parameters<typeof recordOutcome>[0]["ending"] {
  if (cancelled) return { status: "cancelled", partial: null };
  if (draws.some((draw) => draw.status === "fulfilled")) return { status: "completed", summary: {} };
  const first = draws.find((draw) => draw.status === "rejected");
  const failure = failureOf(first?.reason instanceof Error ? (first.reason.cause ?? first.reason) : first?.reason);
  return { status: "failed", failure, partial: null };
}
