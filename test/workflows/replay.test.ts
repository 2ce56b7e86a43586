import { readdir, readFile } from "node:fs/promises";
import { historyFromJSON } from "@temporalio/common/lib/proto-utils.js";
import { Worker } from "@temporalio/worker";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleWorkflows } from "../../src/temporal/worker.ts";
import { startTracing } from "../../src/tracing.ts";
import "../support/workflow-env.ts";

const folder = new URL("histories/", import.meta.url);
const histories = (await readdir(folder)).filter((name) => name.endsWith(".json"));

describe.each([
  ["without tracing", []],
  ["with tracing", [startTracing("http://127.0.0.1:1", "replay").plugin]],
])("jobs that were started by an older version, %s", (_way, plugins) => {
  let workflowBundle: Awaited<ReturnType<typeof bundleWorkflows>>;
  beforeAll(async () => {
    workflowBundle = await bundleWorkflows(plugins);
  });

  const read = async (name: string) => historyFromJSON(JSON.parse(await readFile(new URL(name, folder), "utf8")));

  it.each(histories)("still run: %s", async (name) => {
    await Worker.runReplayHistory({ workflowBundle, plugins }, await read(name));
  });

  it("are recorded in every way a job can go", () => {
    expect(histories.map((name) => name.replace(".json", ""))).toEqual(
      expect.arrayContaining([
        "train-completed",
        "train-lost-once",
        "train-failed",
        "train-cancelled",
        "keeper-one-job",
        "approval-approved",
        "campaign-step",
        "champion-month",
      ]),
    );
  });

  it("would be noticed if they broke", async () => {
    const history = await read("train-completed.json");
    const scheduled = history.events?.find((event) => event.activityTaskScheduledEventAttributes != null);
    scheduled!.activityTaskScheduledEventAttributes!.activityType!.name = "somethingElse";
    await expect(Worker.runReplayHistory({ workflowBundle, plugins }, history)).rejects.toThrow(/[Nn]ondeterminism/);
  });

  it("carry no zod in the sandbox", () => {
    expect(workflowBundle.code).not.toContain("ZodError");
  });
});
