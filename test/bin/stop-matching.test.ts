/** What stop-research does when nobody can carry it out, on a real Temporal server without a worker. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { stopMatching } from "../../src/research/stopping/stop-matching.ts";
import { createOpenWork } from "../../src/store/open-work.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
let pool: Pool;

beforeAll(async () => {
  stack = await startStack({ temporal: true });
  pool = createPool(stack.databaseUrl);
});

afterAll(async () => {
  await pool?.end();
  await stack?.stop();
});

const parts = () => ({ work: createOpenWork(pool), records: stack.deps.records.jobs, jobs: stack.deps.jobs });

const start = async (symbol: string): Promise<string> => {
  const request = { symbol, timeframe: "1d", mode: "tail", end_date: "2020-01-31" };
  return (await stack.ask("load_market_data", request))["task_id"] as string;
};

/** Waits until Temporal's list, which lags behind the starts, has the job. */
const listed = async (jobId: string) =>
  await expect
    .poll(async () => (await stack.deps.jobs.openJobs(10)).map((job) => job.jobId), { timeout: 120_000 })
    .toContain(jobId);

it("requests the end of jobs that no worker has admitted, and says who is missing and what is left", async () => {
  const jobId = await start("ONE");
  await listed(jobId);
  const told: string[] = [];
  const wish = { filter: { client: "stack-test" }, reason: "it runs away", patienceMs: 2_000 };
  const report = await stopMatching(parts(), { ...wish, tell: (line) => told.push(line) });
  expect(report).toEqual({ jobIds: [jobId], stillOpen: [jobId] });
  expect(told).toEqual([
    "1 of 1 jobs are open, and no worker of ktrdr-mcp runs to stop them: start one (bin/ktrdr-mcp worker).",
  ]);
  expect((await stack.deps.jobs.view(jobId))?.cancelRequested).toBe(true);
});

it("leaves the jobs of other clients alone", async () => {
  const jobId = await start("TWO");
  await listed(jobId);
  const wish = { filter: { client: "somebody else" }, reason: "it runs away", patienceMs: 20_000 };
  expect(await stopMatching(parts(), { ...wish, tell: () => undefined })).toEqual({ jobIds: [], stillOpen: [] });
  expect((await stack.deps.jobs.view(jobId))?.cancelRequested).toBe(false);
});

it("sees a job that Temporal lists only after the first look", async () => {
  const all = parts();
  let looks = 0;
  const jobs = {
    ...all.jobs,
    openJobs: async (limit: number, options?: { readonly fresh: boolean }) => {
      looks += 1;
      if (looks === 2) await listed(await start("THREE"));
      return (await all.jobs.openJobs(limit, options)).filter(({ jobId }) => jobId.includes("THREE"));
    },
  };
  const wish = { filter: { client: "stack-test" }, reason: "it runs away", patienceMs: 6_000 };
  const { stillOpen } = await stopMatching({ ...all, jobs }, { ...wish, tell: () => undefined });
  expect(stillOpen).toEqual([expect.stringContaining("THREE")]);
  expect((await stack.deps.jobs.view(stillOpen[0] ?? ""))?.cancelRequested).toBe(true);
});
