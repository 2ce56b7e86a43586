import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const DATES = { start_date: "2000-01-03", end_date: "2015-01-01" };

describe("with KTRDR", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ ktrdr: true });
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("counts the label classes on the bars of the planned training", async () => {
    const answer = await stack.ask("validate_strategy", { strategy: stack.strategy, ...DATES });
    expect(answer).toMatchObject({
      valid: true,
      errors: [],
      checked_on: "SPX 1d, 3773 bars 2000-01-03 to 2014-12-31",
      summary: { feature_count: 8, labels: "zigzag", label_shares: { BUY: 0.596, HOLD: 0.067, SELL: 0.337 } },
      next: expect.stringContaining("train_model"),
    });
    expect(JSON.stringify(answer).length / 4).toBeLessThan(600);
  });

  test("finds a label setting that leaves a single class on this data", async () => {
    const yaml = EXAMPLE_STRATEGY.replace("zigzag_threshold: 0.03", "zigzag_threshold: 0.9");
    const answer = await stack.ask("validate_strategy", { yaml, ...DATES });
    expect(answer).toMatchObject({
      valid: false,
      errors: [
        {
          where: "training.labels",
          what: expect.stringContaining("BUY or SELL"),
          fix: expect.stringContaining("zigzag_threshold"),
        },
      ],
    });
  });

  test("finds dates without data", async () => {
    const answer = await stack.ask("validate_strategy", {
      strategy: stack.strategy,
      start_date: "1980-01-01",
      end_date: "1985-01-01",
    });
    expect(answer).toMatchObject({
      valid: false,
      errors: [{ fix: expect.stringContaining("2000-01-03 to 2020-04-17") }],
    });
  });

  test("says of a name unlike the file where its models go", async () => {
    await stack.strategies.write("other_file", EXAMPLE_STRATEGY, { overwrite: true });
    const answer = await stack.ask("validate_strategy", { strategy: "other_file" });
    expect(answer).toMatchObject({ valid: true, errors: [], warnings: [{ where: "name", line: 1 }] });
  });

  test("judges the text alone when the market is not stored, and says so", async () => {
    const yaml = EXAMPLE_STRATEGY.replace("symbol: SPX", "symbol: NOPE");
    const answer = await stack.ask("validate_strategy", { yaml });
    expect(answer).toMatchObject({
      valid: true,
      checked_on: expect.stringMatching(/text only.*NOPE.*load_market_data/),
    });
  });

  test("wants exactly one source", async () => {
    expect(await stack.refused("validate_strategy", {})).toMatch(/^\[invalid_input -32602\].*neither/);
    const both = await stack.refused("validate_strategy", { strategy: stack.strategy, yaml: "name: x" });
    expect(both).toMatch(/^\[invalid_input -32602\].*both/);
    expect(await stack.refused("validate_strategy", { strategy: "absent" })).toMatch(/^\[strategy_not_found -32602\]/);
  });
});

test("without KTRDR the text is judged all the same", async () => {
  const stack = await startStack();
  try {
    const yaml = EXAMPLE_STRATEGY.replace("type: rsi", "type: rsx");
    const answer = await stack.ask("validate_strategy", { yaml });
    expect(answer).toMatchObject({
      valid: false,
      errors: [{ where: "indicators.dip.type", line: 9, fix: expect.stringContaining("Did you mean rsi?") }],
      checked_on: expect.stringContaining("KTRDR does not answer"),
    });
  } finally {
    await stack.stop();
  }
});
