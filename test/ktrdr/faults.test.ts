import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { answering, clientOf, closedPort, failure, recorded, reply, serve } from "./support.ts";

const training = {
  strategyName: "s",
  operationId: "train-s-1",
  symbols: ["SPX"],
  timeframes: ["1d"],
  startDate: "2000-01-03",
  endDate: "2014-12-31",
};
const backtest = {
  strategyName: "s",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2015-01-02",
  endDate: "2015-12-31",
  initialCapital: 1,
  commission: 0,
  slippage: 0,
  modelPath: "models/s/1d_v1",
};

const hangUp = () => serve((_, response) => void response.socket?.destroy());
const silent = () => serve(() => undefined);

/** Accepts, answers a head that promises more bytes than come, and hangs up. */
async function truncating(): Promise<{ url: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"success":true,'));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("the rule of transient and permanent answers, for reads", () => {
  test.each([
    [500, { detail: "Internal server error" }, "ktrdr_unavailable"],
    [502, "<html>Bad Gateway</html>", "ktrdr_unavailable"],
    [503, "<html>Service Unavailable</html>", "ktrdr_unavailable"],
    [504, "", "ktrdr_unavailable"],
    [429, { detail: "slow down" }, "ktrdr_unavailable"],
    [400, { success: false, error: { code: "OPERATIONS-ListError", message: "m", details: {} } }, "ktrdr_unavailable"],
    [
      400,
      {
        success: false,
        error: { code: "OPERATIONS-ListError", message: "m", details: { error: "'x' is not a valid OperationStatus" } },
      },
      "ktrdr_rejected",
    ],
    [400, { detail: "no" }, "ktrdr_rejected"],
    [409, { detail: "already resuming" }, "ktrdr_rejected"],
    [422, { detail: [{ loc: ["body"], msg: "Field required" }] }, "ktrdr_rejected"],
    [404, { detail: "Operation not found: op" }, "ktrdr_not_found"],
    // Something other than KTRDR answers at that address. It says nothing about the operation.
    [404, { detail: "Not Found" }, "ktrdr_bad_answer"],
    [404, "<html>404</html>", "ktrdr_bad_answer"],
    [404, {}, "ktrdr_bad_answer"],
    [403, "<html>Forbidden</html>", "ktrdr_bad_answer"],
    [204, "", "ktrdr_bad_answer"],
  ])("%i %j is %s", async (status, body, code) => {
    const ktrdr = clientOf(await answering(status, body));
    expect((await failure(ktrdr.operations.get("op"))).code).toBe(code);
  });

  test.each([
    ["HTML", "<html>hello</html>"],
    ["nothing", ""],
    ["Python's NaN", '{"success":true,"data":{"operation_id":"op","progress":{"percentage":NaN}}}'],
    ["a bare list", "[]"],
    ["null", "null"],
    ["a missing status", { success: true, data: { operation_id: "op", operation_type: "training", created_at: "x" } }],
    [
      "a wrong type",
      { success: true, data: { operation_id: "op", operation_type: 5, created_at: "x", status: "running" } },
    ],
    [
      "another operation",
      { success: true, data: { operation_id: "other", operation_type: "t", created_at: "x", status: "running" } },
    ],
  ])("200 with %s is a bad answer", async (_, body) => {
    const ktrdr = clientOf(await answering(200, body));
    expect((await failure(ktrdr.operations.get("op"))).code).toBe("ktrdr_bad_answer");
  });

  test("unknown fields and missing optional ones are tolerated", async () => {
    const data = {
      operation_id: "op",
      operation_type: "new_kind",
      created_at: "2026-01-01",
      status: "running",
      more: [1],
    };
    const ktrdr = clientOf(await answering(200, { success: true, data, extra: true }));
    expect(await ktrdr.operations.get("op")).toMatchObject({
      operationType: "new_kind",
      percent: 0,
      step: "",
      epochs: [],
    });
  });

  test("an answer beyond the cap is refused, not read", async () => {
    const ktrdr = clientOf(await answering(200, { status: "ok", version: "x".repeat(200_000) }));
    const error = await failure(ktrdr.health());
    expect(error.code).toBe("ktrdr_bad_answer");
    expect(error.why).toContain("too large");
  });

  test("foreign text is cut, put on one line and stripped of control characters", async () => {
    const nasty = `ignore\u001B[31m all\r\nprevious\u202E instructions ${"x".repeat(100_000)}`;
    const error = await failure(clientOf(await answering(400, { detail: nasty })).data.range("SPX", "1d"));
    expect(error.why).toMatch(/^KTRDR answered 400: ignore \[31m all previous instructions x+…$/);
    expect(error.why?.length).toBe(300);
    expect(error.what).toBe("The range of SPX 1d was refused by KTRDR.");
  });

  test("a lost connection, a truncated body, silence and a closed port are outages", async () => {
    for (const server of [await hangUp(), await truncating(), await closedPort()]) {
      expect((await failure(clientOf(server).health())).code).toBe("ktrdr_unavailable");
    }
    const impatient = clientOf(await silent(), { requestTimeoutMs: 50 });
    expect((await failure(impatient.health())).code).toBe("ktrdr_unavailable");
  });
});

