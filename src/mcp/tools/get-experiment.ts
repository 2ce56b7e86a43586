import { z } from "zod";
import { compact } from "../../domain/facts.ts";
import { defineTool } from "../define-tool.ts";
import { experimentRow, judgementFactsOf } from "../../research/memory/experiment-facts.ts";
import { toldExperiment } from "../../research/memory/told-experiment.ts";
import { experimentId } from "../fields.ts";

const SHOWN = 20;
const ALL = 1_000;

export const getExperiment = defineTool({
  name: "get_experiment",
  title: "Get an experiment",
  description: `What an experiment wants to know, its runs, and how it stands: for an open one what the runs that have ended say so far, for a concluded one the verdict and the words it was concluded with.

Example: {"experiment_id": "experiment-1a2b3c4d5e6f7081"}`,
  input: z.strictObject({
    experiment_id: experimentId.describe("As start_experiment or list_experiments gave it."),
    all_runs: z.boolean().default(false).describe(`More than the first ${SHOWN} runs.`),
  }),
  output: z.object({
    experiment_id: z.string(),
    status: z.string(),
    headline: z.string(),
    engine: z.string().optional(),
    hypothesis: z.string(),
    criterion: z.string(),
    value: z.looseObject({}).optional(),
    counted: z.array(z.looseObject({ task_id: z.string() })),
    left_out: z.array(z.looseObject({ why: z.string() })),
    caveats: z.array(z.string()).optional(),
    conclusion: z.string().optional(),
    concluded_at: z.string().optional(),
    superseded_by: z.looseObject({ insight_id: z.string() }).optional(),
    started_at: z.string(),
    by: z.string(),
    next: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ experiment_id, all_runs }, { deps }) {
    const { experiment, judgement, successor, headline, engines } = await toldExperiment(deps, experiment_id);
    const { conclusion, hypothesis } = experiment;
    const { verdict: _short, ...row } = experimentRow(experiment, hypothesis.length, successor);
    return {
      ...row,
      headline,
      ...compact({ engine: engines }),
      ...judgementFactsOf(judgement, all_runs ? ALL : SHOWN),
      ...(conclusion === null ? {} : { conclusion: conclusion.words, concluded_at: conclusion.concludedAt }),
      next:
        conclusion === null
          ? "train_model, run_backtest and start_batch with this experiment_id add runs; conclude_experiment judges them."
          : "get_results with a task_id shows a run; start_experiment for the next hypothesis.",
    };
  },
});
