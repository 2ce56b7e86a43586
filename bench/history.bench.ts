/**
 * The history of a job of a minute and of a job of ten hours. The product's workflows run on a server that skips time,
 * and retries of activities make the time pass. The history of a real training is measured in bench/jobs.bench.ts.
 */
import { ApplicationFailure } from "@temporalio/common";
import { activityInfo } from "@temporalio/activity";
import { createSlots } from "../src/temporal/slots.ts";
import { Stage } from "../test/support/stage.ts";
import { startTimeSkipping } from "../test/support/temporal.ts";
import { inputOf, TRAINING } from "../test/support/job-inputs.ts";
import { startScriptedWorker } from "../test/support/workflow-env.ts";
import { historyOf, report } from "./support.ts";

const HOURS = 3_600_000;
const LENGTHS = [
  { name: "a minute", ms: 60_000, steps: 1 },
  { name: "ten hours", ms: 10 * HOURS, steps: 10 },
] as const;

const env = await startTimeSkipping();
try {
  const activities = new Stage().activities(createSlots(env.client));
  let length: (typeof LENGTHS)[number] = LENGTHS[0];
  const worker = await startScriptedWorker(env, {
    ...activities,
    // The measurement is the keeper. A real one would watch, and each heartbeat would take 10 s of the server's time.
    admitJob: async () => ({ finished: null }),
    awaitComputation: async (input, computation, operationId) => {
      const { ms, steps } = length;
      if (activityInfo().attempt > steps) return await activities.awaitComputation(input, computation, operationId);
      throw ApplicationFailure.create({ message: "it computes on", nextRetryDelay: ms / steps });
    },
  });
  try {
    const rows = [];
    for (length of LENGTHS) {
      const workflowId = `train-${length.name.replaceAll(" ", "-")}`;
      const begun = await env.currentTimeMs();
      const options = { workflowId, taskQueue: "ktrdr-jobs", args: [inputOf(workflowId, TRAINING)] };
      const handle = await env.client.workflow.start("trainModel", options);
      await handle.signal("slotGranted");
      await handle.result();
      const took = (await env.currentTimeMs()) - begun;
      if (took < length.ms) throw new Error(`${workflowId} took ${took} ms only`);
      const { events, bytes } = await historyOf(handle);
      rows.push({ "a job of": length.name, events, "bytes of JSON": bytes });
    }
    await report("history", rows);
  } finally {
    await worker.stop();
  }
} finally {
  await env.teardown();
}
