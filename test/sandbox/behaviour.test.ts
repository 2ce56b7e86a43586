import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { ORPHAN_MESSAGE } from "../../sandbox/state/operation.ts";
import type { Operation } from "../../sandbox/state/operation.ts";
import type { SandboxOptions } from "../../sandbox/launch.ts";
import { TestSandbox } from "./support/client.ts";
import { strategyYaml, writeStrategies } from "./support/strategies.ts";

/**
 * What the real KTRDR does by itself, thirty times as fast. If it were faster, a busy machine would miss what lasts for
 * a moment only. No fault is switched on (docs/ktrdr.md §3.5).
 */

async function start(options: Omit<SandboxOptions, "stateDir"> = {}): Promise<TestSandbox> {
  const test = await TestSandbox.start({ backtestWorkers: 0, timeScale: 0.03, ...options });
  onTestFinished(() => test.stop());
  writeStrategies(test.sandbox.stateDir, {
    quick: strategyYaml("quick", { epochs: 3 }),
    steady: strategyYaml("steady", { epochs: 40 }),
    endless: strategyYaml("endless", { epochs: 100_000 }),
  });
  return test;
}

async function ended(test: TestSandbox, id: string): Promise<void> {
  await test.until(
    () => test.log(id),
    (events) => events.some((event) => event.event === "end"),
  );
}

async function begun(test: TestSandbox, id: string): Promise<Operation> {
  return test.until(
    () => test.operation(id),
    (operation) => operation.progress.steps_completed > 0,
  );
}

interface WorkerEntry {
  worker_id: string;
  status: string;
  current_operation_id: string | null;
  health_check_failures: number;
}

async function workers(test: TestSandbox): Promise<WorkerEntry[]> {
  return (await test.get("/workers")).body as unknown as WorkerEntry[];
}

/** Waits for a status by reading the list, because the list, unlike a question by id, refreshes nothing. */
async function listedAs(test: TestSandbox, id: string, status: string): Promise<void> {
  await test.until(
    () => test.get(`/operations?status=${status}&limit=100`),
    ({ body }) => (body["data"] as unknown as { operation_id: string }[]).some((one) => one.operation_id === id),
  );
}

describe("the memory of the API", () => {
  it.each([
    ["lists them", (test: TestSandbox) => test.get("/indicators/")],
    ["checks a strategy", (test: TestSandbox) => test.call("POST", "/api/v1/strategies/validate/quick")],
    ["starts a training", (test: TestSandbox) => test.startTraining("learn", "quick")],
  ])("knows no indicator until it %s once", async (_name, teach) => {
    const test = await start();
    const rsi = { symbol: "SPX", timeframe: "1d", indicators: [{ id: "rsi", parameters: { period: 5 } }] };
    const asked = () => test.call("POST", "/api/v1/indicators/calculate", rsi);
    expect(await asked()).toMatchObject({
      status: 400,
      body: { detail: { error: { code: "CONFIG-UnknownIndicator", details: { indicator_id: "rsi" } } } },
    });
    await teach(test);
    expect((await asked()).status).toBe(200);
  });

  it("does not list a new operation until somebody reads it by id", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "20" } });
    await test.startTraining("new", "endless");
    await test.until(
      () => test.log("new"),
      (events) => events.some((event) => event.event === "start"),
    );
    expect((await test.get("/operations")).body["total_count"]).toBe(0);
    await test.untilStatus("new", "running");
    expect((await test.get("/operations?active_only=true")).body["active_count"]).toBe(1);
  });

  it("appends the whole history at every poll", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "20" } });
    await test.startTraining("growing", "endless");
    const epochs = (operation: Operation): unknown[] => operation.metrics?.epochs ?? [];
    const first = await begun(test, "growing");
    const later = await test.until(
      () => test.operation("growing"),
      (operation) => epochs(operation).length >= epochs(first).length + 4,
    );
    const [list, count] = epochs(later).slice(-2) as [unknown[], number];
    expect(list).toHaveLength(count);
    expect(epochs(later).slice(0, epochs(first).length)).toEqual(epochs(first));
    const metrics = (await test.get("/operations/growing/metrics")).body["data"] as unknown as { metrics: unknown[] };
    expect(metrics.metrics[1]).toBe((metrics.metrics[0] as unknown[]).length);
  });
});

