/** What an operator does in Temporal itself, without any tool of ours. */
import { randomUUID } from "node:crypto";
import { Client, WorkflowNotFoundError } from "@temporalio/client";
import { openLazily } from "../../src/temporal/open-connection.ts";
import type { Lab } from "../../lab/lab.ts";
import { until } from "../../lab/until.ts";

/** What an operator must know of the lab's Temporal server. */
export type Place = Pick<Lab, "addresses" | "namespace">;

/** `nothing`: it was not done. `unknown`: Temporal did not answer, so it may have been done. */
export type Deed = "done" | "nothing" | "unknown";

const PATIENCE_MS = 2_000;
const [yes, no] = [() => true, () => false];

async function atTemporal({ addresses, namespace }: Place, act: (client: Client) => Promise<boolean>): Promise<Deed> {
  const connection = openLazily({ address: addresses.temporal, connectTimeout: PATIENCE_MS });
  try {
    if (!(await connection.ensureConnected().then(yes, no))) return "nothing";
    const client = new Client({ connection, namespace });
    return (await connection.withDeadline(Date.now() + PATIENCE_MS, async () => await act(client)))
      ? "done"
      : "nothing";
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? "nothing" : "unknown";
  } finally {
    await connection.close();
  }
}

export async function terminate(place: Place, workflowId: string): Promise<Deed> {
  return await atTemporal(place, async ({ workflow }) => {
    await workflow.getHandle(workflowId).terminate("chaos");
    return true;
  });
}

export async function requestCancel(place: Place, workflowId: string): Promise<Deed> {
  return await atTemporal(place, async ({ workflow }) => {
    await workflow.getHandle(workflowId).cancel();
    return true;
  });
}

/** Resets a workflow to its first workflow task, so that it runs anew. Nothing when none is completed yet. */
export async function reset(place: Place, workflowId: string): Promise<Deed> {
  return await atTemporal(place, async ({ workflow, workflowService }) => {
    const { events } = await workflow.getHandle(workflowId).fetchHistory();
    const first = events?.find((event) => event.workflowTaskCompletedEventAttributes != null);
    if (first?.eventId == null) return false;
    await workflowService.resetWorkflowExecution({
      namespace: place.namespace,
      workflowExecution: { workflowId },
      reason: "chaos",
      requestId: randomUUID(),
      workflowTaskFinishEventId: first.eventId,
    });
    return true;
  });
}

/** Pauses the step that the job is in. @returns what unpauses it; null when nothing was paused */
export async function pauseStep(place: Place, workflowId: string): Promise<(() => Promise<void>) | null> {
  const { namespace } = place;
  const step = { namespace, execution: { workflowId }, identity: "chaos", reason: "chaos" };
  let id: string | null = null;
  const paused = await atTemporal(place, async ({ workflow, workflowService }) => {
    const { raw } = await workflow.getHandle(workflowId).describe();
    id = raw.pendingActivities?.[0]?.activityId ?? null;
    if (id === null) return false;
    await workflowService.pauseActivity({ ...step, id });
    return true;
  });
  if (paused === "nothing" || id === null) return null;
  return async () => {
    const unpaused = async () =>
      await atTemporal(place, async ({ workflowService }) => {
        await workflowService.unpauseActivity({ ...step, id });
        return true;
      }).then((deed) => deed === "done" || deed === "nothing");
    await until(unpaused, { what: "the step being unpaused", timeoutMs: 120_000 }).catch(() => undefined);
  };
}
