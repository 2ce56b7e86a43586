import { z } from "zod";
import { compact, enginesText } from "../../domain/facts.ts";
import { defineTool } from "../define-tool.ts";
import { experimentRow } from "../../research/memory/experiment-facts.ts";
import { symbol, taskId } from "../fields.ts";

const SHORT = 160;

export const listExperiments = defineTool({
  name: "list_experiments",
  title: "List experiments",
  description: `The experiments, newest first: hypothesis, criterion, and the verdict of those concluded. An open one was left unfinished by an earlier conversation.

Example: {"status": "open"}`,
  input: z.strictObject({
    status: z.enum(["open", "concluded"]).optional().describe("Only these."),
    symbol: symbol.optional().describe("Only those measured on this symbol."),
    task_id: taskId.optional().describe("Only those this job is a run of."),
    limit: z.number().int().min(1).max(50).default(10).describe("Rows at most."),
    page: z.number().int().min(1).max(200).default(1).describe("Which page."),
  }),
  output: z.object({
    experiments: z.array(z.looseObject({ experiment_id: z.string() })),
    more: z.boolean(),
    engine: z.string().optional(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ limit, page, task_id: jobId, ...filter }, { deps }) {
    const wanted = { ...compact({ ...filter, jobId }), limit: limit + 1, offset: (page - 1) * limit };
    const { experiments } = deps.records;
    const found = await experiments.list(wanted);
    const shown = found.slice(0, limit);
    const ids = shown.map(({ experimentId }) => experimentId);
    const [engines, successors] = await Promise.all([experiments.engines(ids), deps.records.insights.successors(ids)]);
    return {
      experiments: shown.map((experiment) => experimentRow(experiment, SHORT, successors.get(experiment.experimentId))),
      more: found.length > limit,
      ...compact({ engine: enginesText(engines) }),
    };
  },
});
