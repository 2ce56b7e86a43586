import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { query, withPool } from "../backup/support.ts";
import { TestSandbox } from "../sandbox/support/client.ts";
import { failedOutcome, jobInput } from "../store/samples.ts";
import { TRAINING } from "../support/job-inputs.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const DAY_MS = 86_400_000;
let ktrdr: TestSandbox;
let database: TestDatabase;
/** The ids of the jobs, by the operation that computed for each. */
const jobs = new Map<string, string>();

beforeAll(async () => {
  ktrdr = await TestSandbox.start({ trainingWorkers: 0, backtestWorkers: 0 });
  database = await createTestDatabase();
  for (const [id, days] of Object.entries({
    over: 120,
    resumed: 120,
    running: 120,
    lately: 120,
    other: 120,
    young: 3,
    wanted: 120,
  })) {
    checkpoint(id, days);
  }
  await job("over", 1, 100);
  await job("young", 1, 100);
  await job("lately", 1, 5);
  await job("running", 1, null);
  // Its first job ended long ago, but another job goes on with the operation.
  await job("resumed", 1, 100);
  await job("resumed", 2, null);
  // A queued job waits to go on with this operation.
  await job("wanted", 1, 100);
  const waiting = { ...jobInput(), request: { ...TRAINING, resumeFrom: jobs.get("wanted") } };
  await withPool(database.url, async (pool) => await createJobWriter(pool).admit(waiting, null));
});
afterAll(async () => {
  await ktrdr.stop();
  await database.drop();
});

function checkpoint(id: string, days: number): void {
  const file = join(ktrdr.sandbox.stateDir, "database", "checkpoints", `${id}.json`);
  const created_at = new Date(Date.now() - days * DAY_MS).toISOString();
  const row = { operation_id: id, checkpoint_type: "cancellation", created_at, state: { epoch: 59 } };
  writeFileSync(file, JSON.stringify({ ...row, artifacts_path: null }));
}

/** @param endedDays null when the job is open */
async function job(operationId: string, n: number, endedDays: number | null): Promise<void> {
  const input = jobInput();
  jobs.set(operationId, input.jobId);
  await withPool(database.url, async (pool) => {
    const writer = createJobWriter(pool);
    await writer.admit(input, null);
    await writer.beginComputation(input.jobId, 1, []);
    const point = { epoch: 0, curve: { trainLoss: [1], valLoss: [1], trainAccuracy: [1], valAccuracy: [1] } };
    await writer.attachOperation(input.jobId, 1, { operationId, resumedFrom: n === 1 ? null : point });
    if (endedDays !== null) await writer.finish(input.jobId, failedOutcome(input.jobId), null, null);
  });
  await query(
    database.url,
    `update jobs set finished_at = now() - interval '${endedDays ?? 0} days'
     where job_id = '${input.jobId}' and status <> 'open'`,
  );
}

const cleanUp = async (args: readonly string[], KTRDR_API_URL = ktrdr.url) =>
  await execa(join(ROOT, "bin/ktrdr-mcp"), ["clean-up", ...args], {
    env: { ...process.env, DATABASE_URL: database.url, LAB_DIR: "/nonexistent", KTRDR_API_URL },
    all: true,
    reject: false,
  });

async function left(): Promise<string[]> {
  const { body } = await ktrdr.get("/checkpoints");
  return (body["data"] as unknown as { operation_id: string }[]).map((one) => one.operation_id).toSorted();
}

test("checkpoints that nobody needs are listed with age and size, and go with --apply only", async () => {
  const { all, exitCode } = await cleanUp([]);
  expect(exitCode).toBe(0);
  expect(all).toContain("checkpoints: 1 at KTRDR, 0 bytes: ");
  expect(all).toContain(`over of ${jobs.get("over")}: cancellation, 120 days old, 0 bytes`);
  expect(all).toContain("kept: 4 of jobs that are open or ended less than 90 days ago");
  expect(all).toContain("kept: 1 of computations that are not ours");
  expect(await left()).toHaveLength(7);
  expect((await cleanUp(["--only", "checkpoints", "--apply"])).all).toContain("gone: 1");
  expect(await left()).toEqual(["lately", "other", "resumed", "running", "wanted", "young"]);
  expect((await cleanUp(["--only", "checkpoints", "--apply", "--older-than", "4d"])).all).toContain("gone: 1");
  expect(await left()).toEqual(["other", "resumed", "running", "wanted", "young"]);
});

test("without KTRDR the rest is cleaned up, and who names them is told why not", async () => {
  const nowhere = "http://127.0.0.1:1";
  const without = await cleanUp([], nowhere);
  expect(without).toMatchObject({ exitCode: 0, all: expect.stringMatching(/checkpoints: not listed\. .*KTRDR/) });
  const named = await cleanUp(["--only", "checkpoints"], nowhere);
  expect(named).toMatchObject({ exitCode: 1, all: expect.stringContaining("KTRDR cannot be reached") });
});
