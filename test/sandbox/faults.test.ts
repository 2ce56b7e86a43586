import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { FAULTS } from "../../sandbox/faults.ts";
import { ORPHAN_MESSAGE } from "../../sandbox/state/operation.ts";
import type { Operation } from "../../sandbox/state/operation.ts";
import { TestSandbox } from "./support/client.ts";
import { strategyYaml, writeStrategies } from "./support/strategies.ts";

let test: TestSandbox;
let count = 0;

beforeAll(async () => {
  test = await TestSandbox.start({ env: { SANDBOX_SEED: "3" } });
  writeStrategies(test.sandbox.stateDir, {
    quick: strategyYaml("quick", { epochs: 3 }),
    endless: strategyYaml("endless", { epochs: 100_000 }),
  });
});

afterAll(() => test.stop());

afterEach(async () => {
  await test.clearFaults();
  await test.untilAvailable("training");
});

/** Starts a training under an id of its own, in the first free worker. */
async function train(strategy = "quick"): Promise<string> {
  count += 1;
  const id = `job-${count}`;
  await test.untilAvailable("training");
  const answer = await test.startTraining(id, strategy);
  expect(answer.status).toBe(200);
  return id;
}

async function ended(id: string): Promise<string> {
  const events = await test.until(
    () => test.log(id),
    (all) => all.some((event) => event.event === "end"),
  );
  return events.find((event) => event.event === "end")?.detail ?? "";
}

async function running(id: string): Promise<Operation> {
  return test.until(
    () => test.operation(id),
    (operation) => operation.progress.steps_completed > 0,
  );
}

async function stop(id: string): Promise<void> {
  await test.call("DELETE", `/api/v1/operations/${id}/cancel`, undefined, test.worker("train"));
  await ended(id);
}

/** A raw request. `cut`: no answer began; `complete`: the whole answer came. */
async function callRaw(path: string): Promise<{ cut: boolean; body: string; complete: boolean }> {
  const call = request(`${test.url}${path}`, { agent: false });
  call.end();
  let response: IncomingMessage;
  try {
    [response] = (await once(call, "response")) as [IncomingMessage];
  } catch {
    return { cut: true, body: "", complete: false };
  }
  let body = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  // A cut in the middle of the body emits an error before the close.
  await once(response, "close").catch(() => undefined);
  return { cut: false, body, complete: response.complete };
}

describe("what the API says about an operation", () => {
  it("completed_turned_failed: failed with the orphan text, full progress and the result", async () => {
    const id = await train();
    await test.untilStatus(id, "completed");
    await test.fault({ fault: "completed_turned_failed", operationId: id });
    expect(await test.operation(id)).toMatchObject({
      status: "failed",
      error_message: ORPHAN_MESSAGE,
      metrics: null,
      progress: { percentage: 100 },
      result_summary: { model_path: expect.stringContaining("models/quick/1d_v") as unknown },
    });
    expect((await test.get(`/operations/${id}/results`)).body["status"]).toBe("failed");
  });

  it("completed_turned_cancelled: the result stays, /results is 400", async () => {
    const id = await train();
    await test.untilStatus(id, "completed");
    await test.fault({ fault: "completed_turned_cancelled", operationId: id });
    const operation = await test.operation(id);
    expect([operation.status, operation.result_summary === null]).toEqual(["cancelled", false]);
    expect((await test.get(`/operations/${id}/results`)).status).toBe(400);
  });

  it("frozen_progress: 0 % without metrics while the worker gets on", async () => {
    const id = await train("endless");
    await running(id);
    await test.fault({ fault: "frozen_progress", operationId: id });
    expect(await test.operation(id)).toMatchObject({ status: "running", metrics: null, progress: { percentage: 0 } });
    expect((await test.operation(id, test.worker("train"))).progress.steps_completed).toBeGreaterThan(0);
    await stop(id);
  });

  it("stuck_resuming: resuming for ever, without result, not active", async () => {
    const id = await train();
    await test.untilStatus(id, "completed");
    await test.fault({ fault: "stuck_resuming", operationId: id });
    expect(await test.operation(id)).toMatchObject({ status: "resuming", result_summary: null });
    await test.clearFaults();
    expect((await test.operation(id)).status).toBe("resuming");
    expect((await test.operation(id, test.worker("train"))).status).toBe("completed");
  });

  it("cancel_not_forwarded: cancelled here, computing there", async () => {
    const id = await train("endless");
    await running(id);
    await test.fault({ fault: "cancel_not_forwarded" });
    const answer = await test.call("DELETE", `/api/v1/operations/${id}`);
    expect(answer.body["data"]).toMatchObject({ success: true, remote_cancelled: false });
    expect((await test.operation(id)).status).toBe("cancelled");
    expect((await test.operation(id, test.worker("train"))).status).toBe("running");
    await stop(id);
  });
});

