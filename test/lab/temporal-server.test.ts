import { Client } from "@temporalio/client";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { expect, test } from "vitest";
import { missingPollers } from "../../src/temporal/pollers.ts";
import { searchAttributesThere, SEARCH_ATTRIBUTES } from "../../src/temporal/search-attributes.ts";
import { startTestTemporal, startTimeSkipping } from "../support/temporal.ts";

test("a killed Temporal server comes back with what it knew, search attributes included", async () => {
  const temporal = await startTestTemporal("research");
  const connection = openLazily({ address: temporal.address });
  try {
    const client = new Client({ connection, namespace: "research" });
    const handle = await client.workflow.start("anything", {
      workflowId: "train-x",
      taskQueue: "ktrdr-jobs",
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, ["x"]])),
    });
    await temporal.killAndWait();
    const { status, searchAttributes } = await handle.describe();
    expect(status.name).toBe("RUNNING");
    expect(Object.keys(searchAttributes)).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
    expect(await searchAttributesThere(connection, "research")).toMatchObject({ missing: [], otherType: [] });
    expect(await missingPollers(connection, "research", { since: 0 })).toEqual([
      "ktrdr-jobs (workflows)",
      "ktrdr-control (activities)",
      "ktrdr-poll (activities)",
    ]);
  } finally {
    await connection.close();
    await temporal.stop();
  }
});

test("the time-skipping server skips time", async () => {
  const env = await startTimeSkipping();
  try {
    const before = await env.currentTimeMs();
    await env.sleep("1 hour");
    expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(3_600_000);
  } finally {
    await env.teardown();
  }
});
