/** A watch of a champion, alone: no tool and no view tells a figure of it. The champion tells what all of them show. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../../src/logger.ts";
import { createPage } from "../../src/page/page.ts";
import { createCandidateWatches } from "../../src/store/candidate-watches.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { recordChampion, recordWatch } from "../support/champions.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
let pool: Pool;
let watch: string;
beforeAll(async () => {
  stack = await startStack();
  pool = createPool(stack.databaseUrl);
  const champion = await recordChampion(pool, { name: "watched", symbol: "AAA", daysAgo: 40 });
  const watches = createCandidateWatches(pool);
  const { request } = (await watches.asked(champion))!;
  watch = await recordWatch(stack.writer, request, { n: 1, returns: 22, mean: 0.001 });
  await watches.note(champion, { jobId: watch, status: "completed" });
});
afterAll(async () => {
  await pool?.end();
  await stack?.stop();
});

test("get_results tells no figure, and names the champion", async () => {
  const told = await stack.ask("get_results", { task_id: watch, detail: "full" });
  expect(told).toMatchObject({
    figures: {},
    caveats: [expect.stringContaining("Days after the approval of the champion backtest-watched: no trial")],
    next: expect.stringContaining('list_candidates {"task_id": "backtest-watched"}'),
  });
  expect(JSON.stringify(told)).not.toMatch(/7\.77|"luck"/);
});

test("nothing else takes it for a run", async () => {
  const calls = [
    ["compare_results", { task_ids: [watch, "backtest-watched"] }],
    ["measure_equity", { task_id: watch }],
    ["replay_run", { task_id: watch }],
    ["propose_champion", { task_id: watch, reason: "It earned." }],
  ] as const;
  for (const [tool, args] of calls) {
    expect(await stack.refused(tool, args)).toMatch(/watches the champion|is a watch|is no backtest of its own/);
  }
  const { tasks } = await stack.ask("list_tasks", { limit: 50 });
  expect(JSON.stringify(tasks)).not.toContain(watch);
});

test("the champion tells what its days show, and who looked", async () => {
  const { candidates } = await stack.ask("list_candidates", { task_id: "backtest-watched" });
  expect(candidates).toMatchObject([
    {
      stage: "champion",
      last: expect.stringContaining("approved by operator ada"),
      forward: expect.stringContaining("1 blocks of days after its approval are measured"),
    },
  ]);
  expect((candidates as { history: { what: string }[] }[])[0]?.history.at(-1)).toMatchObject({
    what: "forward",
    by: "the registry",
  });
});

test("its view and the ledger tell no figure either", async () => {
  const page = createPage({ deps: async () => stack.deps, log: createLogger("test", "silent") });
  for (const path of [`/runs/${watch}`, "/ledger"]) {
    const answer = await page.request(`${path}?as=text`);
    expect(answer.status, path).toBe(200);
    expect(await answer.text()).not.toContain("7.77");
  }
});
