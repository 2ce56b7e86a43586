import { randomUUID } from "node:crypto";
import type { Client, WorkflowHandle } from "@temporalio/client";
import type { Round } from "../activities/probe.ts";
import { errorText } from "../error-text.ts";
import { JOB_QUEUE } from "../temporal/job-types.ts";
import { checkClock } from "./clock.ts";
import { fine, found, type Finding } from "./finding.ts";
import { within } from "./within.ts";

const PART = "End to end";
const AT_MOST_MS = 6_000;
const CLEAN_UP_MS = 1_000;

/**
 * Sends a workflow through Temporal to a worker and on to KTRDR and PostgreSQL, and removes its traces. Nothing is computed
 * and no job waits for it.
 * @param sick the parts that were found to be wrong without it.
 */
export async function checkProbe(client: Client, sick: Promise<ReadonlySet<string>>): Promise<readonly Finding[]> {
  const began = performance.now();
  const before = Date.now();
  let handle: WorkflowHandle | undefined;
  const inTime = <T>(work: Promise<T>): Promise<T> => within(work, AT_MOST_MS - (performance.now() - began));
  try {
    handle = await inTime(start(client));
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
    if (handle !== undefined) await within(remove(client, handle), CLEAN_UP_MS).catch(() => undefined);
  }
}

const start = (client: Client): Promise<WorkflowHandle> =>
  client.workflow.start("probe", {
    workflowId: `doctor-${randomUUID()}`,
    taskQueue: JOB_QUEUE,
    args: [],
    workflowExecutionTimeout: AT_MOST_MS,
    staticSummary: "a doctor's errand; computes nothing",
  });

function checkRound({ errands }: Round, took: number, sick: ReadonlySet<string>): Finding {
  const told = errands.map(({ part, trouble, ms }) => (trouble === null ? `${part} ${ms} ms` : `${part}: ${trouble}`));
  const bad = errands.filter(({ trouble }) => trouble !== null);
  if (bad.length === 0) return fine(PART, `Temporal, a worker, ${told.join(", ")}: ${took} ms in all`);
  if (bad.every(({ part }) => sick.has(part))) {
    const note = "What is told above is what the worker meets: it needs nothing else.";
    return found(PART, "probe_failed", `the worker reports the same: ${told.join("; ")}`, {
      fix: "bin/ktrdr-mcp doctor",
      note,
    });
  }
  return found(PART, "probe_failed", `the worker reports: ${told.join("; ")}`, {
    fix: "bin/ktrdr-mcp worker",
    note: "With the settings that this doctor was given; those of the running worker seem to be others.",
  });
}

/**
 * The server carries a deletion out within a minute or two. One that does not let workflows be deleted forgets this one
 * after its retention.
 */
async function remove(client: Client, handle: WorkflowHandle): Promise<void> {
  const { namespace } = client.options;
  await handle.terminate("the doctor does not wait any longer").catch(() => undefined);
  await client.workflowService.deleteWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: handle.workflowId },
  });
}