describe("starts", () => {
  it("lost_operation: 200, then 404, and nothing is computed", async () => {
    await test.fault({ fault: "lost_operation", times: 1 });
    const id = await train();
    expect((await test.get(`/operations/${id}`)).status).toBe(404);
    expect((await test.log(id)).some((event) => event.event === "start")).toBe(false);
    await test.untilAvailable("training");
    expect((await test.startTraining(id)).status).toBe(200);
    await test.untilStatus(id, "completed");
  });

  it("start_answer_lost: the connection is cut, the training runs once", async () => {
    await test.untilAvailable("training");
    await test.fault({ fault: "start_answer_lost", kind: "training", times: 1 });
    await expect(test.startTraining("lost-answer")).rejects.toThrow("fetch failed");
    await test.untilStatus("lost-answer", "completed");
    expect((await test.log("lost-answer")).filter((event) => event.event === "start")).toHaveLength(1);
  });

  it("start_hangs: no answer, but the training runs", async () => {
    await test.untilAvailable("training");
    await test.fault({ fault: "start_hangs", operationId: "hung", times: 1 });
    const giveUp = new AbortController();
    const pending = fetch(`${test.url}/api/v1/trainings/start`, {
      method: "POST",
      signal: giveUp.signal,
      body: JSON.stringify({
        strategy_name: "quick",
        task_id: "hung",
        end_date: "2014-12-31",
        start_date: "2000-01-03",
      }),
    });
    const outcome = pending.then(
      () => "answered",
      () => "no answer",
    );
    await ended("hung");
    await test.untilStatus("hung", "completed");
    giveUp.abort();
    expect(await outcome).toBe("no answer");
  });
});

describe("connections and answers", () => {
  it.each([
    ["http_500", 500, { detail: "Internal server error" }],
    ["http_503", 503, { detail: expect.any(String) as unknown }],
    ["http_503_no_workers", 503, { detail: { error: "No training workers available", worker_type: "training" } }],
    ["http_400_outage", 400, { success: false, error: { code: "OPERATIONS-GetStatusError" } }],
  ] as const)("%s answers %i", async (fault, status, body) => {
    await test.fault({ fault, path: "/api/v1/operations/" });
    const answer = await test.get("/operations/some");
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject(body);
    expect((await test.get("/health")).status).toBe(200);
  });

  it("http_502 answers HTML", async () => {
    await test.fault({ fault: "http_502", method: "GET", path: "/api/v1/health" });
    const answer = await test.get("/health");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([502, expect.stringContaining("html")]);
  });

  it("times limits the effects, and the list counts them", async () => {
    await test.fault({ fault: "http_500", path: "/api/v1/health", times: 2, id: "twice" });
    const statuses = [];
    for (let call = 0; call < 3; call += 1) statuses.push((await test.get("/health")).status);
    expect(statuses).toEqual([500, 500, 200]);
    const { body } = await test.call("GET", "/sandbox/faults");
    expect(body["faults"]).toEqual([expect.objectContaining({ id: "twice", used: 2 })]);
  });

  it("reset cuts the connection", async () => {
    await test.fault({ fault: "reset", path: "/api/v1/health" });
    expect((await callRaw("/api/v1/health")).cut).toBe(true);
  });

  it("hang never answers", async () => {
    await test.fault({ fault: "hang", path: "/api/v1/health" });
    const signal = AbortSignal.timeout(200);
    await expect(fetch(`${test.url}/api/v1/health`, { signal })).rejects.toThrow("aborted due to timeout");
    expect((await test.get("/timeframes")).status).toBe(200);
  });

  it("slow answers after its delay, others before it", async () => {
    await test.fault({ fault: "slow", path: "/api/v1/health", delayMs: 300 });
    const order: string[] = [];
    await Promise.all([
      test.get("/health").then(() => order.push("slow")),
      test.get("/timeframes").then(() => order.push("other")),
    ]);
    expect(order).toEqual(["other", "slow"]);
  });

  it.each(["html", "nan", "wrong_types", "huge", "truncated", "empty"] as const)(
    "garbage_answer %s",
    async (variant) => {
      await test.fault({ fault: "garbage_answer", path: "/api/v1/health", variant, bytes: 300_000 });
      const { body, complete } = await callRaw("/api/v1/health");
      const expected = {
        html: /^<html>/,
        nan: /NaN/,
        wrong_types: /"success":"yes"/,
        huge: /x{300000}/,
        truncated: /operation_id":"$/,
        empty: /^$/,
      };
      expect(body).toMatch(expected[variant]);
      expect(complete).toBe(variant !== "truncated");
    },
  );

  it("survive an API restart", async () => {
    await test.fault({ fault: "http_503", path: "/api/v1/symbols" });
    await test.sandbox.api.restart();
    expect((await test.get("/symbols")).status).toBe(503);
    await test.sandbox.workersReady();
  });
});

