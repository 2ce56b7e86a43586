import { hash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LOOKS_AHEAD, insistenceCaveats } from "../../src/domain/insistence.ts";
import { headline } from "../../src/domain/kinds/index.ts";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { Finding } from "../../src/domain/strategy/finding.ts";
import { clear, type Checked } from "../../src/research/strategies/clearance.ts";
import { idOf } from "../../src/temporal/jobs.ts";
import { backtestResult, recordBacktest, recordTraining, trainingResult } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

/** A strategy with a parameter that KTRDR ignores, so that KTRDR computes something else than is written. */
const IGNORED = EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, "name: ignored").replace(
  "{type: rsi, period: 5}",
  "{type: rsi, period: 5, length: 3}",
);
const REASON = "its default is what I want to measure";
const WINDOW = { start_date: "2001-01-02", end_date: "2012-12-31" };
const AHEAD = insistenceCaveats([{ codes: [LOOKS_AHEAD], reason: "a ceiling to compare with" }]);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
  await stack.strategies.write("ignored", IGNORED, { overwrite: true });
});
afterAll(() => stack.stop());

const ask = (tool: string, args: Record<string, unknown>) => stack.ask(tool, args);

async function startedWith(taskId: unknown): Promise<Record<string, unknown>> {
  const { events } = await stack.temporal().client.workflow.getHandle(String(taskId)).fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  return (JSON.parse(Buffer.from(payload ?? "{}").toString()) as { request: Record<string, unknown> }).request;
}

