/**
 * What our tools cost beside the bare Temporal calls they rest on, with one open job and with a hundred. Both are
 * measured in turn in one run: the ratio is what counts, not the machine.
 */
import { z } from "zod";
import { Anything, Started, Status } from "../src/demo/answers.ts";
import { STRATEGY_NAME, STRATEGY_TEXT, TRAINING_DATES } from "../src/demo/strategy.ts";
import { inTurn, quantile, report, tokensOf, withLab, type Bench } from "./support.ts";

const STARTS = 15;
const STATUSES = 60;
/** Nobody polls it: a raw start costs what the server takes and nothing else. */
const IDLE_QUEUE = "bench-idle";

const rows: Record<string, string | number>[] = [];
let serial = 0;

const start = ({ claude }: Bench) =>
  claude.call(
    "train_model",
    { strategy: STRATEGY_NAME, ...TRAINING_DATES, force_new_reason: `measurement number ${(serial += 1)}` },
    Started,
  );

async function measure(bench: Bench, jobs: number): Promise<void> {
  const { claude, temporal } = bench;
  const raw: string[] = [];
  const started: string[] = [];
  const starts = await inTurn(
    STARTS,
    async () => started.push((await start(bench)).task_id),
    async (round) => {
      const workflowId = `raw-${jobs}-${round}`;
      raw.push(workflowId);
      await temporal.workflow.start("nothing", { workflowId, taskQueue: IDLE_QUEUE, args: [{ round }] });
    },
  );
  add("start a job", jobs, "train_model", "workflow.start", starts);
  await Promise.all(raw.map((workflowId) => temporal.workflow.getHandle(workflowId).terminate()));
  const [watched = ""] = started;
  const statuses = await inTurn(
    STATUSES,
    () => claude.call("get_task_status", { task_id: watched }, Status),
    () => temporal.workflow.getHandle(watched).describe(),
  );
  add("ask for a status", jobs, "get_task_status", "describe", statuses);
  for (const taskId of started) {
    await claude.call("cancel_task", { task_id: taskId, reason: "the measurement is over" }, Anything);
  }
}

function add(what: string, jobs: number, tool: string, bare: string, taken: { first: number[]; second: number[] }) {
  const [ours, theirs] = [quantile(taken.first, 0.5), quantile(taken.second, 0.5)];
  rows.push({
    what,
    "open jobs": jobs,
    [`tool (ms, median)`]: ours,
    "tool (ms, 95 %)": quantile(taken.first, 0.95),
    "raw (ms, median)": theirs,
    ratio: Math.round((ours / theirs) * 10) / 10,
    compared: `${tool} / ${bare}`,
  });
}

// Epochs of a minute: the first job computes all the time, the others queue.
await withLab({ SANDBOX_EPOCH_DELAY_MS: "60000" }, async (bench) => {
  const { claude } = bench;
  await claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Anything);
  const { task_id: computing } = await start(bench);
  await measure(bench, 1);
  const others: string[] = [];
  while (others.length < 99) others.push((await start(bench)).task_id);
  await measure(bench, 100);
  await report("tools", rows);
  const listed = z.looseObject({ tools: z.array(z.unknown()) }).parse(await claude.listTools());
  const status = await claude.call("get_task_status", { task_id: computing }, Status);
  await report("tokens", [
    { answer: "tools/list", tools: listed.tools.length, "tokens (characters / 4)": tokensOf(listed) },
    { answer: "get_task_status of a running job", tools: 1, "tokens (characters / 4)": tokensOf(status) },
  ]);
});
