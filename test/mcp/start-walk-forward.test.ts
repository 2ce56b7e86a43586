import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const DAYS = { start_date: "2001-01-02", end_date: "2015-12-31" };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
  for (const name of ["one", "two"]) {
    const text = EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, `name: ${name}`);
    await stack.strategies.write(name, text, { overwrite: true });
  }
});
afterAll(() => stack.stop());

const start = async (args: Record<string, unknown>) => await stack.ask("start_walk_forward", { ...DAYS, ...args });
const refused = async (args: Record<string, unknown>) =>
  await stack.refused("start_walk_forward", { strategies: ["one"], ...DAYS, ...args });
async function requestOf(taskId: unknown): Promise<Record<string, unknown>> {
  const { events } = await stack.temporal().client.workflow.getHandle(String(taskId)).fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  return (JSON.parse(Buffer.from(payload ?? "{}").toString()) as { request: Record<string, unknown> }).request;
}

interface Window {
  readonly train: { readonly startDate: string; readonly endDate: string };
  readonly test: { readonly startDate: string; readonly endDate: string };
}

describe("start_walk_forward", () => {
  test("makes windows of the stored bars, and the same call finds the same job", async () => {
    const answer = await start({ strategies: ["one"], windows: 5 });
    expect(answer).toMatchObject({
      kind: "walk_forward",
      task_id: expect.stringMatching(/^walk-one-[0-9a-f]{8}$/),
      strategy: "one",
      existing: false,
      power: expect.stringContaining("SPX"),
      warnings: [],
    });
    expect(await start({ strategies: ["one"], windows: 5 })).toMatchObject({
      task_id: answer["task_id"],
      existing: true,
    });
    const request = await requestOf(answer["task_id"]);
    const windows = request["windows"] as Window[];
    expect(request).toMatchObject({ anchored: false, draws: 3, commission: 0.001 });
    expect(answer["tested"]).toEqual(windows.map(({ test: { startDate, endDate } }) => `${startDate} to ${endDate}`));
    expect(windows.at(-1)?.test.endDate).toBe("2015-12-31");
    expect(request).toMatchObject({ startDate: windows[0]?.test.startDate, endDate: "2015-12-31" });
  });

  test("trains on all before it below ten years, or as it is told", async () => {
    const of = async (args: Record<string, unknown>) =>
      await requestOf((await start({ strategies: ["one"], windows: 4, ...args }))["task_id"]);
    const short = await of({ start_date: "2008-01-02" });
    expect(short).toMatchObject({ anchored: true });
    const starts = (short["windows"] as Window[]).map(({ train }) => train.startDate);
    expect(new Set(starts).size).toBe(1);
    expect(await of({ anchored: true })).toMatchObject({ anchored: true });
    // The example learns from a zigzag, whose labels end with the training.
    expect(await of({ gap: 7 })).toMatchObject({ gap: 7 });
    expect(await of({ draws: 1 })).toMatchObject({ gap: 0, draws: 1 });
  });

  test("leaves out what labels look ahead", async () => {
    const text = EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, "name: barriers").replace(
      /labels:[^\n]*/,
      "labels: {source: triple_barrier, max_holding_period: 23}",
    );
    await stack.strategies.write("barriers", text, { overwrite: true });
    const { task_id } = await start({ strategies: ["barriers"], windows: 4 });
    expect(await requestOf(task_id)).toMatchObject({ gap: 23 });
  });

  test("is one job for each strategy", async () => {
    const answer = await start({ strategies: ["one", "two", "one"], windows: 6 });
    expect(answer).toMatchObject({
      strategy: "one",
      others: [{ strategy: "two", task_id: expect.stringMatching(/^walk-two-/), existing: false, warnings: [] }],
    });
  });

  test("takes all stored days without dates", async () => {
    const { task_id } = await stack.ask("start_walk_forward", { strategies: ["two"], windows: 12 });
    const { endDate } = await stack.deps.reads.range("SPX", "1d", new AbortController().signal);
    expect(await requestOf(task_id)).toMatchObject({ endDate: endDate.slice(0, 10) });
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["three windows", { windows: 3 }, /windows/],
    ["one date", { end_date: undefined }, /start_date and end_date go together/],
    ["a strategy that is not there", { strategies: ["nobody"] }, /strategy_not_found.*one/s],
    ["no strategy", { strategies: [] }, /strategies/],
    ["dates without bars", { start_date: "1890-01-02" }, /data_not_found.*start_date from/s],
    ["dates the wrong way round", { start_date: "2015-12-31", end_date: "2001-01-02" }, /go together|after/],
    [
      "too few years",
      { end_date: "2003-01-02" },
      /too few for 8 windows: 660 would do, about \d\.\d years.*windows from 4 to 5/s,
    ],
    ["far too few years", { end_date: "2001-03-01" }, /4 windows from 420 bars on/],
  ])("refuses %s", async (_, args, wanted) => {
    expect(await refused(args)).toMatch(wanted);
  });
});