describe("an operation that nobody reads around its end", () => {
  it("turns from completed to failed when it was read before, and stays completed when it never was", async () => {
    const test = await start({ trainingWorkers: 2, env: { SANDBOX_EPOCH_DELAY_MS: "10" } });
    await test.startTraining("read-once", "steady");
    await begun(test, "read-once");
    await test.startTraining("never-read", "steady");
    await Promise.all([ended(test, "read-once"), ended(test, "never-read")]);
    await listedAs(test, "read-once", "failed");

    const flipped = await test.operation("read-once");
    expect(flipped).toMatchObject({ status: "failed", error_message: ORPHAN_MESSAGE, metrics: null });
    expect(flipped.progress.percentage).toBe(100);
    expect(flipped.result_summary).toHaveProperty("model_path");
    const results = await test.get("/operations/read-once/results");
    expect([results.status, results.body["status"]]).toEqual([200, "failed"]);
    expect((await test.get("/trainings/read-once/performance")).status).toBe(404);
    expect((await test.operation("never-read")).status).toBe("completed");
  });
});

describe("after an API restart", () => {
  it("progress is frozen at 0, and the finished training is declared failed although it is polled", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "60" } });
    await test.startTraining("job", "steady");
    await begun(test, "job");
    await test.sandbox.api.restart();
    expect(await workers(test)).toEqual([]);
    const frozen = await test.operation("job");
    expect(frozen).toMatchObject({ status: "running", metrics: null, progress: { percentage: 0, current_step: null } });
    const atWorker = await test.operation("job", test.worker("train"));
    expect(atWorker.progress.percentage).toBeGreaterThan(0);
    await test.sandbox.workersReady();

    const end = await test.until(
      () => test.operation("job"),
      (operation) => operation.status !== "running",
    );
    expect(end).toMatchObject({ status: "failed", error_message: ORPHAN_MESSAGE });
    expect(end.result_summary).toHaveProperty("model_path");
    const starts = (await test.log("job")).filter((event) => event.event === "start");
    expect(starts).toHaveLength(1);
  });

  it("a cancellation does not reach the worker until it is told directly", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "20" } });
    await test.startTraining("job", "endless");
    await begun(test, "job");
    await test.sandbox.api.restart();
    const answer = await test.call("DELETE", "/api/v1/operations/job", { reason: "stop" });
    expect(answer.body["data"]).toMatchObject({ success: true, remote_cancelled: false });
    expect(await test.operation("job")).toMatchObject({ status: "cancelled", error_message: "stop" });
    const worker = test.worker("train");
    expect((await test.operation("job", worker)).status).toBe("running");

    const direct = await test.call("DELETE", "/api/v1/operations/job/cancel?reason=really", undefined, worker);
    expect(direct.body["data"]).toMatchObject({ success: true });
    await ended(test, "job");
    const health = await test.call("GET", "/health", undefined, worker);
    expect(health.body).toMatchObject({ worker_status: "idle", current_operation: null });
    const again = await test.call("DELETE", "/api/v1/operations/job/cancel", undefined, worker);
    expect([again.status, (again.body["data"] as unknown as { success: boolean }).success]).toEqual([200, false]);
  });
});

