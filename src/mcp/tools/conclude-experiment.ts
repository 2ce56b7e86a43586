import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { compact, enginesText } from "../../domain/facts.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { judgementFactsOf, verdictText } from "../../research/memory/experiment-facts.ts";
import { experimentId, freeText } from "../fields.ts";

const SHOWN = 20;

export const concludeExperiment = defineTool({
  name: "conclude_experiment",
  title: "Conclude an experiment",
  description: `Judges an experiment by the criterion that was written down when it started, and keeps the verdict beside your words. The first conclusion stands, and no more runs are taken.

All its runs must have ended. Fewer runs that count than announced: inconclusive. Under 30 trades: cannot be told. left_out says which did not count, and why. After: save_insight with what follows.

Example: {"experiment_id": "experiment-1a2b3c4d5e6f7081", "conclusion": "Entries come too late; the filter costs more than it saves."}`,
  input: z.strictObject({
    experiment_id: experimentId.describe("As start_experiment gave it."),
    conclusion: freeText(4_000).describe("What you make of it; it does not change the verdict."),
  }),
  output: z.object({
    experiment_id: z.string(),
    verdict: z.string(),
    headline: z.string(),
    engine: z.string().optional(),
    existing: z.boolean(),
    conclusion: z.string(),
    value: z.looseObject({}).optional(),
    counted: z.array(z.looseObject({ task_id: z.string() })),
    left_out: z.array(z.looseObject({ why: z.string() })),
    caveats: z.array(z.string()).optional(),
    next: z.string(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ experiment_id, conclusion }, context) {
    const { experiments } = context.deps.records;
    await assertAdmitted(experiment_id, context);
    const { experiment, existing } = await experiments.conclude(experiment_id, conclusion, context.caller.name);
    const successor = (await context.deps.records.insights.successors([experiment_id])).get(experiment_id);
    const concluded = experiment.conclusion;
    if (concluded === null) throw new DomainError("internal", { what: "An experiment was concluded and is open." });
    return {
      experiment_id,
      verdict: concluded.judgement.verdict,
      headline: verdictText(experiment, concluded.judgement, successor),
      ...compact({ engine: enginesText(await experiments.engines([experiment_id])) }),
      existing,
      conclusion: concluded.words,
      ...judgementFactsOf(concluded.judgement, SHOWN),
      next: "save_insight with what it taught and the task_ids; start_experiment for the next hypothesis.",
    };
  },
});

/**
 * Checks that every run is on record: one that no worker has admitted yet must not count as "never begun".
 * @throws DomainError `task_not_finished`
 */
async function assertAdmitted(id: string, { deps }: ToolContext): Promise<void> {
  const announced = (await deps.records.experiments.runs(id)).filter(({ job }) => job === null);
  const views = await Promise.all(announced.map(async ({ jobId }) => await deps.jobs.view(jobId)));
  const waiting = announced.find((_, index) => views[index] !== null);
  if (waiting === undefined) return;
  throw new DomainError("task_not_finished", {
    what: `A run of the experiment has not begun yet: ${waiting.jobId}.`,
    next: `get_task_status with task_id ${waiting.jobId} and wait_seconds 45, or cancel_task; then conclude again`,
  });
}