describe("the database", () => {
  it("database_down: known operations still answer, others are 400, and a start is lost", async () => {
    const id = await train();
    await test.untilStatus(id, "completed");
    await test.untilAvailable("training");
    await test.fault({ fault: "database_down" });
    expect((await test.operation(id)).status).toBe("completed");
    const unknown = await test.get("/operations/unknown");
    expect(unknown.status).toBe(400);
    expect(unknown.body).toMatchObject({
      error: {
        code: "OPERATIONS-GetStatusError",
        details: { error: expect.stringContaining("Connect call failed") as unknown },
      },
    });
    expect((await test.get("/checkpoints/stats")).body).toMatchObject({ error: { code: "CHECKPOINTS-StatsError" } });
    expect((await test.get("/health")).status).toBe(200);
    expect((await test.startTraining("in-outage")).status).toBe(200);
    expect((await test.get("/operations/in-outage")).status).toBe(400);
    await test.clearFaults();
    expect((await test.get("/operations/in-outage")).status).toBe(404);
  });

  it("away when a training ends: failed with the connection's error and the result", async () => {
    await test.fault({ fault: "slow_computing", epochDelayMs: 100, kind: "training" });
    const id = await train();
    await running(id);
    await test.fault({ fault: "database_down" });
    const failed = await test.until(
      () => test.operation(id),
      (operation) => operation.status !== "running",
    );
    expect(failed).toMatchObject({ status: "failed", progress: { percentage: 100 } });
    expect(failed.error_message).toContain("Connect call failed");
    expect(failed.result_summary).toHaveProperty("model_path");
  });

  it("away when a data load ends: the API goes on, and says failed until it is restarted", async () => {
    await test.fault({ fault: "slow_computing", stepDelayMs: 50, kind: "data_load" });
    const request = { symbol: "SYNTREND", timeframe: "1d", mode: "tail" };
    const { body } = await test.call("POST", "/api/v1/data/acquire/download", request);
    const id = String(body["operation_id"]);
    await test.fault({ fault: "database_down" });
    const failed = await test.until(
      () => test.operation(id),
      ({ status }) => status !== "running",
    );
    expect(failed.status).toBe("failed");
    expect(failed.error_message).toContain("Connect call failed");
    await test.clearFaults();
    await test.sandbox.api.restart();
    expect((await test.operation(id)).status).toBe("running");
  });
});