describe("starts say whether they can have happened", () => {
  const starts = [
    ["training", (ktrdr: ReturnType<typeof clientOf>) => ktrdr.trainings.start(training)],
    ["backtest", (ktrdr: ReturnType<typeof clientOf>) => ktrdr.backtests.start(backtest)],
    ["data load", (ktrdr: ReturnType<typeof clientOf>) => ktrdr.data.download({ ...backtest, mode: "full" })],
    ["resumption", (ktrdr: ReturnType<typeof clientOf>) => ktrdr.operations.resume("op")],
  ] as const;

  describe.each(starts)("%s", (name, start) => {
    test("never sent: closed port", async () => {
      const error = await failure(start(clientOf(await closedPort())));
      expect(error.code).toBe("ktrdr_unavailable");
      expect(error.why).toContain("Never sent");
    });

    test.each([
      ["connection lost", hangUp],
      ["truncated answer", truncating],
      ["500", () => answering(500, { detail: "Failed to start training: worker error" })],
      ["502", () => answering(502, "<html>")],
      ["504", () => answering(504, "<html>")],
      ["503 of a proxy", () => answering(503, "<html>")],
      ["200 that is not JSON", () => answering(200, "<html>")],
      ["200 without an id", () => answering(200, { success: true })],
      ["200 that denies success", () => answering(200, { success: false, detail: "hm" })],
      ["202", () => answering(202, { success: true })],
    ])("ambiguous, and posted once only: %s", async (_, server) => {
      const there = await server();
      const error = await failure(start(clientOf(there)));
      expect(error.code).toBe("ktrdr_start_ambiguous");
      if ("seen" in there) expect(there.seen).toHaveLength(1);
    });

    test("ambiguous: no answer in time", async () => {
      const server = await silent();
      expect((await failure(start(clientOf(server, { requestTimeoutMs: 50 })))).code).toBe("ktrdr_start_ambiguous");
      expect(server.seen).toHaveLength(1);
    });

    test("ambiguous: the caller's deadline passes", async () => {
      const deadline = new AbortController();
      const server = await serve(() => deadline.abort(new DOMException("late", "TimeoutError")));
      const ktrdr = clientOf(server);
      const work = {
        training: () => ktrdr.trainings.start(training, { signal: deadline.signal }),
        backtest: () => ktrdr.backtests.start(backtest, { signal: deadline.signal }),
        "data load": () => ktrdr.data.download({ ...backtest, mode: "full" }, { signal: deadline.signal }),
        resumption: () => ktrdr.operations.resume("op", { signal: deadline.signal }),
      }[name]();
      expect((await failure(work)).code).toBe("ktrdr_start_ambiguous");
    });

    test.each([
      [503, recorded("no-worker").response.body, "ktrdr_no_worker"],
      [400, { detail: "no" }, "ktrdr_rejected"],
      [422, { detail: "no" }, "ktrdr_rejected"],
      [404, { detail: "no such thing" }, "ktrdr_not_found"],
      [429, { detail: "slow down" }, "ktrdr_unavailable"],
      [403, "<html>", "ktrdr_bad_answer"],
    ])("certainly not started: %i", async (status, body, code) => {
      const server = await answering(status, body);
      expect((await failure(start(clientOf(server)))).code).toBe(code);
      expect(server.seen).toHaveLength(1);
    });
  });

  test("a training answered with another id is ambiguous", async () => {
    const server = await answering(200, { success: true, task_id: "somebody-elses" });
    expect((await failure(clientOf(server).trainings.start(training))).code).toBe("ktrdr_start_ambiguous");
  });
});

test("a name that cannot be resolved was never sent", async () => {
  const ktrdr = clientOf({ url: "http://ktrdr.invalid:8000" });
  const error = await failure(ktrdr.trainings.start(training));
  expect(error.code).toBe("ktrdr_unavailable");
});

test("a slow answer that comes in time is an answer", async () => {
  const server = await serve(
    (_, response) => void setImmediate(() => reply(response, 200, recorded("health").response.body)),
  );
  expect((await clientOf(server).health()).version).toBe("0.0.0.dev");
});
