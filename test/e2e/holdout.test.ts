/** A holdout in a whole lab: who peeks, who looks, and what a data load brings. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@temporalio/client";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { createHoldoutStore } from "../../src/store/holdouts.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { probeStrategy } from "../sandbox/engine/support.ts";
import { numbersIn, tellTale, valuesIn } from "../support/kept-figures.ts";
import { textOf } from "../support/mcp.ts";
import { QUICK } from "../support/lab.ts";
import { Research, type Answer } from "../support/research.ts";
import { strategyText } from "../support/strategy-text.ts";

const CUT = "2015-01-01";
const LOOK_CUT = "2011-01-01";

let research: Research;
let pool: Pool;
let temporal: Client;
let folder: string;
/** Everything that any call has answered. */
const said: string[] = [];

beforeAll(async () => {
  // Each training is a random draw; with the seed, the draws of this test are always the same.
  research = await Research.begin("modern", { ...QUICK, SANDBOX_SEED: "1" });
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-holdout-"));
  pool = createPool(research.lab.env["DATABASE_URL"] ?? "");
  temporal = new Client({
    connection: openLazily({ address: research.lab.env["TEMPORAL_ADDRESS"] ?? "" }),
    namespace: research.lab.namespace,
  });
  await writeFile(price("SYNMIX"), await mixed());
  for (const [symbol, day] of [
    ["SPX", CUT],
    ["SYNTREND", LOOK_CUT],
    ["SYNMIX", LOOK_CUT],
  ] as const) {
    await operator("holdout", "set", symbol, "1d", day);
  }
  await research.writeStrategy("plain");
});
afterAll(async () => {
  await temporal.connection.close();
  await pool.end();
  await research.end();
  await rm(folder, { recursive: true, force: true });
});

const price = (symbol: string, timeframe = "1d") =>
  path.join(research.lab.dir, "ktrdr", "data", `${symbol}_${timeframe}.csv`);
const strategyFile = (name: string) => path.join(research.lab.dir, "ktrdr", "strategies", `${name}.yaml`);

const operator = async (...args: readonly string[]) =>
  (await execa(path.join(ROOT, "bin/ktrdr-mcp"), args, { env: research.lab.env })).stdout;

/** The planted pattern until the cut, and pure noise after it, at prices that go on. */
async function mixed(): Promise<string> {
  const [header, ...trend] = (await readFile(price("SYNTREND"), "utf8")).trimEnd().split("\n");
  const noise = (await readFile(price("SYNNOISE"), "utf8")).trimEnd().split("\n").slice(1);
  const head = trend.filter((row) => row < LOOK_CUT);
  const tail = noise.filter((row) => row >= LOOK_CUT).map((row) => row.split(","));
  const factor = Number(head.at(-1)?.split(",")[4]) / Number(tail[0]?.[1]);
  const scaled = tail.map(([time, ...values]) => {
    const prices = values.slice(0, 4).map((value) => (Number(value) * factor).toFixed(4));
    return [time, ...prices, values[4]].join(",");
  });
  return `${[header, ...head, ...scaled].join("\n")}\n`;
}

/** What a call answers, as text; an error's text too. */
async function told(tool: string, args: Record<string, unknown> = {}): Promise<string> {
  const text = await research.told(tool, args);
  said.push(text);
  return text;
}

async function asked(tool: string, args: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await research.call(tool, args);
  said.push(JSON.stringify(answer));
  return answer;
}

async function finished(answer: Answer): Promise<string> {
  const { answer: end } = await research.follow(answer.task_id, "completed");
  said.push(JSON.stringify(end));
  return answer.task_id;
}

const FORMS = [
  "SPX.HOLDOUT",
  "spx.holdout",
  " SPX.HOLDOUT",
  "Spx.Holdout ",
  "SPX.HOLDOUT_1d",
  "../SPX.HOLDOUT",
  "ＳＰＸ．ＨＯＬＤＯＵＴ",
];
const REFUSAL = /^\[holdout_locked -32602\] A holdout is neither shown nor computed on\./;

/** A strategy with another market or source. */
const onMarket = (name: string, symbols: string, more = "") =>
  strategyText(name).replace("{mode: single, symbol: SPX}", symbols).replace("indicators:", `${more}indicators:`);

