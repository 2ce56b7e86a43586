/** The jobs facade: the few verbs the rest of the product needs of Temporal. */
import { createHash } from "node:crypto";
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from "@temporalio/client";
import canonicalize from "canonicalize";
import { LRUCache } from "lru-cache";
import { DomainError } from "../domain/errors.ts";
import { withoutInsistence } from "../domain/insistence.ts";
import type { JobInput, JobSettings, LiveJobState } from "../domain/job.ts";
import type { JobRequest } from "../domain/kinds/index.ts";
import { calling } from "./connection.ts";
import { jobViewOf } from "./describe-job.ts";
import { jobIdOf } from "./job-types.ts";
import type { JobView } from "./job-view.ts";
import { createLiveStates } from "./live-state.ts";
import { openJobs, type OpenJob } from "./open-jobs.ts";
import { describeNamespace } from "./namespace.ts";
import { isPolled } from "./pollers.ts";
import { startJob } from "./start-options.ts";

export interface StartOptions {
  /** Why a known request shall run again; part of the job's identity. Null for the first run. */
  readonly forceReason: string | null;
  readonly client: string;
  /** 1 (first) .. 5 (last); 3 unless told. */
  readonly priority?: number;
  /** The experiment it is started for; operators filter by it. */
  readonly experimentId?: string;
}

/** All methods throw DomainError `temporal_unavailable` when the server does not answer in time. */
export interface Jobs {
  /** The id and hash of a request. Pure. */
  idOf(request: JobRequest, forceReason: string | null): { readonly jobId: string; readonly requestHash: string };
  /**
   * Starts the job, or finds the one that the same request started before.
   * @throws DomainError `task_conflict` when the id belongs to another request.
   */
  start(request: JobRequest, options: StartOptions): Promise<{ readonly jobId: string; readonly existing: boolean }>;
  /** Null when Temporal does not know it (any more). */
  view(jobId: string): Promise<JobView | null>;
  /**
   * What the workflow itself answers; null when no worker answered within the deadline. Never throws.
   * @param historyEvents length of the job's history now: a queued job whose history did not grow is not asked again
   */
  live(jobId: string, deadlineMs: number, historyEvents: number): Promise<LiveJobState | null>;
  /** Returns when the job is closed, the time is over or the signal fires. Never throws, never cancels the job. */
  waitForClose(jobId: string, ms: number, signal: AbortSignal): Promise<void>;
  cancel(jobId: string, reason: string): Promise<"requested" | "already_closed" | "not_found">;
  /** Newest first; eventually consistent, and at most a second old unless `fresh`. */
  openJobs(limit: number, options?: { readonly fresh: boolean }): Promise<readonly OpenJob[]>;
  /** Whether a worker process of ours has polled lately. */
  workersPolling(): Promise<boolean>;
  ping(): Promise<void>;
}

/** @param now the time by a clock that is right */
export function createJobs(client: Client, settings: JobSettings, now?: () => Promise<Date>): Jobs {
  const open = new LRUCache<number, readonly OpenJob[]>({ max: 8, ttl: 1_000 });
  // Only a positive answer is remembered: a worker that has just started must not count as missing.
  const polled = new LRUCache<"polled", true>({ max: 1, ttl: 3_000 });
  return {
    idOf,
    start: async (request, options) => await start(client, settings, request, options),
    view: async (jobId) => {
      const description = await describe(client, jobId);
      return description === null ? null : await calling(client, () => jobViewOf(client, description));
    },
    live: createLiveStates(client),
    waitForClose: async (jobId, ms, signal) => await waitForClose(client, jobId, ms, signal),
    cancel: async (jobId, reason) => await cancel(client, jobId, reason),
    openJobs: async (limit, options) => {
      const known = options?.fresh === true ? undefined : open.get(limit);
      if (known !== undefined) return known;
      const seen = await calling(client, () => openJobs(client, limit));
      open.set(limit, seen);
      return seen;
    },
    workersPolling: async () => {
      if (polled.has("polled")) return true;
      const seen = await calling(client, () => isPolled(client, now === undefined ? {} : { now }));
      if (seen) polled.set("polled", true);
      return seen;
    },
    ping: async () => {
      const { namespace } = client.options;
      await calling(client, () => describeNamespace(client, { namespace }));
    },
  };
}

