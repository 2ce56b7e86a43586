/**
 * Records one history of each way a job can go, for test/workflows/replay.test.ts. Run it only when a workflow was
 * changed on purpose AND no job of the old version can still be running. Otherwise use `patched` and record beside it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { setTimeout as delay } from "node:timers/promises";
import type { ComputationEnd } from "../src/domain/job.ts";
import { createSlots } from "../src/temporal/slots.ts";
import { batchInput, batchRequest } from "../test/support/batches.ts";
import { CAMPAIGN, campaignInput } from "../test/support/campaigns.ts";
import { LOST, Stage } from "../test/support/stage.ts";
import { BACKTEST, inputOf, TRAINING } from "../test/support/job-inputs.ts";
import { labelsOf } from "../src/temporal/start-options.ts";
import { startScriptedWorker, startWorkflowEnvironment } from "../test/support/workflow-env.ts";

const folder = new URL("../test/workflows/histories/", import.meta.url);
const env = await startWorkflowEnvironment();
const stage = new Stage();
const worker = await startScriptedWorker(env, stage.activities(createSlots(env.client)));
const never = new Promise<ComputationEnd>(() => {});
const failed: ComputationEnd = {
  fate: "failed",
  failure: { code: "computation_failed", what: "It failed.", why: null, next: null },
  partial: null,
  faultsSeen: [],
  mayStillCompute: true,
};

/** @returns the id of its first run */
async function run(type: string, input: { jobId: string }, act?: () => Promise<void>): Promise<string> {
  const handle = await env.client.workflow.start(type, {
    workflowId: input.jobId,
    taskQueue: "ktrdr-jobs",
    args: [input],
  });
  await act?.();
  await handle.result().catch(() => undefined);
  return handle.firstExecutionRunId;
}

/** The first of its runs. */
async function record(name: string, type: string, input: { jobId: string }, act?: () => Promise<void>): Promise<void> {
  const runId = await run(type, input, act);
  await save(name, input.jobId, runId);
}

/** The newest run unless one is named. */
async function save(name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
  await writeFile(
    new URL(`${name}.json`, folder),
    `${JSON.stringify(JSON.parse(historyToJSON(history)), withoutStacks)}\n`,
  );
}

/** Stack traces name files of the machine that recorded; replaying does not need them. */
function withoutStacks(key: string, value: unknown): unknown {
  return key === "stackTrace" ? "" : value;
}

async function running(jobId: string): Promise<void> {
  while (!stage.inFlight.has(jobId)) await delay(20);
  await delay(200);
}

await mkdir(folder, { recursive: true });
await record("train-completed", "trainModel", inputOf("train-a", TRAINING));
await save("keeper-one-job", "slots-training");
await record("backtest-completed", "runBacktest", inputOf("backtest-a", BACKTEST));
stage.scripts.set("train-lost", { ends: [Promise.resolve(LOST)] });
await record("train-lost-once", "trainModel", inputOf("train-lost", TRAINING));
stage.scripts.set("train-failed", { ends: [Promise.resolve(failed)] });
await record("train-failed", "trainModel", inputOf("train-failed", TRAINING));
stage.scripts.set("train-cancelled", { ends: [never] });
await record("train-cancelled", "trainModel", inputOf("train-cancelled", TRAINING), async () => {
  await running("train-cancelled");
  await env.client.workflow.getHandle("train-cancelled").cancel();
});
await record("batch-completed", "runBatch", batchInput("batch-a", batchRequest(1, { draws: 3, atOnce: 3 })));
await save("keeper-three-jobs", "slots-training");
// "keeper-settled-in-turn" was recorded before keepers settled beside their other work; it stays as it is.
stage.scripts.set("train-gone", { ends: [never] });
await run("trainModel", inputOf("train-gone", TRAINING), async () => {
  await running("train-gone");
  await env.client.workflow.getHandle("train-gone").terminate("by an operator");
  stage.closed.add("train-gone");
});
await env.client.workflow.getHandle("slots-training").result();
await save("keeper-settled-beside", "slots-training");
stage.plans.set("campaign-a", [
  { stage: "rung", runs: [0, 1], failure: null },
  { stage: "over", runs: [], failure: null },
]);
await record("campaign-step", "campaign", campaignInput("campaign-a", CAMPAIGN));
await worker.stop();
// A wait is looked at when it begins, and again when somebody decided.
const looks = [
  { stage: "waiting", over: false, leftMs: 1_209_600_000 },
  { stage: "champion", over: true, leftMs: 0 },
] as const;
let look = 0;
const deciding = await startScriptedWorker(env, {
  ...stage.activities(createSlots(env.client)),
  settleCandidate: async () => looks[Math.min(look++, 1)] ?? looks[1],
});
const wait = { jobId: "approval-backtest-a-1", round: 1 };
await record("approval-approved", "awaitApproval", wait, async () => {
  while (look < 1) await delay(20);
  await delay(200);
  await env.client.workflow.getHandle(wait.jobId).signal("decided", "approve");
});
await deciding.stop();
// A month of a champion is due at once; then another takes the title.
const watch = { jobId: "backtest-best", round: 1 };
const input = inputOf("backtest-watch-1", { ...BACKTEST, watches: watch.jobId });
const months = [{ input, workflow: "runBacktest" as const, finished: null, labels: labelsOf(input) }];
const watching = await startScriptedWorker(env, {
  ...stage.activities(createSlots(env.client)),
  nextWatch: async () => {
    const job = months.shift() ?? null;
    return { stage: job === null ? "replaced" : "champion", over: job === null, leftMs: 0, job };
  },
  noteWatch: async () => undefined,
});
await record("champion-month", "watchChampion", watch);
await watching.stop();
await env.teardown();
