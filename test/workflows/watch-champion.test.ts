/** The watch of a champion, with activities that do as scripted: months that are skipped, and a job that is really started. */
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { expect, it } from "vitest";
import type { Activities } from "../../src/activities/activities.ts";
import type { PreparedJob } from "../../src/activities/chosen-job.ts";
import type { WatchStep } from "../../src/activities/watch.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import { JOB_QUEUE } from "../../src/temporal/job-types.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { labelsOf } from "../../src/temporal/start-options.ts";
import { BACKTEST, inputOf, outcomeOf } from "../support/job-inputs.ts";
import { Stage } from "../support/stage.ts";
import { startTimeSkipping } from "../support/temporal.ts";
import { startScriptedWorker, startWorkflowEnvironment } from "../support/workflow-env.ts";

const MONTH_MS = 31 * 86_400_000;
const WATCH = { jobId: "backtest-best", round: 1 };

const over = (stage: WatchStep["stage"]): WatchStep => ({ stage, over: true, leftMs: 0, job: null });
const waits = (leftMs: number): WatchStep => ({ stage: "champion", over: false, leftMs, job: null });
const due = (job: PreparedJob | null): WatchStep => ({ stage: "champion", over: false, leftMs: 0, job });

function job(jobId: string, finished: JobOutcome | null): PreparedJob {
  const input = { ...inputOf(jobId, { ...BACKTEST, watches: WATCH.jobId }), client: "the registry" };
  return { input, workflow: "runBacktest", finished, labels: labelsOf(input) };
}

/** Runs a watch to its end, and then ends its server. */
async function watched(env: TestWorkflowEnvironment, steps: readonly WatchStep[]) {
  const left = [...steps];
  const stage = new Stage();
  const noted: Parameters<Activities["noteWatch"]>[1][] = [];
  const worker = await startScriptedWorker(env, {
    ...stage.activities(createSlots(env.client)),
    nextWatch: async () => left.shift() ?? over("withdrawn"),
    noteWatch: async (_watch, made) => void noted.push(made),
  });
  try {
    const before = await env.currentTimeMs();
    const options = { workflowId: "watch-backtest-best-1", taskQueue: JOB_QUEUE, args: [WATCH] };
    const handle = await env.client.workflow.start("watchChampion", options);
    const ended: unknown = await handle.result();
    return { ended, noted, lastedMs: Number(await env.currentTimeMs()) - Number(before), calls: stage.calls };
  } finally {
    await worker.stop();
    await env.teardown();
  }
}

it("looks month after month until another takes the title", async () => {
  const seen = await watched(await startTimeSkipping(), [
    waits(MONTH_MS),
    due(job("backtest-watch-1", outcomeOf("backtest-watch-1", "completed"))),
    waits(MONTH_MS),
    due(null),
    waits(MONTH_MS),
    due(job("backtest-watch-2", outcomeOf("backtest-watch-2", "failed"))),
    over("replaced"),
  ]);
  expect(seen.ended).toBe("replaced");
  expect(seen.noted).toEqual([
    { jobId: "backtest-watch-1", status: "completed" },
    null,
    { jobId: "backtest-watch-2", status: "failed" },
  ]);
  expect(seen.lastedMs).toBeGreaterThanOrEqual(3 * MONTH_MS);
});

it("has an ordinary job compute, which waits for its slot as all do", async () => {
  const steps = [due(job("backtest-watch-1", null)), over("demoted")];
  const { ended, noted, calls } = await watched(await startWorkflowEnvironment(), steps);
  expect(ended).toBe("demoted");
  expect(noted).toEqual([{ jobId: "backtest-watch-1", status: "completed" }]);
  expect(calls).toContain("start backtest-watch-1 1");
});
