import { afterAll, beforeAll, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { begun } from "../support/experiments.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ ktrdr: true });
});
afterAll(async () => {
  await stack.stop();
});

const named = (name: string, text = EXAMPLE_STRATEGY) => text.replace(`name: ${EXAMPLE_NAME}`, `name: ${name}`);
const ABSENT = "0".repeat(64);

test("saves under the name inside the text and says what to call next", async () => {
  const yaml = named("fresh_one");
  const answer = await stack.ask("create_strategy", { yaml });
  expect(answer).toMatchObject({
    strategy: "fresh_one",
    change: "created",
    warnings: [],
    next: expect.stringContaining("train_model"),
  });
  const file = await stack.strategies.read("fresh_one");
  expect(file).toMatchObject({ text: yaml, sha256: answer["sha256"] });
});

test("the same text again changes nothing", async () => {
  const yaml = named("twice");
  const first = await stack.ask("create_strategy", { yaml });
  const { modifiedAt } = await stack.strategies.read("twice");
  const second = await stack.ask("create_strategy", { yaml });
  expect(second).toMatchObject({ change: "unchanged", sha256: first["sha256"], version: first["version"] });
  expect((await stack.strategies.read("twice")).modifiedAt).toBe(modifiedAt);
});

test("replaces only what was seen", async () => {
  const [old, young] = [named("kept"), named("kept").replace("epochs: 40", "epochs: 50")];
  const { sha256 } = await stack.ask("create_strategy", { yaml: old });
  expect(await stack.refused("create_strategy", { yaml: young })).toMatch(
    /^\[strategy_exists -32602\].*replaces_sha256/,
  );
  expect(await stack.refused("create_strategy", { yaml: young, overwrite: true })).toMatch(/^\[invalid_input -32602\]/);
  const wrong = await stack.refused("create_strategy", { yaml: young, overwrite: true, replaces_sha256: ABSENT });
  expect(wrong).toMatch(/^\[strategy_changed -32602\]/);
  expect((await stack.strategies.read("kept")).text).toBe(old);
  const replaced = await stack.ask("create_strategy", { yaml: young, overwrite: true, replaces_sha256: sha256 });
  expect(replaced).toMatchObject({ change: "replaced" });
  expect((await stack.strategies.read("kept")).text).toBe(young);
});

test("does not save errors and says what would be right", async () => {
  const text = await stack.refused("create_strategy", { yaml: named("faulty").replace("period: 5", "perod: 5") });
  expect(text).toMatch(/^\[strategy_invalid -32602\].*nothing was done.*indicators\.dip\.perod.*mean period/);
  expect(await stack.strategies.exists("faulty")).toBe(false);
});

test("saves what is only doubtful and tells it", async () => {
  const answer = await stack.ask("create_strategy", {
    yaml: named("doubtful").replace("epochs: 40", "epochs: 40\n  optimizer: adam"),
  });
  expect(answer).toMatchObject({ change: "created", warnings: [{ where: "training.optimizer" }] });
});

test.each([
  ["../outside", named("../outside")],
  ["/etc/x", named("/etc/x")],
  ["a tag", `${named("tagged")}context_data: !!python/object:os.system []\n`],
  ["an alias bomb", `a: &a [x, x]\nb: &b [*a, *a]\n${named("bomb")}`],
  ["two documents", `${named("double")}---\nname: other\n`],
  ["no strategy", "hello"],
])("refuses %s and writes nothing", async (_, yaml) => {
  const before = (await stack.strategies.list()).map((file) => file.name);
  expect(await stack.refused("create_strategy", { yaml })).toMatch(/^\[strategy_invalid -32602\]/);
  expect((await stack.strategies.list()).map((file) => file.name)).toEqual(before);
});

test("of two at the same time one is saved and the other is told", async () => {
  const texts = [named("race"), named("race").replace("epochs: 40", "epochs: 41")];
  const answers = await Promise.all(texts.map((yaml) => stack.call("create_strategy", { yaml })));
  expect(answers.filter((answer) => answer.isError !== true)).toHaveLength(1);
  expect(texts).toContain((await stack.strategies.read("race")).text);
});

test("writes down who made it, why and for which experiment", async () => {
  const experiment_id = await begun(stack);
  const reason = "dips come earlier than the average says";
  const { version } = await stack.ask("create_strategy", { yaml: named("explained"), reason, experiment_id });
  expect(version).toMatch(/^[0-9a-f]{12}$/);
  const { versions } = await stack.ask("get_strategy", { strategy: "explained" });
  expect(versions).toEqual([
    { version, at: expect.any(String), change: "created", by: "stack-test", reason, experiment_id },
  ]);
  const unknown = { yaml: named("unexplained"), experiment_id: "experiment-0000000000000000" };
  expect(await stack.refused("create_strategy", unknown)).toContain("no experiment");
  expect(await stack.strategies.exists("unexplained")).toBe(false);
});
