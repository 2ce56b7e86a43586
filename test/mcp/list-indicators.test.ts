import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await stack.stop();
});

test("lists all 31 types on a line each, without KTRDR", async () => {
  const { indicators } = await stack.ask("list_indicators");
  expect(indicators).toHaveLength(31);
  expect(indicators).toContain("rsi(period=14, source=close) [0..100]");
});

test("narrows to a group", async () => {
  const { indicators } = (await stack.ask("list_indicators", { group: "volume" })) as { indicators: string[] };
  expect(indicators.map((line) => line.split("(")[0])).toEqual(["adline", "cmf", "mfi", "obv", "volumeratio", "vwap"]);
});

test("shows one type in detail, also by alias", async () => {
  const { indicators } = await stack.ask("list_indicators", { type: "bbands" });
  expect(indicators).toMatchObject([
    {
      type: "bollingerbands",
      outputs: ["upper", "middle", "lower"],
      parameters: ["period: whole number 2..200 (20)", "multiplier: number above 0 up to 10 (2)", expect.any(String)],
      warm_up_bars: 20,
    },
  ]);
});

test("suggests the type that was meant", async () => {
  const text = await stack.refused("list_indicators", { type: "stoch" });
  expect(text).toMatch(/^\[invalid_input -32602\].*stochastic comes nearest.*Valid: adline.*Next: .*stochastic/);
});
