import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ ktrdr: true });
});
afterAll(() => stack.stop());

const faster = [{ op: "set_parameter", target: "dip.period", value: 3 }];
const mutate = async (args: Record<string, unknown>) =>
  await stack.ask("mutate_strategy", { strategy: stack.strategy, ...args });
const rows = (answer: Record<string, unknown>) => answer["strategies"] as Record<string, unknown>[];

describe("mutate_strategy", () => {
  test("makes another strategy, tells what differs, and may be repeated", async () => {
    const wish = { variations: [{ name: "faster", changes: faster }], reason: "earlier entries" };
    const answer = await mutate(wish);
    expect(rows(answer)).toEqual([
      { strategy: "faster", sha256: expect.any(String), diff: ["indicators.dip.period: 5 -> 3"] },
    ]);
    const file = await stack.strategies.read("faster");
    expect(file.text).toContain("name: faster");
    expect((await stack.strategies.read(stack.strategy)).text).toBe(EXAMPLE_STRATEGY);
    const { versions } = await stack.ask("get_strategy", { strategy: "faster" });
    expect(versions).toMatchObject([{ version: answer["version"], change: "created", reason: "earlier entries" }]);
    expect(await mutate(wish)).toEqual(answer);
  });

  test("without a name makes a new version of the same one, and the old one stays to be seen", async () => {
    await mutate({ variations: [{ name: "growing", changes: faster }] });
    const grown = await stack.ask("mutate_strategy", {
      strategy: "growing",
      replaces_sha256: (await stack.strategies.read("growing")).sha256,
      variations: [{ changes: [{ op: "set_training", value: { epochs: 50 } }] }],
    });
    expect(rows(grown)).toMatchObject([{ strategy: "growing", diff: ["training.epochs: 40 -> 50"] }]);
    const { versions, yaml } = await stack.ask("get_strategy", { strategy: "growing" });
    expect(yaml).toContain("epochs: 50");
    const [, before] = versions as Record<string, unknown>[];
    const old = await stack.ask("get_strategy", { strategy: "growing", version: before?.["version"] });
    expect(old["yaml"]).toContain("epochs: 40");
  });

  test("makes a list of variations as one version, or none of them", async () => {
    const variations = [3, 7, 9].map((period) => ({
      name: `dip_${period}`,
      changes: [{ op: "set_parameter", target: "dip.period", value: period }],
    }));
    const answer = await mutate({ variations });
    expect(rows(answer).map((row) => row["diff"])).toEqual([3, 7, 9].map((p) => [`indicators.dip.period: 5 -> ${p}`]));
    for (const { name } of variations) {
      const { versions } = await stack.ask("get_strategy", { strategy: name });
      expect(versions).toMatchObject([{ version: answer["version"] }]);
    }
    const bad = [
      { name: "good", changes: faster },
      { name: "bad", changes: [{ op: "set_training", value: { epochs: -1 } }] },
    ];
    const refused = await stack.refused("mutate_strategy", { strategy: stack.strategy, variations: bad });
    expect(refused).toMatch(/^\[strategy_invalid -32602\] The strategy bad has an error; nothing was done.*epochs/);
    expect(await stack.strategies.exists("good")).toBe(false);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["no variation", { variations: [] }, /variations/],
    ["a name twice", { variations: [1, 2].map(() => ({ name: "x", changes: faster })) }, /Two variations are called x/],
    ["the same strategy twice", { variations: [1, 2].map(() => ({ changes: faster })) }, /Two variations are called/],
    [
      "a change that cannot be made",
      { variations: [{ name: "y", changes: [{ op: "set_parameter", target: "rsi.period", value: 1 }] }] },
      /no rsi among indicators/,
    ],
    ["an unknown operation", { variations: [{ changes: [{ op: "explode" }] }] }, /op/],
    ["no changes", { variations: [{ name: "x", changes: [] }] }, /changes/],
    ["a name that is taken", { variations: [{ name: "taken", changes: faster }] }, /strategy_exists/],
    ["to replace what was not seen", { variations: [{ changes: faster }] }, /invalid_input.*replaces_sha256/],
    [
      "to replace another text than was seen",
      { variations: [{ changes: faster }], replaces_sha256: "0".repeat(64) },
      /strategy_changed.*has the sha256 [0-9a-f]{64} now/,
    ],
    ["to replace by its own name", { variations: [{ name: EXAMPLE_NAME, changes: faster }] }, /replaces_sha256/],
    ["an unknown strategy", { strategy: "absent", variations: [{ changes: faster }] }, /no strategy "absent"/],
  ])("refuses %s, and saves nothing", async (_name, args, why) => {
    await stack.strategies.write("taken", EXAMPLE_STRATEGY, { overwrite: true });
    const before = (await stack.strategies.list()).map(({ name }) => name);
    expect(await stack.refused("mutate_strategy", { strategy: stack.strategy, ...args })).toMatch(why);
    expect((await stack.strategies.list()).map(({ name }) => name)).toEqual(before);
  });
});