describe("computing", () => {
  it("training_error_in_completed: completed, and the metrics say nothing but the error", async () => {
    await test.fault({ fault: "training_error_in_completed" });
    const id = await train();
    const operation = await test.untilStatus(id, "completed");
    expect(operation.result_summary?.["training_metrics"]).toEqual({ error: expect.any(String) as unknown });
  });

  it("computing_fails: failed with its message", async () => {
    await test.fault({ fault: "computing_fails", message: "CUDA out of memory" });
    const id = await train();
    const operation = await test.untilStatus(id, "failed");
    expect([operation.error_message, operation.result_summary]).toEqual(["CUDA out of memory", null]);
    expect(await ended(id)).toContain("CUDA");
  });

  it("computing_stalls: no progress while the worker is healthy, and on it goes when switched off", async () => {
    await test.fault({ fault: "computing_stalls" });
    const id = await train();
    await test.untilStatus(id, "running");
    const health = await test.call("GET", "/health", undefined, test.worker("train"));
    expect(health.body).toMatchObject({ worker_status: "busy", current_operation: id });
    expect((await test.operation(id, test.worker("train"))).progress.percentage).toBe(0);
    await test.clearFaults();
    await test.untilStatus(id, "completed");
  });

  it("a stalled run can be cancelled", async () => {
    await test.fault({ fault: "computing_stalls" });
    const id = await train();
    await test.untilStatus(id, "running");
    expect((await test.call("DELETE", `/api/v1/operations/${id}`)).status).toBe(200);
    expect(await ended(id)).toBe("cancelled");
  });

  it("worker_ignores_cancel: the API says cancelled, the worker computes on and completes", async () => {
    await test.fault({ fault: "slow_computing", epochDelayMs: 100 });
    await test.fault({ fault: "worker_ignores_cancel" });
    const id = await train();
    await running(id);
    const answer = await test.call("DELETE", `/api/v1/operations/${id}`);
    expect(answer.body["data"]).toMatchObject({ remote_cancelled: true });
    expect(await ended(id)).toBe("completed");
    expect((await test.operation(id)).status).toBe("cancelled");
    expect((await test.operation(id, test.worker("train"))).status).toBe("completed");
  });

  it("worker_hangs: its failures are counted until it is unavailable, then it comes back", async () => {
    await test.fault({ fault: "worker_hangs", kind: "training" });
    const status = (wanted: string) => async (): Promise<number> =>
      ((await test.get(`/workers?worker_type=training&status=${wanted}`)).body as unknown as unknown[]).length;
    await test.until(status("temporarily_unavailable"), (found) => found === 1);
    await test.clearFaults();
    await test.until(status("available"), (found) => found === 1);
  });

  it("worker_dies: the process is gone, the operation stays running", async () => {
    await test.fault({ fault: "worker_dies", percent: 20, times: 1 });
    const id = await train();
    const worker = test.sandbox.workers.find((one) => one.name === "train-1");
    await test.until(
      async () => {
        try {
          process.kill(worker?.pid ?? 0, 0);
          return true;
        } catch {
          return false;
        }
      },
      (isAlive) => !isAlive,
    );
    expect((await test.operation(id)).status).toBe("running");
    expect((await test.log(id)).map((event) => event.event)).not.toContain("end");
    await worker?.restart();
    await test.sandbox.workersReady();
  });
});

describe("the control endpoint", () => {
  it("lists every fault with what it does, and refuses unknown ones", async () => {
    const { body } = await test.call("GET", "/sandbox/faults");
    expect(Object.keys(body["known"] as unknown as object)).toEqual(Object.keys(FAULTS));
    const refused = await test.call("POST", "/sandbox/faults", { fault: "gremlins" });
    expect([refused.status, String(refused.body["detail"])]).toEqual([422, expect.stringContaining("gremlins")]);
  });

  it("replaces and removes", async () => {
    const list = [
      { id: "a", fault: "slow" },
      { id: "b", fault: "hang", path: "/nowhere" },
    ];
    await test.call("PUT", "/sandbox/faults", { faults: list });
    await test.call("DELETE", "/sandbox/faults/a");
    const { body } = await test.call("GET", "/sandbox/faults");
    expect((body["faults"] as unknown as { id: string }[]).map((one) => one.id)).toEqual(["b"]);
  });
});