describe("an error can be insisted on", () => {
  test("a training is refused without a reason, told how, and started with one", async () => {
    const wish = { strategy: "ignored", ...WINDOW };
    expect(await stack.refused("train_model", wish)).toMatch(/length.*insist_reason/);
    expect(await stack.refused("train_model", { ...wish, insist_reason: "no" })).toContain("sentence");
    const answer = await ask("train_model", { ...wish, insist_reason: REASON });
    expect(answer).toMatchObject({ existing: false, warnings: [expect.stringMatching(/^Insisted on: .*length/)] });
    expect(await startedWith(answer["task_id"])).toMatchObject({
      insisted: [{ codes: ["unknown_parameter"], reason: REASON }],
    });
  });

  test("the reason is no part of the identity, and whoever asks without one is told of it", async () => {
    const wish = { strategy: "ignored", ...WINDOW, end_date: "2012-11-30" };
    const { task_id } = await ask("train_model", { ...wish, insist_reason: REASON });
    const other = await ask("train_model", { ...wish, insist_reason: "somebody else wants it too" });
    expect(other).toMatchObject({ task_id, existing: true });
    const id = String(task_id);
    const { memo } = await stack.temporal().client.workflow.getHandle(id).describe();
    const request = {
      ...TRAINING,
      strategy: "ignored",
      insisted: [{ codes: ["unknown_parameter"], reason: REASON }],
    };
    await stack.writer.admit({ ...inputOf(id, request), requestHash: String(memo?.["requestHash"]) }, null);
    await stack.writer.finish(id, outcomeOf(id, "completed"), trainingResult(), null);
    expect(await ask("train_model", wish)).toMatchObject({
      task_id,
      existing: true,
      warnings: [expect.stringContaining(REASON)],
    });
  });

  test("a request without any keeps the identity it always had", () => {
    const { requestHash } = idOf(TRAINING, null);
    expect(requestHash).toBe(idOf({ ...TRAINING, insisted: [{ codes: ["x"], reason: REASON }] }, null).requestHash);
    const canonical = JSON.stringify({
      forceReason: null,
      request: Object.fromEntries(Object.entries(TRAINING).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    });
    expect(requestHash).toBe(hash("sha256", canonical));
  });

  test("draws and a batch hand it to their trainings, and only to those that need it", async () => {
    const set = await ask("train_model", { strategy: "ignored", ...WINDOW, repeats: 2, insist_reason: REASON });
    expect(await startedWith(set["task_id"])).toMatchObject({ strategies: [{ insisted: [{ reason: REASON }] }] });
    const wish = { work: "both", strategies: ["ignored", EXAMPLE_NAME] };
    const periods = [{ train: ["2001-01-02", "2010-12-31"], test: ["2011-01-03", "2015-12-31"] }];
    expect(await stack.refused("start_batch", { ...wish, periods })).toMatch(/ignored.*insist_reason/);
    const batch = await ask("start_batch", { ...wish, periods, insist_reason: REASON });
    const { strategies } = await startedWith(batch["task_id"]);
    expect(strategies).toEqual([
      expect.objectContaining({ insisted: [{ codes: ["unknown_parameter"], reason: REASON }] }),
      expect.not.objectContaining({ insisted: expect.anything() }),
    ]);
  });

  test("several symbols at once are trained for a reason, one of them without", async () => {
    const yaml = EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, "name: pair").replace(
      "{mode: single, symbol: SPX}",
      "{mode: multi_symbol, list: [SPX, SYNTREND]}",
    );
    await stack.strategies.write("pair", yaml, { overwrite: true });
    const wish = { strategy: "pair", ...WINDOW };
    expect(await stack.refused("train_model", wish)).toMatch(/labels of "SPX" beside the features of "SYNTREND"/);
    const one = await ask("train_model", { ...wish, symbol: "SPX" });
    expect(await startedWith(one["task_id"])).not.toHaveProperty("symbols");
    const both = await ask("train_model", { ...wish, insist_reason: REASON });
    expect(await startedWith(both["task_id"])).toMatchObject({
      symbol: "SPX",
      symbols: ["SPX", "SYNTREND"],
      insisted: [{ codes: ["multi_symbol"] }],
    });
    expect(await ask("train_model", { ...wish, symbols: ["SYNTREND", "SPX"], insist_reason: REASON })).toMatchObject({
      existing: false,
    });
    expect(await stack.refused("train_model", { ...wish, symbols: ["SPX", "NOPE"] })).toContain("data_not_found");
    const periods = [{ train: ["2001-01-02", "2010-12-31"] }];
    const batch = { work: "train", strategies: ["pair"], periods };
    expect(await stack.refused("start_batch", batch)).toContain("cannot train on");
    const { task_id } = await ask("start_batch", { ...batch, symbols: ["SPX", "SYNTREND"] });
    const { strategies } = await startedWith(task_id);
    expect(strategies).toMatchObject([{ symbol: "SPX" }, { symbol: "SYNTREND" }]);
    expect(JSON.stringify(strategies)).not.toContain("symbols");
  });

  test("another timeframe than the features are made of is refused before KTRDR fails on it", async () => {
    const text = await stack.refused("train_model", { strategy: EXAMPLE_NAME, ...WINDOW, timeframe: "1h" });
    expect(text).toMatch(/^\[invalid_input.*works on 1d, not on 1h.*mutate_strategy/);
  });

  test("a strategy that sees the future is started with its own reason only, and branded from then on", async () => {
    const yaml = EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, "name: seer").replace(
      "{type: rsi, period: 5}",
      "{type: zigzag, threshold: 0.05}",
    );
    await stack.strategies.write("seer", yaml, { overwrite: true });
    const wish = { strategy: "seer", ...WINDOW };
    expect(await stack.refused("train_model", { ...wish, insist_reason: REASON })).toMatch(
      /repaints.*accept_look_ahead/,
    );
    const { task_id } = await ask("train_model", { ...wish, accept_look_ahead: REASON });
    expect(await startedWith(task_id)).toMatchObject({ insisted: [{ codes: [LOOKS_AHEAD], reason: REASON }] });
  });

  test("a strategy with errors is saved for a reason, which stays with the version", async () => {
    const yaml = IGNORED.replace("name: ignored", "name: kept_anyway");
    expect(await stack.refused("create_strategy", { yaml })).toMatch(/nothing was done.*insist_reason/);
    await ask("create_strategy", { yaml, insist_reason: REASON });
    const { versions } = await ask("get_strategy", { strategy: "kept_anyway" });
    expect(JSON.stringify(versions)).toContain(REASON);
    const changes = [{ op: "set_training", value: { epochs: 12 } }];
    const variations = [{ name: "kept_again", changes }];
    expect(await stack.refused("mutate_strategy", { strategy: "kept_anyway", variations })).toContain("insist_reason");
    await ask("mutate_strategy", { strategy: "kept_anyway", variations, insist_reason: REASON });
  });

  test("what cannot be read, or saved under its name, cannot be insisted on", async () => {
    const wrong = { insist_reason: REASON, accept_look_ahead: REASON };
    expect(await stack.refused("create_strategy", { yaml: "a: [", ...wrong })).not.toContain("insist_reason");
    const outside = IGNORED.replace("name: ignored", "name: ../outside");
    expect(await stack.refused("create_strategy", { yaml: outside, ...wrong })).toContain("[strategy_invalid");
  });
});

