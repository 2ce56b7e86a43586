import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ ktrdr: true });
});
afterAll(async () => {
  await stack.stop();
});

test("lists every symbol with its dates and bars", async () => {
  const { data, more } = await stack.ask("list_market_data");
  expect(data).toContainEqual({ symbol: "SPX", timeframe: "1d", from: "2000-01-03", to: "2020-04-17", bars: 5105 });
  expect(more).toBe(false);
});

test("shows the latest bars of one market, whatever the case of the symbol", async () => {
  const answer = await stack.ask("list_market_data", { symbol: "spx", timeframe: "1d", bars: 2 });
  expect(answer["data"]).toHaveLength(1);
  const bars = answer["latest_bars"] as unknown[][];
  expect(bars.map((bar) => bar[0])).toEqual(["2020-04-16", "2020-04-17"]);
  for (const [, open, high, low, close] of bars as [string, number, number, number, number][]) {
    expect(Math.min(open, close)).toBeGreaterThanOrEqual(low);
    expect(Math.max(open, close)).toBeLessThanOrEqual(high);
  }
});

test("says that there is more than the limit", async () => {
  const { data, more } = await stack.ask("list_market_data", { limit: 1 });
  expect(data).toHaveLength(1);
  expect(more).toBe(true);
});

test("names the stored symbols and timeframes when one is not", async () => {
  const symbol = await stack.refused("list_market_data", { symbol: "NOPE" });
  expect(symbol).toMatch(/^\[data_not_found -32602\].*Valid: .*SPX.*Next: .*load_market_data/);
  const timeframe = await stack.refused("list_market_data", { symbol: "SPX", timeframe: "5m" });
  expect(timeframe).toMatch(/^\[data_not_found -32602\].*Valid: 1d/);
});
