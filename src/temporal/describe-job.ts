/** Reads a job out of Temporal's `describe`: true while every worker is down. */
import {
  WorkflowFailedError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionStatusName,
} from "@temporalio/client";
import { ApplicationFailure, defaultPayloadConverter } from "@temporalio/common";
import type { JobProgress } from "../domain/job.ts";
import { kindOfWorkflow } from "../domain/kinds/index.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import type { JobView } from "./job-view.ts";

const EXECUTION: Readonly<Record<WorkflowExecutionStatusName, JobView["execution"]>> = {
  UNSPECIFIED: "running",
  RUNNING: "running",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
  TERMINATED: "terminated",
  CONTINUED_AS_NEW: "running",
  TIMED_OUT: "timed_out",
  PAUSED: "paused",
  UNKNOWN: "running",
};

/** Null when the workflow is no job of ours. */
export async function jobViewOf(client: Client, description: WorkflowExecutionDescription): Promise<JobView | null> {
  const kind = kindOfWorkflow(description.type);
  if (kind === null) return null;
  const execution = EXECUTION[description.status.name];
  const open = execution === "running" || execution === "paused";
  const { raw } = description;
  return {
    jobId: description.workflowId,
    runId: description.runId,
    kind,
    execution,
    startedAt: description.startTime.toISOString(),
    closedAt: description.closeTime?.toISOString() ?? null,
    requestHash: textOf(description.memo?.["requestHash"]),
    client: textOf(description.memo?.["client"]),
    pending: open ? pendingOf(raw.pendingActivities?.[0]) : null,
    cancelRequested: raw.workflowExtendedInfo?.cancelRequested ?? false,
    outcome: open ? null : await outcomeOf(client, description),
    historyEvents: description.historyLength,
  };
}

type RawPending = NonNullable<WorkflowExecutionDescription["raw"]["pendingActivities"]>[number];

function pendingOf(raw: RawPending | undefined): JobView["pending"] {
  if (raw === undefined) return null;
  const details = raw.heartbeatDetails?.payloads?.[0];
  const progress = details === undefined ? null : defaultPayloadConverter.fromPayload<unknown>(details);
  return {
    activity: raw.activityType?.name ?? "",
    attempt: raw.attempt ?? 1,
    lastFailure: raw.lastFailure?.message ?? null,
    lastHeartbeatAt: isoOf(raw.lastHeartbeatTime),
    progress: isProgress(progress) ? progress : null,
  };
}

function isProgress(value: unknown): value is JobProgress {
  return typeof value === "object" && value !== null && "operationId" in value && "percent" in value;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isoOf(time: RawPending["lastHeartbeatTime"]): string | null {
  if (time?.seconds === undefined || time.seconds === null) return null;
  return new Date(Number(time.seconds) * 1_000 + (time.nanos ?? 0) / 1e6).toISOString();
}

async function outcomeOf(
  client: Client,
  { workflowId, runId }: WorkflowExecutionDescription,
): Promise<JobOutcome | null> {
  try {
    const result: unknown = await client.workflow.getHandle(workflowId, runId, {}).result();
    return isOutcome(result) ? result : null;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const detail = error.cause instanceof ApplicationFailure ? error.cause.details?.[0] : null;
    return isOutcome(detail) ? detail : null;
  }
}

function isOutcome(value: unknown): value is JobOutcome {
  return typeof value === "object" && value !== null && "status" in value && "headline" in value;
}