describe("workers", () => {
  it("pile up concurrent starts, and the ones that /health does not name are declared failed", async () => {
    const test = await start({ timeScale: 0.1, env: { SANDBOX_EPOCH_DELAY_MS: "200" } });
    // A worker is marked busy after the dispatch. With a slow worker all three starts choose it before the mark.
    await test.fault({ fault: "slow", on: "worker", path: "/training/start", delayMs: 1_500 });
    const ids = ["one", "two", "three"];
    const answers = await Promise.all(ids.map((id) => test.startTraining(id, "steady")));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const poll = async (): Promise<string[]> => {
      const operations = await Promise.all(ids.map((id) => test.operation(id)));
      return operations.map((operation) => operation.status);
    };
    await test.until(poll, (all) => all.filter((one) => one === "failed").length === 2);
    await Promise.all(ids.map((id) => ended(test, id)));
    await test.sandbox.api.restart();
    const after = await Promise.all(ids.map((id) => test.operation(id)));
    expect(after.map((operation) => operation.status)).toEqual(["completed", "completed", "completed"]);
    expect(after.filter((operation) => operation.error_message === ORPHAN_MESSAGE)).toHaveLength(2);
  });

  it("keep a phantom when an id is started again while it runs elsewhere", async () => {
    const test = await start({ trainingWorkers: 2, env: { SANDBOX_EPOCH_DELAY_MS: "20" } });
    await test.startTraining("twice", "steady");
    await begun(test, "twice");
    expect((await test.startTraining("twice", "steady")).status).toBe(200);
    // From now on the API asks the second worker, which knows only the row.
    await test.until(
      () => test.operation("twice"),
      (operation) => operation.progress.current_step === null,
    );
    await ended(test, "twice");
    const view = await test.operation("twice");
    expect(view).toMatchObject({ status: "running", progress: { percentage: 0 } });
    expect((await test.log("twice")).filter((event) => event.event === "start")).toHaveLength(1);
    const busy = await test.until(
      () => workers(test),
      (list) => list.filter((one) => one.status === "busy").length === 1,
    );
    expect(busy.find((one) => one.status === "busy")?.current_operation_id).toBe("twice");
    await test.sandbox.api.restart();
    expect((await test.operation("twice")).status).toBe("completed");
  });

  it("that are killed leave the registry late; the operation fails without result and a refused resume cancels it", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "10" } });
    await test.startTraining("victim", "endless");
    await test.until(
      () => test.get("/checkpoints/victim"),
      (answer) => answer.status === 200,
    );
    const last = await begun(test, "victim");
    await test.sandbox.workers[0]?.kill();
    await test.until(
      () => workers(test),
      ([worker]) => worker?.status === "temporarily_unavailable",
    );
    const frozen = await test.operation("victim");
    expect(frozen.status).toBe("running");
    expect(frozen.progress.percentage).toBeGreaterThanOrEqual(last.progress.percentage);
    await test.until(
      () => workers(test),
      (list) => list.length === 0,
    );
    const failed = await test.until(
      () => test.operation("victim"),
      (operation) => operation.status !== "running",
    );
    expect(failed).toMatchObject({ status: "failed", error_message: ORPHAN_MESSAGE, result_summary: null });
    expect((await test.call("POST", "/api/v1/operations/victim/resume")).status).toBe(503);
    expect(await test.operation("victim")).toMatchObject({ status: "cancelled", error_message: null });
  });
});

describe("a worker that somebody polls", () => {
  it("stays out of the registry after a restart of the API for as long as its /health is asked", async () => {
    const test = await start({ trainingWorkers: 2 });
    await test.until(
      () => workers(test),
      (list) => list.length === 2,
    );
    const stop = new AbortController();
    const health = (): Promise<unknown> => fetch(`${test.worker("train")}/health`, { signal: stop.signal });
    const polling = (async () => {
      while (!stop.signal.aborted)
        await health().then(
          () => wait(30, undefined, { signal: stop.signal }),
          () => undefined,
        );
    })().catch(() => undefined);
    await test.sandbox.api.restart();
    // The second worker registers by itself. Only the API goes on asking it.
    const listed = await test.until(
      () => workers(test),
      (list) => list.length > 0,
    );
    expect(listed.map((one) => one.worker_id)).toEqual(["train-2"]);
    stop.abort();
    await polling;
    await test.until(
      () => workers(test),
      (list) => list.length === 2,
    );
  });
});

describe("checkpoints", () => {
  it("are listed, cleaned up by age together with orphans, and deleted one by one", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "20" } });
    await test.startTraining("paused", "steady");
    await begun(test, "paused");
    await test.call("DELETE", "/api/v1/operations/paused");
    const list = async (query = ""): Promise<unknown> => (await test.get(`/checkpoints${query}`)).body["total_count"];
    await test.until(list, (count) => count === 1);
    expect(await list("?older_than_days=1")).toBe(0);
    mkdirSync(join(test.sandbox.stateDir, "checkpoints", "nobody"));
    expect((await test.call("POST", "/api/v1/checkpoints/cleanup?max_age_days=0")).status).toBe(422);
    expect((await test.call("POST", "/api/v1/checkpoints/cleanup")).body).toEqual({
      success: true,
      checkpoints_deleted: 0,
      orphan_artifacts_cleaned: 1,
    });
    expect((await test.call("DELETE", "/api/v1/checkpoints/paused")).status).toBe(200);
    expect(await list()).toBe(0);
    expect((await test.call("DELETE", "/api/v1/checkpoints/paused")).status).toBe(404);
  });
});

