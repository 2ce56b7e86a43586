import { randomUUID } from "node:crypto";
import type { Client, WorkflowHandle } from "@temporalio/client";
import type { Round } from "../activities/probe.ts";
import { errorText } from "../error-text.ts";
import { JOB_QUEUE } from "../temporal/job-types.ts";
import { checkClock } from "./clock.ts";
import { fine, found, type Finding } from "./finding.ts";
import { within } from "../within.ts";

const PART = "End to end";

/**
 * Sends a workflow through Temporal to a worker, which asks KTRDR and PostgreSQL; then removes the workflow. Nothing is
 * computed and no job waits for it.
 * @param sick parts that other checks have found to be wrong
 * @param patienceMs for all of it
 */
export async function checkProbe(
  client: Client,
  sick: Promise<ReadonlySet<string>>,
  patienceMs: number,
): Promise<readonly Finding[]> {
  const began = performance.now();
  const before = Date.now();
  let handle: WorkflowHandle | undefined;
  const inTime = <T>(work: Promise<T>): Promise<T> => within(work, patienceMs - (performance.now() - began));
  try {
    handle = await inTime(start(client, patienceMs));
    const after = Date.now();
    const { startTime } = await inTime(handle.describe());
    const round = (await inTime(handle.result())) as Round;
    const took = Math.round(performance.now() - began);
    return [
      checkRound(round, took, await sick),
      checkClock("Temporal", { theirs: startTime.getTime(), before, after }),
      checkClock("the worker", { theirs: round.at, before, after: Date.now() }),
    ];
  } catch (error) {
    return [
      found(PART, "probe_failed", errorText(error), {
        fix: "bin/ktrdr-mcp worker",
        note: "Stop workers of an older version first; the log of the worker says more.",
      }),
    ];
  } finally {
    if (handle !== undefined) await within(remove(client, handle), patienceMs / 6).catch(() => undefined);
  }
}

const start = (client: Client, patienceMs: number): Promise<WorkflowHandle> =>
  client.workflow.start("probe", {
    workflowId: `doctor-${randomUUID()}`,
    taskQueue: JOB_QUEUE,
    args: [],
    workflowExecutionTimeout: Math.ceil(patienceMs),
    staticSummary: "a doctor's errand; computes nothing",
  });

function checkRound({ errands }: Round, took: number, sick: ReadonlySet<string>): Finding {
  const told = errands.map(({ part, trouble, ms }) => (trouble === null ? `${part} ${ms} ms` : `${part}: ${trouble}`));
  const bad = errands.filter(({ trouble }) => trouble !== null);
  if (bad.length === 0) return fine(PART, `Temporal, a worker, ${told.join(", ")}: ${took} ms in all`);
  if (bad.every(({ part }) => sick.has(part))) {
    const note = "The findings above explain it: the worker itself needs nothing.";
    return found(PART, "probe_failed", `the worker reports the same: ${told.join("; ")}`, {
      fix: "bin/ktrdr-mcp doctor",
      note,
    });
  }
  return found(PART, "probe_failed", `the worker reports: ${told.join("; ")}`, {
    fix: "bin/ktrdr-mcp worker",
    note: "Start it with the settings of this doctor: the running worker seems to have others.",
  });
}

/**
 * Removes the workflow. The server deletes it within a minute or two; a server that allows no deletion forgets it after
 * its retention.
 */
async function remove(client: Client, handle: WorkflowHandle): Promise<void> {
  const { namespace } = client.options;
  await handle.terminate("the doctor does not wait any longer").catch(() => undefined);
  await client.workflowService.deleteWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: handle.workflowId },
  });
}
