import { z } from "zod";
import { compact } from "../../domain/facts.ts";
import { assertOwn } from "../../research/jobs/own-job.ts";
import { statusFacts, statusOf, taskNotFound, uiLink } from "../../research/jobs/task-status.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { freeText, statusFields, taskId } from "../fields.ts";

/** Stopping takes KTRDR a poll or two; whoever waits longer calls get_task_status. */
const PROOF_WAIT_MS = 10_000;

export const cancelTask = defineTool({
  name: "cancel_task",
  title: "Cancel a task",
  description: `Stops a job, queued or running. A running one is stopped at KTRDR and at its worker, and what was learnt until then is kept: a training can go on from it (train_model, resume_from). The call waits up to 10 s for proof: "stopped" says whether the computing is over; if not yet, get_task_status shows when it is.

Cancelling a batch, campaign, measurement or walk-forward cancels its open jobs; one of these can be cancelled alone. A finished job stays as it is.

Example: {"task_id": "train-spx_trend-7f3a2c", "reason": "validation loss rises from the first epoch"}`,
  input: z.strictObject({
    task_id: taskId,
    reason: freeText(300).min(3).describe("Why, in a sentence; it is kept with the job."),
  }),
  output: z.object({
    ...statusFields,
    stopped: z.boolean().describe("True when no computing for this job can be going on any more."),
    temporal_ui: z.string().optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async handle({ task_id, reason }, context) {
    const { deps } = context;
    await assertOwn(task_id, "cancelling it", context);
    const answer = await deps.jobs.cancel(task_id, reason);
    if (answer === "not_found" && (await deps.records.jobs.get(task_id)) === null) throw taskNotFound(task_id);
    if (answer === "requested") await proof(task_id, context);
    const task = await statusOf(deps, task_id);
    const { state, final } = task.status;
    return {
      ...statusFacts(task_id, task),
      // KTRDR does not learn of a termination.
      stopped: final && state !== "terminated",
      ...compact({ temporal_ui: uiLink(deps.links, task_id) }),
    };
  },
});

async function proof(jobId: string, { deps, signal, progress }: ToolContext): Promise<void> {
  // Without a worker nothing is carried out, and the status says so at once.
  if ((await deps.jobs.workersPolling().catch(() => null)) === false) return;
  progress({ percent: 0, message: "Cancellation requested; waiting for the computing to stop." });
  // When Temporal goes away while we wait, the request stands, and the status says what is known.
  await deps.jobs.waitForClose(jobId, PROOF_WAIT_MS, signal).catch(() => undefined);
}
