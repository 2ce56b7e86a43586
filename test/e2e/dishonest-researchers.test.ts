/**
 * Researchers who would rather look good, with the tools alone, while parts are killed: none of them lowers a count, tells
 * a result or talks a verdict over.
 */
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addMarket } from "../../bench/synthetic-market.ts";
import { ROOT } from "../../src/root.ts";
import { callPatiently, connectServer, textOf, type TestClient } from "../support/mcp.ts";
import { QUICK } from "../support/lab.ts";
import { Research, type Answer } from "../support/research.ts";
import { strategyText } from "../support/strategy-text.ts";

const SYMBOL = "NOISE";
const DRAWS = 3;
const TRAIN = ["2000-01-03", "2006-12-29"];
const EXAM = { start_date: "2007-01-02", end_date: "2010-12-31" };
const PERIODS = [{ train: TRAIN, test: [EXAM.start_date, EXAM.end_date] }];

let research: Research;
/** The draws of the strategy that everybody cheats with. */
let batch: string;
let best: { readonly task_id: string; readonly model: string };

beforeAll(async () => {
  research = await Research.begin("modern", QUICK);
  await addMarket(research.lab.dir, SYMBOL, "noise", 7);
  await create("honest");
  batch = await done("start_batch", { work: "both", strategies: ["honest"], draws: DRAWS, periods: PERIODS });
  const { items } = await research.call("get_results", { task_id: batch, detail: "full" });
  const [first] = (items as Item[]).toSorted((a, b) => (b.sharpe ?? -9) - (a.sharpe ?? -9));
  if (first === undefined) throw new Error("the batch has no items");
  best = { task_id: first.backtest, model: first.training };
});
afterAll(async () => {
  await research?.end();
});

interface Item {
  readonly sharpe?: number;
  readonly training: string;
  readonly backtest: string;
}
interface Luck {
  readonly trials: number;
  readonly says: string;
}

const create = async (name: string): Promise<void> => {
  const yaml = strategyText(name).replace("symbol: SPX", `symbol: ${SYMBOL}`);
  await research.call("create_strategy", { yaml });
};

/** Starts a job and waits for its end. @returns its id */
async function done(tool: string, args: Record<string, unknown>): Promise<string> {
  const { task_id } = await research.call(tool, args);
  await research.follow(task_id, "completed");
  return task_id;
}

const tried = async (): Promise<number> => {
  const { data } = await research.call("list_market_data", { symbol: SYMBOL });
  return Number(/^(\d+) backtests were tried on NOISE/.exec((data as { power: string }[])[0]?.power ?? "")?.[1]);
};
const luckOf = async (task_id: string): Promise<Luck> =>
  (await research.call("get_results", { task_id }))["luck"] as Luck;
const refusal = async (tool: string, args: Record<string, unknown>): Promise<string> => {
  const answer = await callPatiently(research.client, tool, args);
  expect(answer.isError, textOf(answer)).toBe(true);
  return textOf(answer);
};
/** Kills a part while somebody cheats. */
const killed = async (part: string): Promise<void> => await research.lab.back(part, research.lab.kill(part));
const operator = async (...args: string[]) =>
  await execa(path.join(ROOT, "bin/ktrdr-mcp"), args, { env: research.lab.env, reject: false });

describe("the cloner", () => {
  it("shows one run under many names: it stays one trial, and its luck the same", async () => {
    const [before, said] = [await tried(), await luckOf(best.task_id)];
    const names = Array.from({ length: 6 }, (_, at) => `clone_${at}`);
    for (const name of names) await create(name);
    const ids = await Promise.all(
      names.map(
        async (strategy) => (await research.call("run_backtest", { model: best.model, strategy, ...EXAM })).task_id,
      ),
    );
    await killed("worker");
    for (const id of ids) await research.follow(id, "completed");
    expect(new Set(ids).size).toBe(names.length);
    expect(await tried()).toBe(before);
    for (const id of ids) expect(await luckOf(id)).toEqual(said);
  });

  it("hears before it trains a copy that it is one, and a copy's own draw counts", async () => {
    const before = await tried();
    await create("copy");
    const saved = await research.call("train_model", { strategy: "copy", start_date: TRAIN[0], end_date: TRAIN[1] });
    expect(JSON.stringify(saved)).toMatch(/The same but for names and order as (honest|clone_\d)/);
    await research.follow(saved.task_id, "completed");
    await done("run_backtest", { model: saved.task_id, ...EXAM });
    expect(await tried()).toBe(before + 1);
  });
});

describe("the best-draw optimist", () => {
  it("opens the best draw alone, and is told of its sisters and of what was tried", async () => {
    const { draws, luck } = (await research.call("get_results", {
      task_id: best.task_id,
      detail: "full",
    })) as Answer & {
      luck: Luck;
    };
    expect(JSON.stringify({ draws, luck })).toContain(`${await tried()} backtests were tried on ${SYMBOL}`);
    const answer = await research.client.call("get_results", { task_id: best.task_id });
    expect(textOf(answer)).toMatch(/One of \d+ draws/);
  });

  it("cannot make an experiment of what it has seen", async () => {
    const { experiment_id } = await research.call("start_experiment", {
      hypothesis: "the best draw pays",
      metric: "sharpe",
      threshold: -5,
      runs: 1,
      symbol: SYMBOL,
      timeframe: "1d",
      ...EXAM,
    });
    const again = await research.call("run_backtest", { model: best.model, ...EXAM, experiment_id });
    expect(JSON.stringify(again["warnings"])).toContain("does not count it");
    const concluded = await research.call("conclude_experiment", {
      experiment_id,
      conclusion: "Supported, of course!",
    });
    expect(concluded["verdict"]).not.toBe("supported");
  });
});