export function idOf(request: JobRequest, forceReason: string | null): { jobId: string; requestHash: string } {
  const requestHash = createHash("sha256")
    .update(canonicalize({ request: withoutInsistence(request), forceReason }) ?? "")
    .digest("hex");
  return { jobId: jobIdOf(request, requestHash), requestHash };
}

async function start(
  client: Client,
  settings: JobSettings,
  request: JobRequest,
  options: StartOptions,
): Promise<{ jobId: string; existing: boolean }> {
  const { jobId, requestHash } = idOf(request, options.forceReason);
  const input: JobInput = {
    jobId,
    requestHash,
    request,
    forceReason: options.forceReason,
    parentJobId: null,
    priority: options.priority ?? 3,
    client: options.client,
    settings,
  };
  try {
    await calling(client, () => startJob(client, input, options.experimentId ?? null));
    return { jobId, existing: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await assertSameRequest(client, jobId, requestHash);
    return { jobId, existing: true };
  }
}

/** The id has eight digits of the hash: another request with the same digits must not get this job's answer. */
async function assertSameRequest(client: Client, jobId: string, requestHash: string): Promise<void> {
  const description = await describe(client, jobId);
  if (description === null || description.memo?.["requestHash"] === requestHash) return;
  throw new DomainError("task_conflict", {
    what: `The task id ${jobId} already belongs to another request.`,
    why: "Two different requests happen to share the short form of their content hash.",
    next: "Repeat the call with a force_new_reason: it makes another id.",
  });
}

async function describe(client: Client, jobId: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await calling(client, () => client.workflow.getHandle(jobId).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/**
 * How far the deadline of a wait lies after its end. When the deadline is less than about a second away, Temporal
 * answers "not yet" at once, and the client asks again and again until then.
 */
const SPARE_MS = 30_000;

/** Ends on time whatever the client does: an abort between two of its attempts is lost, and it goes on until the deadline. */
async function waitForClose(client: Client, jobId: string, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return;
  const over = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(ms))]);
  const late = new Promise<void>((resolve) => over.addEventListener("abort", () => resolve(), { once: true }));
  const closed = client.connection.withAbortSignal(over, () =>
    client.connection.withDeadline(Date.now() + ms + SPARE_MS, () => client.workflow.getHandle(jobId).result()),
  );
  // The job failed, or Temporal is away: the caller looks at the state next.
  await Promise.race([closed.catch(() => undefined), late]);
}

async function cancel(
  client: Client,
  jobId: string,
  reason: string,
): Promise<"requested" | "already_closed" | "not_found"> {
  const description = await describe(client, jobId);
  if (description === null) return "not_found";
  const { name } = description.status;
  if (name !== "RUNNING" && name !== "PAUSED") return "already_closed";
  try {
    await calling(client, () =>
      // The handle's own cancel() takes no reason; operators read it in the Web UI.
      client.workflowService.requestCancelWorkflowExecution({
        namespace: client.options.namespace,
        workflowExecution: { workflowId: jobId },
        requestId: crypto.randomUUID(),
        reason,
      }),
    );
    if (name === "PAUSED") await resume(client, jobId, reason);
    return "requested";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === NOT_FOUND) return "already_closed";
    throw error;
  }
}

/** A paused workflow does not handle its cancellation, so it is resumed first. */
async function resume(client: Client, workflowId: string, reason: string): Promise<void> {
  const { namespace } = client.options;
  await calling(client, () =>
    client.workflowService.unpauseWorkflowExecution({ namespace, workflowId, reason, requestId: crypto.randomUUID() }),
  );
}

/** gRPC status; the server also answers it for a closed workflow. */
const NOT_FOUND = 5;