describe("a resume", () => {
  it("runs at the worker while the API says resuming until it is restarted", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "20" } });
    await test.startTraining("paused", "steady");
    await begun(test, "paused");
    await test.call("DELETE", "/api/v1/operations/paused");
    await test.untilAvailable("training");
    const answer = await test.call("POST", "/api/v1/operations/paused/resume");
    expect(answer.body["data"]).toMatchObject({
      status: "resuming",
      resumed_from: { checkpoint_type: "cancellation" },
    });
    expect((await test.call("POST", "/api/v1/operations/paused/resume")).status).toBe(409);
    const cancelled = await test.untilStatus("paused", "completed", test.worker("train"));
    const result = cancelled.result_summary as { training_metrics: { epochs_trained: number } };
    expect(result.training_metrics.epochs_trained).toBeLessThan(40);
    expect(await test.operation("paused")).toMatchObject({ status: "resuming", result_summary: null });
    expect((await test.get("/operations?active_only=true")).body["active_count"]).toBe(0);
    await test.sandbox.api.restart();
    expect((await test.operation("paused")).status).toBe("completed");
  });

  it("that is cancelled itself leaves a checkpoint of another name, with the epochs since then, and can be resumed again", async () => {
    const test = await start({ env: { SANDBOX_EPOCH_DELAY_MS: "20" } });
    await test.startTraining("paused", "steady");
    const tell = async () => {
      const { body } = await test.get("/checkpoints/paused");
      const { checkpoint_type: type, state } = body["data"] as unknown as {
        checkpoint_type: string;
        state: { epoch: number; best_val_loss: number; training_history: { val_loss: number[] } };
      };
      return { type, epoch: state.epoch, best: state.best_val_loss, losses: state.training_history.val_loss };
    };
    await begun(test, "paused");
    await test.call("DELETE", "/api/v1/operations/paused");
    await test.untilAvailable("training");
    const first = await tell();
    expect(first).toMatchObject({ type: "cancellation", losses: { length: first.epoch + 1 } });
    await test.call("POST", "/api/v1/operations/paused/resume");
    const worker = test.worker("train");
    await test.until(
      () => test.operation("paused", worker),
      ({ status, progress }) => status === "running" && progress.steps_completed >= 2,
    );
    // The API only changes its own status, so the worker itself has to be told.
    const { body } = await test.call("DELETE", "/api/v1/operations/paused");
    expect(body["data"]).toMatchObject({ remote_cancelled: false });
    await test.call("DELETE", "/api/v1/operations/paused/cancel", undefined, worker);
    await test.untilStatus("paused", "cancelled", worker);
    const second = await tell();
    expect(second).toMatchObject({ type: "failure", losses: { length: second.epoch - first.epoch } });
    expect(second.best).toBe(Math.min(...second.losses));
    await test.untilAvailable("training");
    expect((await test.call("POST", "/api/v1/operations/paused/resume")).status).toBe(200);
    await test.untilStatus("paused", "completed", worker);
  });
});