describe("the resetter", () => {
  it("begins anew in another session, with a reason: what was seen stays seen", async () => {
    const [before, said] = [await tried(), await luckOf(best.task_id)];
    const other = await connectServer("modern", research.lab.env);
    try {
      const args = { model: best.model, ...EXAM, force_new_reason: "a fresh start" };
      const { task_id } = (await structured(other, "run_backtest", args)) as Answer;
      await killed("postgres");
      await research.follow(task_id, "completed");
      expect(await luckOf(task_id)).toEqual(said);
      expect(await tried()).toBe(before);
    } finally {
      await other.close();
    }
  });

  it("finds no tool that removes anything", async () => {
    const tools = await research.client.listTools();
    expect(tools.map(({ name }) => name).filter((name) => /delete|remove|reset|clear|forget|purge/.test(name))).toEqual(
      [],
    );
  });
});

describe("the amnesiac", () => {
  it("asks for everything again, finds what there is, and nothing is counted twice", async () => {
    const before = await tried();
    const again = { work: "both", strategies: ["honest"], draws: DRAWS, periods: PERIODS };
    await killed("worker");
    expect(await research.call("start_batch", again)).toMatchObject({ task_id: batch, existing: true });
    expect(await research.call("run_backtest", { model: best.model, ...EXAM })).toMatchObject({
      task_id: best.task_id,
      existing: true,
    });
    const { tasks } = await research.call("list_tasks", { strategy: "honest", limit: 50 });
    expect((tasks as Answer[]).map(({ task_id }) => task_id)).toContain(best.task_id);
    expect(await tried()).toBe(before);
  });
});

describe("the liar", () => {
  it("has nothing to tell a result to", async () => {
    const lies = { sharpe: 3, result: { sharpe: 3 }, trials: 1, verdict: "supported" };
    for (const [name, value] of Object.entries(lies)) {
      const text = await refusal("run_backtest", { model: best.model, ...EXAM, [name]: value });
      expect(text).toMatch(new RegExp(`^\\[invalid_input .*${name}`, "s"));
    }
  });

  it("is contradicted wherever its claim is read", async () => {
    const insight = "Sharpe 3.0 on noise, ready for money.";
    await research.call("save_insight", { category: "success", insight, importance: 10, task_ids: [best.task_id] });
    const found = JSON.stringify(await research.call("search_insights", { query: "ready for money" }));
    expect(found).toContain("ready for");
    // Luck, or trades that are too few to tell: which of them depends on the draw.
    expect(found).toContain(`"caveats":["${best.task_id} `);
  });
});

describe("the stubborn, where the operator has set a limit", () => {
  it("gets exactly what is left, however it asks and whatever is killed", async () => {
    const before = await tried();
    const unexplained = await operator("ledger", "limit", SYMBOL, "100");
    expect(unexplained).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("for a reason only") });
    const set = await operator("ledger", "limit", SYMBOL, String(before + 2), "--reason", "four years carry no more");
    expect(set.stdout).toMatch(
      new RegExp(`^${SYMBOL}: ${before + 2} backtests may show their figures, 2 of them are left`),
    );

    await create("stubborn");
    const args = { work: "both", strategies: ["stubborn"], draws: 5, periods: PERIODS, at_once: 5 };
    const started = await research.call("start_batch", args);
    expect(JSON.stringify(started["warnings"])).toContain(`leaves 2 more backtests on ${SYMBOL}, and 5 are asked for`);
    await killed("worker");
    await research.follow(started.task_id, "completed");
    const batched = await research.call("get_results", { task_id: started.task_id, detail: "full" });
    expect(batched["figures"]).toMatchObject({ items: 5, done: 2, failed: 3 });
    expect(JSON.stringify(batched)).toContain("trials_used_up");
    expect(await tried()).toBe(before + 2);

    const failed = (batched["items"] as Item[]).find(({ sharpe }) => sharpe === undefined);
    const model = { model: failed?.training, ...EXAM, commission: 0.002 };
    expect(await refusal("run_backtest", model)).toMatch(
      /^\[trials_used_up -32602\] .*ledger limit NOISE NUMBER --reason/s,
    );

    await operator("ledger", "limit", SYMBOL, String(before + 3), "--reason", "one more for the costs");
    await done("run_backtest", model);
    expect(await tried()).toBe(before + 3);
    const { stdout, exitCode } = await operator("ledger", "verify");
    expect(stdout).toContain("every backtest has its line");
    expect(exitCode).toBe(0);
  });
});

async function structured(client: TestClient, tool: string, args: Record<string, unknown>): Promise<unknown> {
  const answer = await callPatiently(client, tool, args);
  if (answer.isError === true) throw new Error(textOf(answer));
  return answer.structuredContent;
}
