import type { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../../lab/until.ts";
import { lazyClient } from "../../src/temporal/connection.ts";
import { createJobs } from "../../src/temporal/jobs.ts";
import { ensureSearchAttributes } from "../../src/temporal/search-attributes.ts";
import { startTestTemporal, type TestTemporal } from "../support/temporal.ts";
import { SETTINGS, TRAINING } from "../support/job-inputs.ts";

/** Types of search attributes, as the Temporal API numbers them. */
const [KEYWORD, INT] = [2, 3] as const;
const TEN = Array.from({ length: 10 }, (_, n) => `Theirs${n}`);
const OPTIONS = { forceReason: null, client: "test" };

let temporal: TestTemporal;
const clients: Client[] = [];

beforeAll(async () => {
  temporal = await startTestTemporal();
});

afterAll(async () => {
  for (const client of clients) await client.connection.close();
  await temporal?.stop();
});

/** A namespace where others have search attributes already. */
async function sharedWith(namespace: string, searchAttributes: Record<string, 2 | 3>): Promise<Client> {
  const client = lazyClient({ connection: { address: temporal.address }, namespace });
  clients.push(client);
  const { workflowService, operatorService } = client.connection as Connection;
  const workflowExecutionRetentionPeriod = { seconds: 86_400 as unknown as null };
  await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  const added = async () => {
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
    return true;
  };
  await until(added, { what: "the namespace being known", timeoutMs: 60_000 });
  return client;
}

it("what others use of a namespace keeps no job of ours from being started", async () => {
  const theirs = Object.fromEntries(TEN.slice(0, 8).map((name) => [name, KEYWORD]));
  const full = await sharedWith("shared", theirs);
  const there = await ensureSearchAttributes(full.connection as Connection, "shared");
  expect(there.usable).toHaveLength(2);
  expect(there.missing).toHaveLength(4);

  const typed = await sharedWith("typed", { KtrdrStrategy: INT });
  const other = await ensureSearchAttributes(typed.connection as Connection, "typed");
  expect(other).toMatchObject({ missing: [], otherType: ["KtrdrStrategy"] });
  expect(other.usable).toHaveLength(5);

  for (const client of [full, typed]) {
    const jobs = createJobs(client, SETTINGS);
    const started = async () => (await jobs.start(TRAINING, OPTIONS)).jobId !== "";
    await until(started, { what: "a job", timeoutMs: 60_000 });
    expect(await jobs.view(jobs.idOf(TRAINING, null).jobId)).toMatchObject({ execution: "running" });
  }
});