describe("the peeker", () => {
  const dates = { start_date: "2000-01-03", end_date: "2010-12-31" };
  const PATHS: readonly [string, string, (form: string) => Record<string, unknown>][] = [
    ["the list of data", "list_market_data", (symbol) => ({ symbol, timeframe: "1d", bars: 50 })],
    ["a look at what is stored", "load_market_data", (symbol) => ({ symbol, timeframe: "1d", mode: "local" })],
    ["a data load", "load_market_data", (symbol) => ({ symbol, timeframe: "1d", mode: "full" })],
    [
      "indicators",
      "calculate_indicators",
      (symbol) => ({ symbol, timeframe: "1d", indicators: [{ type: "rsi" }], latest: 100 }),
    ],
    ["a training", "train_model", (symbol) => ({ strategy: "plain", symbol, ...dates })],
    ["a training on several", "train_model", (form) => ({ strategy: "plain", symbols: ["SPX", form], ...dates })],
    ["a backtest", "run_backtest", (symbol) => ({ model: "models/plain/1d_v1", symbol, ...dates })],
    [
      "a batch of strategies",
      "start_batch",
      (form) => ({
        work: "train",
        strategies: ["plain"],
        symbols: [form],
        periods: [{ train: ["2000-01-03", "2010-12-31"] }],
      }),
    ],
    [
      "a batch of models",
      "start_batch",
      (form) => ({
        work: "backtest",
        models: ["models/plain/1d_v1"],
        symbols: ["SPX", form],
        periods: [{ test: ["2011-01-03", "2014-12-31"] }],
      }),
    ],
    [
      "an experiment's sample",
      "start_experiment",
      (symbol) => ({ hypothesis: "It goes up.", metric: "sharpe", threshold: 1, symbol, timeframe: "1d", ...dates }),
    ],
    ["experiments", "list_experiments", (symbol) => ({ symbol })],
    ["models", "list_models", (symbol) => ({ symbol })],
    ["failures", "get_failed_strategies", (symbol) => ({ symbol })],
    [
      "a strategy that is saved",
      "create_strategy",
      (form) => ({ yaml: onMarket("peek", `{mode: single, symbol: "${form}"}`), insist_reason: "I want to see it" }),
    ],
    [
      "one of several symbols",
      "create_strategy",
      (form) => ({
        yaml: onMarket("peek", `{mode: multi_symbol, list: [SPX, "${form}"]}`),
        insist_reason: "I want to see it",
      }),
    ],
    [
      "one with another source",
      "create_strategy",
      (form) => ({
        yaml: onMarket(
          "peek",
          "{mode: single, symbol: SPX}",
          `context_data: [{provider: ib, symbol: "${form}", timeframe: 1d}]\n`,
        ),
        insist_reason: "I want to see it",
      }),
    ],
    ["a check", "validate_strategy", (form) => ({ yaml: onMarket("peek", `{mode: single, symbol: "${form}"}`) })],
    [
      "a variation",
      "mutate_strategy",
      (value) => ({
        strategy: "plain",
        variations: [{ name: "peek", changes: [{ op: "set", target: "training_data.symbols.symbol", value }] }],
        insist_reason: "I want to see it",
      }),
    ],
  ];

  test.each(PATHS)("%s (%s) refuses every form of the name", async (_what, tool, args) => {
    for (const form of FORMS) expect(await told(tool, args(form)), form).toMatch(REFUSAL);
  });

  test("a file and a model that others have put there are refused as well", async () => {
    for (const [at, form] of FORMS.entries()) {
      await writeFile(strategyFile(`put_${at}`), onMarket(`put_${at}`, `{mode: single, symbol: "${form}"}`));
      expect(await told("train_model", { strategy: `put_${at}`, ...dates, insist_reason: "I want to see it" })).toMatch(
        REFUSAL,
      );
      expect(await told("validate_strategy", { strategy: `put_${at}` })).toMatch(REFUSAL);
      const model = path.join(research.lab.dir, "ktrdr", "models", `foreign_${at}`, "1d_v1");
      await mkdir(model, { recursive: true });
      await writeFile(path.join(model, "metadata.json"), JSON.stringify({ timeframe: "1d" }));
      await writeFile(path.join(model, "metadata_v3.json"), JSON.stringify({ training_symbols: [form] }));
      expect(await told("run_backtest", { model: `models/foreign_${at}/1d_v1`, ...dates })).toMatch(REFUSAL);
      await rm(strategyFile(`put_${at}`));
    }
  });

  test("lists, completions and resources do not name it", async () => {
    const { data } = JSON.parse(textOf(await research.client.call("list_market_data", {}))) as {
      data: { symbol: string; to: string }[];
    };
    expect(data.map(({ symbol }) => symbol)).toEqual(expect.arrayContaining(["SPX", "SYNTREND"]));
    expect(JSON.stringify(data)).not.toMatch(/holdout/i);
    expect(data.find(({ symbol }) => symbol === "SPX")?.to).toBe("2014-12-31");
    const prompt = { type: "ref/prompt", name: "research_session" } as const;
    const { completion } = await research.client.sdk.complete({
      ref: prompt,
      argument: { name: "symbol", value: "SPX" },
    });
    expect(completion.values).toEqual(["SPX"]);
    const { resources } = await research.client.sdk.listResources();
    said.push(JSON.stringify(resources));
    for (const uri of ["strategy://SPX.HOLDOUT", "result://SPX.HOLDOUT_1d"]) {
      await expect(research.client.sdk.readResource({ uri })).rejects.toThrow();
    }
  });

  const ENDS = "SPX 1d ends on 2014-12-31: what comes after is kept as the holdout.";
  const WINDOWS = [
    ["2014-06-02", "2015-01-01"],
    ["2014-06-02", "2020-04-17"],
    ["2015-01-02", "2019-12-31"],
    ["2020-04-16", "2020-04-17"],
    ["2000-01-03", "2262-04-10"],
    ["2019-02-28", "2019-02-28"],
  ] as const;
  test.each(WINDOWS)(
    "days that are kept back are refused, and it is said where the bars end: %s to %s",
    async (start_date, end_date) => {
      const window = { start_date, end_date };
      expect(await told("train_model", { strategy: "plain", ...window, insist_reason: "I want to see it" })).toContain(
        ENDS,
      );
      expect(await told("run_backtest", { model: "models/plain/1d_v1", symbol: "SPX", ...window })).toContain(ENDS);
      expect(await told("validate_strategy", { strategy: "plain", ...window })).toContain(ENDS);
      const sample = { symbol: "SPX", timeframe: "1d", ...window };
      const expected = { hypothesis: "It goes up.", metric: "sharpe", threshold: 1, ...sample };
      expect(await told("start_experiment", expected)).toContain(ENDS);
      const both = { work: "both", strategies: ["plain"], insist_reason: "I want to see it" };
      const periods = [{ train: ["2000-01-03", "2005-12-30"], test: [start_date, end_date] }];
      expect(await told("start_batch", { ...both, periods })).toContain(ENDS);
    },
  );

  test("what only shows bars shows those up to the cut", async () => {
    const latest = await asked("list_market_data", { symbol: "SPX", timeframe: "1d", bars: 50 });
    expect((latest["latest_bars"] as string[][]).at(-1)?.[0]).toBe("2014-12-31");
    const rsi = { symbol: "SPX", timeframe: "1d", indicators: [{ type: "rsi", params: { period: 2 } }], latest: 100 };
    expect((await asked("calculate_indicators", rsi))["to"]).toMatch(/^2014-12-31/);
    expect(
      (await asked("calculate_indicators", { ...rsi, start_date: "2014-12-01", end_date: "2020-04-17" }))["to"],
    ).toMatch(/^2014-12-31/);
    expect(await told("calculate_indicators", { ...rsi, start_date: "2015-01-02", end_date: "2020-04-17" })).toContain(
      ENDS,
    );
    expect((await asked("load_market_data", { symbol: "SPX", timeframe: "1d" }))["stored"]).toMatchObject({
      to: expect.stringMatching(/^2014-12-31/),
    });
  });

  test("a memory that names one is not taken in", async () => {
    const file = path.join(folder, "memory.jsonl");
    const row = { experiment_id: "experiment-1", symbol: "SPX.HOLDOUT" };
    const lines = [
      { memory: "ktrdr-mcp", format: 1, version: "0", exportedAt: "2026-01-01T00:00:00Z" },
      { table: "experiments", row },
      { end: 1 },
    ];
    await writeFile(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
    await expect(operator("import-memory", file)).rejects.toThrow(/nothing was added.*names a holdout/s);
  });
});

describe("looks", () => {
  const candidates: Record<string, string> = {};
  const looks: string[] = [];

  /** Trains a model on the planted pattern, and has it expected and supported before. */
  async function candidate(name: string, symbol: string): Promise<string> {
    const text = probeStrategy({
      labels: "{source: zigzag, zigzag_threshold: 0.03}",
      training: "epochs: 30, batch_size: 32, learning_rate: 0.005",
    });
    await writeFile(strategyFile(name), text.replace("name: probe", `name: ${name}`).replace("SYNTREND", symbol));
    const wanted = { metric: "sharpe", threshold: 0.5, runs: 1, timeframe: "1d" };
    const window = { start_date: "2002-01-02", end_date: "2010-12-31" };
    const hypothesis = `${name}: the swings of ${symbol} can be learnt.`;
    const { experiment_id } = await asked("start_experiment", { ...wanted, symbol, hypothesis, ...window });
    const training = {
      strategy: name,
      start_date: "2000-01-03",
      end_date: "2001-12-31",
      insist_reason: "A small sample.",
    };
    const model = await finished(await asked("train_model", training));
    const backtest = await finished(await asked("run_backtest", { model, ...window, experiment_id }));
    const verdict = await asked("conclude_experiment", { experiment_id, conclusion: "As expected." });
    expect(JSON.stringify(verdict)).toContain("supported");
    candidates[backtest] = model;
    return backtest;
  }

  async function evaluated(task_id: string, answer: "passed" | "failed"): Promise<string> {
    const started = await asked("evaluate_on_holdout", { task_id });
    expect(started).toMatchObject({ kind: "holdout", existing: false, answer: null });
    const look = await finished(started);
    expect(await asked("evaluate_on_holdout", { task_id })).toMatchObject({ task_id: look, existing: true, answer });
    looks.push(look);
    return look;
  }

  test("a planted edge passes, and the same candidate gets the same answer without another look", async () => {
    const look = await evaluated(await candidate("edge", "SYNTREND"), "passed");
    expect(await asked("get_results", { task_id: look, detail: "full" })).toEqual({
      task_id: look,
      kind: "holdout",
      status: "completed",
      headline: "look 1 at the holdout of SYNTREND: passed",
      engine: expect.any(String),
      figures: { passed: true, look: 1 },
      rule: "Look 1 at the holdout of SYNTREND passes when luck explains at most 3.04 %. Each further look is stricter.",
      next: expect.any(String),
      note: expect.any(String),
    });
    expect(await createHoldoutStore(pool).looks()).toHaveLength(1);
  });

  test("one that was learnt before the market turned to noise fails", async () => {
    const look = await evaluated(await candidate("turned", "SYNMIX"), "failed");
    expect(await asked("get_results", { task_id: look })).toMatchObject({ figures: { passed: false, look: 1 } });
  });

  test("the second look is stricter; a voided one stays counted, and its candidate gets the next", async () => {
    const backtest = await candidate("edge_again", "SYNTREND");
    const second = await evaluated(backtest, "passed");
    expect((await asked("get_results", { task_id: second }))["rule"]).toContain("at most 0.760 %");
    expect(await operator("holdout", "void", second, "--reason", "a defect that was proven")).toContain(
      "stays counted",
    );
    const third = await asked("evaluate_on_holdout", { task_id: backtest });
    expect(third).toMatchObject({ existing: false });
    expect(third.task_id).not.toBe(second);
    looks.push(await finished(third));
    expect(await asked("get_results", { task_id: third.task_id })).toMatchObject({ figures: { look: 3 } });
    const status = await operator("holdout", "status");
    expect(status).toMatch(/Look 2 at SYNTREND 1d: PASSED.*\n {2}luck .*trades\n {2}VOID, still counted: a defect/);
    expect(await operator("ledger", "verify")).toContain("Every line follows the one before it");
  });

  test("a look that never began is repeated as the same look; one that was stopped while it computed stays counted", async () => {
    const [first, second] = [await candidate("turned_again", "SYNMIX"), await candidate("cut_short", "SYNMIX")];
    onTestFinished(() => research.release());
    await research.hold();
    const busy = await asked("run_backtest", {
      model: candidates[first],
      start_date: "2002-01-02",
      end_date: "2010-12-31",
      force_new_reason: "to keep KTRDR's worker busy",
    });
    await research.follow(busy.task_id, "running");
    const waiting = await asked("evaluate_on_holdout", { task_id: first });
    await research.follow(waiting.task_id, "queued");
    expect(await told("evaluate_on_holdout", { task_id: second })).toMatch(
      /^\[task_conflict.*Another look at the holdout of SYNMIX/,
    );
    expect(await asked("cancel_task", { task_id: waiting.task_id, reason: "not now" })).toMatchObject({
      state: "cancelled",
    });
    await research.release();
    await research.follow(busy.task_id, "completed");
    const again = await asked("evaluate_on_holdout", { task_id: first });
    expect(again.task_id).not.toBe(waiting.task_id);
    looks.push(await finished(again));
    expect(await asked("get_results", { task_id: again.task_id })).toMatchObject({ figures: { look: 2 } });
    await research.hold();
    const stopped = await asked("evaluate_on_holdout", { task_id: second });
    const { answer: seen } = await research.follow(stopped.task_id, "running");
    expect(seen).toMatchObject({ headline: "Under way (running); nothing is told before the answer." });
    expect(Object.keys(seen)).not.toEqual(expect.arrayContaining(["percent", "step"]));
    await told("cancel_task", { task_id: stopped.task_id, reason: "not now" });
    await research.release();
    await research.follow(stopped.task_id, "cancelled");
    expect(await asked("evaluate_on_holdout", { task_id: second })).toMatchObject({
      task_id: stopped.task_id,
      existing: true,
      state: "cancelled",
      answer: null,
    });
    expect(await operator("holdout", "status")).toMatch(
      /Look 3 at SYNMIX 1d: cancelled, without an answer; it was computed/,
    );
  });

  test("a candidate of a market without a holdout, and what is no candidate, are refused", async () => {
    const [backtest = "", model = ""] = Object.entries(candidates)[0] ?? [];
    expect(await told("evaluate_on_holdout", { task_id: model })).toMatch(/^\[not_eligible/);
    expect(await told("evaluate_on_holdout", { task_id: looks[0] })).toMatch(/^\[not_eligible/);
    const other = await finished(
      await asked("run_backtest", { model, symbol: "SYNNOISE", start_date: "2002-01-02", end_date: "2010-12-31" }),
    );
    expect(await told("evaluate_on_holdout", { task_id: other })).toMatch(/No holdout of SYNNOISE 1d is set/);
    const uncounted = await finished(
      await asked("run_backtest", { model, start_date: "2003-01-02", end_date: "2010-12-31" }),
    );
    // The same model with the same costs is the same candidate, whatever days it was backtested on.
    expect(await told("evaluate_on_holdout", { task_id: uncounted })).toContain(looks[0]);
    const dearer = await finished(
      await asked("run_backtest", { model, start_date: "2003-01-02", end_date: "2010-12-31", commission: 0.002 }),
    );
    expect(await told("evaluate_on_holdout", { task_id: dearer })).toMatch(
      /no experiment that was concluded as supported counted it/,
    );
    expect(backtest).not.toBe("");
  });

  test("nothing else makes one speak", async () => {
    const [look = "", other = ""] = looks;
    for (const detail of ["brief", "standard", "full"])
      await told("get_results", { task_id: look, detail, chart: true });
    await told("get_task_status", { task_id: look });
    await told("list_tasks", { kind: "holdout" });
    expect(await told("compare_results", { task_ids: [look, other] })).toMatch(/cannot be compared/);
    expect(await told("replay_run", { task_id: look })).toMatch(/a look is taken once/);
    expect(await told("run_backtest", { model: look, start_date: "2002-01-02", end_date: "2010-12-31" })).toMatch(
      /is a holdout, not a training/,
    );
    expect(await told("train_model", { resume_from: look })).toMatch(/cannot be resumed/);
    await told("save_insight", { category: "success", insight: "It passed.", task_ids: [look] });
    await told("search_insights", { query: "passed" });
    said.push(JSON.stringify(await research.client.sdk.readResource({ uri: `result://${look}` })));
    await operator("export-memory", path.join(folder, "out.jsonl"));
    said.push(await readFile(path.join(folder, "out.jsonl"), "utf8"));
  });

  test("no figure of it is in any answer, nor in what Temporal keeps", async () => {
    const sealed = (await createHoldoutStore(pool).looks()).flatMap((look) => look.sealed ?? []);
    // Five were answered. The one that was stopped may have been computed to its end meanwhile.
    expect([5, 6]).toContain(sealed.length);
    // What was asked for, and what KTRDR writes for an infinite ratio (docs/ktrdr.md §6.2).
    const known = [100_000, 0.001, 0.0005, 999_999];
    const tells = tellTale(sealed.flatMap(numbersIn), known);
    for (const text of [...said, research.client.stderr()]) expect(tells(text), text.slice(0, 300)).toEqual([]);
    for (const look of looks) {
      const handle = temporal.workflow.getHandle(look);
      const kept = textsIn([await handle.fetchHistory(), (await handle.describe()).raw]).join("\n");
      expect(kept).toContain(look);
      expect(kept).not.toMatch(/sharpe|total_trades|win_rate/);
      expect(tells(kept)).toEqual([]);
    }
  });
});

describe("newer bars of a symbol with a holdout", () => {
  test("go behind the lock before anybody can compute on them", async () => {
    const before = await readFile(price("SYNTREND"), "utf8");
    const kept = (await readFile(price("SYNTREND.HOLDOUT"), "utf8")).trimEnd().split("\n");
    const load = { symbol: "SYNTREND", timeframe: "1d", mode: "tail", end_date: "2015-12-31" };
    const job = await finished(await asked("load_market_data", load));
    const { figures, caveats } = await asked("get_results", { task_id: job });
    expect(figures).toMatchObject({ last_bar: expect.stringMatching(/^2010-12-31/) });
    expect(caveats).toEqual([expect.stringContaining("SYNTREND 1d ends on 2010-12-31: what comes after is kept")]);
    expect(await readFile(price("SYNTREND"), "utf8")).toBe(before);
    const now = (await readFile(price("SYNTREND.HOLDOUT"), "utf8")).trimEnd().split("\n");
    expect(now.slice(0, kept.length)).toEqual(kept);
    expect(now.at(-1)).toMatch(/^2015-12-31/);
    const [holdout] = (await createHoldoutStore(pool).all()).filter(({ symbol }) => symbol === "SYNTREND");
    expect(holdout).toMatchObject({ startDate: LOOK_CUT, lastDay: "2015-12-31" });
    expect(await asked("list_market_data", { symbol: "SYNTREND" })).toMatchObject({ data: [{ to: "2010-12-31" }] });
    expect(await operator("ledger", "verify")).toContain("Every line follows");
  });

  test("do not come in on another timeframe", async () => {
    const load = { symbol: "SYNTREND", timeframe: "1h", mode: "full" };
    expect(await told("load_market_data", { ...load, end_date: "2015-12-31" })).toMatch(
      /^\[holdout_locked.*1h bars of them would be open/,
    );
    expect(await told("load_market_data", load)).toMatch(/^\[holdout_locked/);
  });
});

test("no bar of any holdout was in any answer", async () => {
  const data = path.dirname(price("SPX"));
  const names = (await readdir(data)).filter((name) => name.endsWith(".csv"));
  const values = async (name: string) => valuesIn(await readFile(path.join(data, name), "utf8"));
  const isKept = (name: string) => name.includes(".HOLDOUT_");
  const kept = (await Promise.all(names.filter(isKept).map(values))).flat();
  const open = (await Promise.all(names.filter((name) => !isKept(name)).map(values))).flat();
  const tells = tellTale(kept, open);
  for (const text of [...said, research.client.stderr()]) expect(tells(text), text.slice(0, 300)).toEqual([]);
  expect(said.length).toBeGreaterThan(200);
});

/** All texts in Temporal's messages, payloads included. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString("utf8")];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
