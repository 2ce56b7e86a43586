import type { Client } from "@temporalio/client";
import { expect, test } from "vitest";
import { createExecutions } from "../../src/temporal/executions.ts";
import { SETTINGS } from "../support/job-inputs.ts";

/** A server whose namespace is in this state of the Temporal API. A real one is in "deleted" only for moments. */
const inState = (state: number) =>
  createExecutions(
    {
      options: { namespace: "ktrdr" },
      connection: { withDeadline: async (_deadline: number, ask: () => Promise<unknown>) => await ask() },
      workflowService: { describeNamespace: async () => ({ namespaceInfo: { id: "n-1", state } }) },
    } as unknown as Client,
    SETTINGS,
  );

const [REGISTERED, DELETED] = [1, 3];

test("a namespace that is being deleted is no home for a job, though it still answers by its name", async () => {
  expect(await inState(REGISTERED).namespaceId()).toBe("n-1");
  await expect(inState(DELETED).namespaceId()).rejects.toMatchObject({ code: "temporal_unavailable" });
});

test("nor does it live", async () => {
  expect(await inState(REGISTERED).namespaceLives("n-1")).toBe(true);
  expect(await inState(DELETED).namespaceLives("n-1")).toBe(false);
});
