import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MockActivityEnvironment } from "@temporalio/testing";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/activities/clock.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { dataLoad } from "../../src/activities/kinds/data-load.ts";
import { training } from "../../src/activities/kinds/training.ts";
import { sealedFailure, sealedSummary } from "../../src/activities/seal.ts";
import { startActivities } from "../../src/activities/start.ts";
import type { DataLoadRequest } from "../../src/domain/kinds/data-load.ts";
import type { HoldoutStore, Sealed } from "../../src/store/holdouts.ts";
import { BACKTEST, inputOf, TRAINING } from "../support/job-inputs.ts";
import { LOOK } from "../support/looks.ts";
import { CALENDARS, rowsAt, textOf } from "../support/price-file.ts";

const CUT = { symbol: "ABC", timeframe: "1d", startDate: "2019-01-01" };
const LOAD: DataLoadRequest = {
  kind: "data_load",
  symbol: "ABC",
  timeframe: "1d",
  mode: "tail",
  startDate: null,
  endDate: null,
};
const log = pino({ level: "silent" });

/** The record's part, with one holdout. */
function record() {
  const moved: string[] = [];
  const kept: (readonly [string, Sealed])[] = [];
  const holdouts = {
    all: async () => [CUT],
    moved: async (_cut: unknown, file: { lastDay: string }) => void moved.push(file.lastDay),
    seal: async (jobId: string, sealed: Sealed) => void kept.push([jobId, sealed]),
  } as unknown as HoldoutStore;
  return { holdouts, moved, kept };
}

describe("a data load of a symbol with a holdout", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-load-"));
    const rows = rowsAt(CALENDARS["stock 1d"]("2018-01-02", "2019-12-31"));
    await writeFile(join(dir, "ABC_1d.csv"), textOf(rows));
  });
  afterEach(async () => await rm(dir, { recursive: true, force: true }));

  const begins = (dataDir: string | undefined, request = LOAD) =>
    dataLoad.computed.assertUnchanged?.({ holdouts: record().holdouts, dataDir, strategies: null as never }, request);

  test("does not begin where its bars could not be moved away", async () => {
    await expect(begins(undefined)).rejects.toMatchObject({ code: "holdout_locked", retryable: false });
    await expect(begins(join(dir, "nowhere"))).rejects.toMatchObject({ code: "holdout_locked" });
    await expect(begins(dir)).resolves.toBeUndefined();
    await expect(begins(undefined, { ...LOAD, symbol: "XYZ" })).resolves.toBeUndefined();
  });

  test("moves them behind the lock when it is over, and waits until it can", async () => {
    const { holdouts, moved } = record();
    await expect(dataLoad.over?.({ holdouts, dataDir: join(dir, "nowhere"), log }, LOAD)).rejects.toMatchObject({
      retryable: true,
    });
    await dataLoad.over?.({ holdouts, dataDir: dir, log }, LOAD);
    expect(moved).toEqual(["2019-12-31"]);
    expect(await readFile(join(dir, "ABC_1d.csv"), "utf8")).not.toContain("2019-");
    await dataLoad.over?.({ holdouts, dataDir: dir, log }, { ...LOAD, symbol: "XYZ" });
  });
});

test("a training does not begin when its text names a holdout by now", async () => {
  const text = "training_data: {symbols: {mode: single, symbol: abc.holdout}}";
  const strategies = { read: async () => ({ text, sha256: TRAINING.strategySha256 }) } as never;
  const begins = training.computed.assertUnchanged?.(
    { strategies, holdouts: record().holdouts, dataDir: undefined },
    TRAINING,
  );
  await expect(begins).rejects.toMatchObject({ code: "holdout_locked" });
});

test("nothing begins whose days are kept back, however it came to be started", async () => {
  const deps = {
    clock: systemClock,
    log,
    ...record(),
    ktrdr: { operations: { list: async () => [] }, workers: { snapshot: async () => [] } },
    jobs: {
      computations: async () => [],
      beginComputation: async () => ({ operationId: null, knownOperations: [], resumedFrom: null }),
      posting: async () => ({ mark: "", ageMs: null }),
    },
  } as unknown as ActivityDeps;
  const activities = startActivities(deps);
  const input = inputOf("backtest-1", { ...BACKTEST, symbol: "ABC", endDate: "2019-01-01" });
  const begun = new MockActivityEnvironment().run(async () => await activities.startComputation(input, 1));
  await expect(begun).rejects.toMatchObject({
    code: "data_not_found",
    what: expect.stringContaining("ends on 2018-12-31"),
  });
});

describe("what passes through Temporal", () => {
  const failure = { code: "computation_failed", what: "Sharpe 1.23", why: "42 trades", next: null } as const;

  test("of a look is nothing of its result and its failure: both wait in the record", async () => {
    const { holdouts, kept } = record();
    const of = { jobId: "holdout-1", request: LOOK };
    expect(await sealedSummary({ holdouts }, of, { metrics: { sharpe_ratio: 1.23 } })).toEqual({});
    const told = await sealedFailure({ holdouts }, of, failure);
    expect(told).toMatchObject({ code: "computation_failed", what: "It ended without an answer." });
    expect(JSON.stringify(told)).not.toMatch(/1\.23|42/);
    expect(kept).toEqual([
      ["holdout-1", { summary: { metrics: { sharpe_ratio: 1.23 } } }],
      ["holdout-1", { failure }],
    ]);
  });

  test("of any other job is all of it", async () => {
    const { holdouts, kept } = record();
    const of = { jobId: "backtest-1", request: BACKTEST };
    expect(await sealedSummary({ holdouts }, of, { metrics: {} })).toEqual({ metrics: {} });
    expect(await sealedFailure({ holdouts }, of, failure)).toBe(failure);
    expect(kept).toEqual([]);
  });
});