describe("a backtest", () => {
  const model = { strategy_name: "hourly", symbol: "SYNHOURLY", timeframe: "1h", model_path: "models/hourly/1h_v1" };

  async function withModel(): Promise<TestSandbox> {
    const test = await start({ backtestWorkers: 1, env: { SANDBOX_SEED: "5" } });
    const text = strategyYaml("hourly", { symbol: "SYNHOURLY", timeframe: "1h", epochs: 2 });
    writeStrategies(test.sandbox.stateDir, { hourly: text });
    await test.startTraining("model", "hourly", { start_date: "2000-01-01", end_date: "2030-01-01" });
    const trained = await test.untilStatus("model", "completed");
    const { start_date: from, end_date: to } = (await test.call("POST", "/api/v1/data/range", model)).body[
      "data"
    ] as unknown as {
      start_date: string;
      end_date: string;
    };
    Object.assign(model, { start_date: from.slice(0, 10), end_date: to.slice(0, 10) });
    expect(trained.result_summary?.["model_path"]).toBe(model.model_path);
    return test;
  }

  async function startBacktest(test: TestSandbox): Promise<string> {
    await test.untilAvailable("backtesting");
    const answer = await test.call("POST", "/api/v1/backtests/start", model);
    return String(answer.body["operation_id"]);
  }

  it("gets two ids for two posts, and the same figures from the same model", async () => {
    const test = await withModel();
    const ids = [await startBacktest(test)];
    await test.untilStatus(ids[0] ?? "", "completed");
    ids.push(await startBacktest(test));
    await test.untilStatus(ids[1] ?? "", "completed");
    const metrics = await Promise.all(ids.map(async (id) => (await test.operation(id)).result_summary?.["metrics"]));
    expect(ids[0]).not.toBe(ids[1]);
    expect(Object.keys(metrics[0] as object)).toHaveLength(22);
    expect(metrics[0]).toEqual(metrics[1]);
  });

  it("moves only its percentage, stops when cancelled, and resumes from its checkpoint at the worker", async () => {
    const test = await withModel();
    await test.fault({ fault: "slow_computing", kind: "backtesting", barDelayMs: 0.5 });
    const id = await startBacktest(test);
    const moving = await test.until(
      () => test.operation(id),
      (operation) => operation.progress.percentage > 5,
    );
    expect(moving.progress).toMatchObject({
      current_step: expect.stringMatching(/^Backtesting SYNHOURLY 1h \[/) as unknown,
      steps_total: 0,
    });
    expect(moving.metrics).toEqual({});
    const answer = await test.call("DELETE", `/api/v1/operations/${id}`);
    expect(answer.body["data"]).toMatchObject({ remote_cancelled: true });
    await ended(test, id);
    const checkpoint = (await test.get(`/checkpoints/${id}`)).body["data"] as unknown as {
      state: { bar_index: number };
    };
    expect(checkpoint.state.bar_index).toBeGreaterThan(0);
    await test.clearFaults();
    await test.untilAvailable("backtesting");
    await test.call("POST", `/api/v1/operations/${id}/resume`);
    const resumed = await test.untilStatus(id, "completed", test.worker("bt"));
    expect(resumed.result_summary?.["equity_curve_length"]).toBeGreaterThan(0);
    expect((await test.operation(id)).status).toBe("resuming");
  });
});

describe("what no client should call", () => {
  it("retry makes a zombie and PATCH overwrites anything; both are in the log", async () => {
    const test = await start();
    await test.startTraining("broken", "quick", { symbols: ["NOPE"] });
    await test.untilStatus("broken", "failed");
    const zombie = (await test.call("POST", "/api/v1/operations/broken/retry")).body["data"] as unknown as Operation;
    expect(zombie).toMatchObject({ status: "pending", operation_type: "training" });
    await test.call("DELETE", `/api/v1/operations/${zombie.operation_id}`);
    expect((await test.get(`/operations/${zombie.operation_id}`)).status).toBe(404);
    await test.call("PATCH", "/api/v1/operations/broken/status", { status: "RUNNING" });
    expect((await test.operation("broken")).status).toBe("running");
    expect((await test.log("broken")).map((event) => event.detail)).toEqual(
      expect.arrayContaining(["retry", "patch status RUNNING"]),
    );
  });
});

describe("downloads", () => {
  it("continue a made-up series with the same bars whoever asks", async () => {
    const folders: string[] = [];
    for (const attempt of [1, 2]) {
      const test = await start({ trainingWorkers: 0 });
      const body = { symbol: "SYNNOISE", timeframe: "1d", mode: "tail" };
      const before = (await test.call("POST", "/api/v1/data/range", { symbol: "SYNNOISE", timeframe: "1d" })).body[
        "data"
      ];
      const { body: answer } = await test.call("POST", "/api/v1/data/acquire/download", body);
      const done = await test.untilStatus(String(answer["operation_id"]), "completed");
      expect(done.result_summary).toMatchObject({ cache_hit: false });
      const after = (await test.call("POST", "/api/v1/data/range", { symbol: "SYNNOISE", timeframe: "1d" })).body[
        "data"
      ];
      const rows = (range: unknown): number => (range as { point_count: number }).point_count;
      expect(rows(after) - rows(before)).toBe(done.result_summary?.["rows_downloaded"]);
      expect((await test.get("/operations?operation_type=data_load")).body["total_count"], `attempt ${attempt}`).toBe(
        1,
      );
      folders.push(readFileSync(join(test.sandbox.stateDir, "data", "SYNNOISE_1d.csv"), "utf8"));
    }
    expect(folders[0]).toBe(folders[1]);
  });
});

describe("the processes", () => {
  const areGone = (pids: readonly number[]): boolean =>
    pids.every((pid) => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });

  it("end when stopped", async () => {
    const test = await TestSandbox.start();
    const pids = [test.sandbox.api.pid, ...test.sandbox.workers.map((worker) => worker.pid)];
    await test.stop();
    expect(areGone(pids)).toBe(true);
  });

  it("end when whoever started them is killed", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "sandbox-parent-"));
    onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
    const launcher = new URL("../../sandbox/launch.ts", import.meta.url).href;
    const script = `
      const { startSandbox } = await import(${JSON.stringify(launcher)});
      const sandbox = await startSandbox({ stateDir: ${JSON.stringify(stateDir)}, timeScale: 0.01 });
      console.log(JSON.stringify([sandbox.api, ...sandbox.workers].map((part) => part.pid)));
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    const pids = JSON.parse(line) as number[];
    expect(pids).toHaveLength(3);
    expect(areGone(pids)).toBe(false);
    parent.kill("SIGKILL");
    while (!areGone(pids)) await wait(20);
  });
});
