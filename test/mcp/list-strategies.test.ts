import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await stack.stop();
});

test("shows market, description and soundness, also of files that cannot be used", async () => {
  await stack.strategies.write("broken_one", "name: broken_one\nindicators: [", { overwrite: true });
  const { strategies, more } = await stack.ask("list_strategies");
  expect(more).toBe(false);
  expect(strategies).toContainEqual(
    expect.objectContaining({ strategy: stack.strategy, symbols: ["SPX"], timeframes: ["1d"], valid: true }),
  );
  expect(strategies).toContainEqual(
    expect.objectContaining({ strategy: "broken_one", valid: false, errors: expect.any(Number) }),
  );
});

test("filters and limits", async () => {
  for (const name of ["alpha_1", "alpha_2", "beta"])
    await stack.strategies.write(name, `name: ${name}\n`, { overwrite: true });
  const alphas = await stack.ask("list_strategies", { contains: "ALPHA" });
  expect((alphas["strategies"] as { strategy: string }[]).map((row) => row.strategy).toSorted()).toEqual([
    "alpha_1",
    "alpha_2",
  ]);
  const one = await stack.ask("list_strategies", { contains: "alpha", limit: 1 });
  expect(one).toMatchObject({ more: true });
  expect(one["strategies"]).toHaveLength(1);
});