describe("what was insisted on stands with the result", () => {
  const insisted = [{ codes: ["label_classes"], reason: "SELL never comes" }];

  test("first among the caveats, and a replay keeps it", async () => {
    const request = { ...BACKTEST, strategy: EXAMPLE_NAME, strategySha256: undefined, insisted };
    await stack.writer.admit(inputOf("backtest-insisted-1", request), EXAMPLE_STRATEGY);
    const caveats = [...insistenceCaveats(insisted), ...backtestResult().caveats];
    const result = backtestResult({ caveats });
    await stack.writer.finish("backtest-insisted-1", outcomeOf("backtest-insisted-1", "completed"), result, null);
    const answer = await ask("get_results", { task_id: "backtest-insisted-1", detail: "brief" });
    expect(answer["caveats"]).toEqual([expect.stringMatching(/label_classes.*"SELL never comes"/), expect.anything()]);
    const { task_id } = await ask("replay_run", { task_id: "backtest-insisted-1" });
    expect(await startedWith(task_id)).toMatchObject({ insisted });
  });

  test("a model that saw the future is branded in every list, and ranked behind the others", async () => {
    await recordTraining(stack.writer, "train-ahead-1", { caveats: AHEAD, modelPath: "models/ahead/1d_v1" });
    const { models } = await ask("list_models", { limit: 50 });
    expect(models).toContainEqual(expect.objectContaining({ task_id: "train-ahead-1", looks_ahead: true }));
    await recordBacktest(stack.writer, "backtest-ahead-1", "train-ahead-1", { caveats: AHEAD, sharpe: 9 });
    await recordBacktest(stack.writer, "backtest-plain-1", "train-ahead-1", { sharpe: 0.2 });
    const task_ids = ["backtest-ahead-1", "backtest-plain-1"];
    const { runs, caveats } = await ask("compare_results", { task_ids });
    expect(runs).toContainEqual(expect.objectContaining({ task_id: "backtest-ahead-1", looks_ahead: true }));
    expect(caveats).toContainEqual(expect.stringMatching(/^LOOK AHEAD.*backtest-ahead-1\.$/));
    expect((await ask("get_results", { task_id: "backtest-ahead-1" }))["caveats"]).toEqual([
      expect.stringMatching(/^LOOKS AHEAD: .*"a ceiling to compare with"$/),
    ]);
    expect(headline(backtestResult({ caveats: AHEAD }))).toMatch(/^LOOKS AHEAD, proves nothing: return/);
  });

  test("a backtest of such a model inherits the brand without being asked", async () => {
    const training = { ...TRAINING, strategy: EXAMPLE_NAME, insisted: [{ codes: [LOOKS_AHEAD], reason: REASON }] };
    await stack.writer.admit(inputOf("train-ahead-2", training), EXAMPLE_STRATEGY);
    const result = trainingResult({ caveats: AHEAD, strategy: EXAMPLE_NAME });
    await stack.writer.finish("train-ahead-2", outcomeOf("train-ahead-2", "completed"), result, null);
    const answer = await ask("run_backtest", {
      model: "train-ahead-2",
      start_date: "2015-01-02",
      end_date: "2018-12-31",
    });
    expect(answer["warnings"]).toContainEqual(expect.stringMatching(/^LOOKS AHEAD/));
    expect(await startedWith(answer["task_id"])).toMatchObject({ insisted: training.insisted });
  });
});

describe("clear", () => {
  const finding = (code: string, severity: Finding["severity"] = "error"): Finding => ({
    severity,
    code,
    where: "",
    line: null,
    what: `${code}.`,
    why: "",
    fix: "",
  });
  const subject = (name: string, ...findings: Finding[]): Checked => ({
    name,
    findings,
    code: "strategy_invalid",
    next: "mend it",
  });

  test("takes each reason for its own kind of error only", () => {
    const both = [subject("The strategy", finding(LOOKS_AHEAD)), subject("The bars", finding("bars_empty"))];
    expect(() => clear(both, { insist_reason: REASON })).toThrow("The strategy");
    expect(() => clear(both, { accept_look_ahead: REASON })).toThrow("The bars");
    expect(clear(both, { accept_look_ahead: "because", insist_reason: REASON }).insisted).toEqual([
      { codes: [LOOKS_AHEAD], reason: "because" },
      { codes: ["bars_empty"], reason: REASON },
    ]);
  });

  test("has nothing to keep without an error", () => {
    const cleared = clear([subject("The bars", finding("bars_few", "warning"))], { insist_reason: REASON });
    expect(cleared).toEqual({ warnings: ["bars_few. "] });
  });
});
