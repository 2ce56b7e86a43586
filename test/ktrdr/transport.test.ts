import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { DomainError } from "../../src/domain/errors.ts";
import type { RequestInfo } from "../../src/ktrdr/transport.ts";
import { answering, clientOf, failure, recorded, reply, serve } from "./support.ts";

const healthy = recorded("health").response.body;
const operation = {
  success: true,
  data: { operation_id: "a", operation_type: "t", created_at: "x", status: "running" },
};

test("at most 20 requests run at once over every origin, on at most 20 connections", async () => {
  const held: ServerResponse[] = [];
  let most = 0;
  let started = 0;
  let allIn = (): void => undefined;
  const full = new Promise<void>((resolve) => (allIn = resolve));
  const handler = (_: unknown, response: ServerResponse): void => {
    held.push(response);
    started += 1;
    most = Math.max(most, held.length);
    if (started === 20) allIn();
    if (started > 20) release();
  };
  const release = (): void => {
    for (const response of held.splice(0)) reply(response, 200, operation);
  };
  const api = await serve(handler);
  const worker = await serve(handler);
  const ktrdr = clientOf(api);
  const calls = Array.from({ length: 60 }, (_, index) =>
    index % 3 === 0 ? ktrdr.workers.at(worker.url).operation("a") : ktrdr.operations.get("a"),
  );
  await full;
  expect(held).toHaveLength(20);
  release();
  expect(await Promise.all(calls)).toHaveLength(60);
  expect(most).toBe(20);
  expect(Math.max(api.sockets.peak, worker.sockets.peak)).toBeLessThanOrEqual(20);
});

test("safe reads are tried again after a lost connection; the count of attempts is reported", async () => {
  const infos: RequestInfo[] = [];
  let calls = 0;
  const server = await serve((_, response) => {
    calls += 1;
    if (calls < 3) response.socket?.destroy();
    else reply(response, 200, healthy);
  });
  await clientOf(server, { onRequest: (info) => infos.push(info) }).health();
  expect(server.seen).toHaveLength(3);
  expect(infos).toMatchObject([{ surface: "api", method: "GET", path: "/api/v1/health", status: 200, attempts: 3 }]);
  expect(infos[0]?.bytes).toBeGreaterThan(0);
});

test("nothing but GET is tried again", async () => {
  const server = await serve((_, response) => void response.socket?.destroy());
  const ktrdr = clientOf(server);
  await failure(ktrdr.operations.cancel("a", "why"));
  await failure(ktrdr.data.range("SPX", "1d"));
  await failure(ktrdr.workers.at(server.url).cancel("a", "why"));
  expect(server.seen.map(({ method }) => method)).toEqual(["DELETE", "POST", "DELETE"]);
});

test.each([1, 2])(
  "a start that may not be sent any more is not: look %i, of one before and one after connecting",
  async (look) => {
    const server = await serve((_, response) => void response.end());
    const late = new DomainError("ktrdr_unavailable", { what: "Too late." });
    let looks = 0;
    const beforeSend = () => {
      looks += 1;
      if (looks === look) throw late;
    };
    const request = { strategyName: "s", operationId: "op", symbols: [], timeframes: [], startDate: "", endDate: "" };
    expect(await failure(clientOf(server).trainings.start(request, { beforeSend }))).toBe(late);
    expect(looks).toBe(look);
    expect(server.seen).toEqual([]);
  },
);

test("an abort ends the request with the caller's own reason", async () => {
  const stop = new AbortController();
  const reason = new Error("job cancelled");
  const server = await serve(() => stop.abort(reason));
  await expect(clientOf(server).health(stop.signal)).rejects.toBe(reason);
});

test("an abort before the request sends nothing", async () => {
  const server = await answering(200, healthy);
  await expect(clientOf(server).health(AbortSignal.abort(new Error("no")))).rejects.toThrow("no");
  expect(server.seen).toEqual([]);
});

test("a call that waits for a connection can be given up", async () => {
  const held: ServerResponse[] = [];
  let allIn = (): void => undefined;
  const full = new Promise<void>((resolve) => (allIn = resolve));
  const server = await serve((_, response) => {
    if (held.push(response) === 20) allIn();
  });
  const ktrdr = clientOf(server);
  const busy = Array.from({ length: 20 }, () => ktrdr.health());
  await full;
  const stop = new AbortController();
  const waiting = ktrdr.health(stop.signal);
  stop.abort(new Error("tired"));
  await expect(waiting).rejects.toThrow("tired");
  for (const response of held) reply(response, 200, healthy);
  await Promise.all(busy);
  expect(server.seen).toHaveLength(20);
});

test("a deadline is an outage, not the caller's wish", async () => {
  const stop = new AbortController();
  const server = await serve(() => stop.abort(new DOMException("late", "TimeoutError")));
  expect((await failure(clientOf(server).health(stop.signal))).code).toBe("ktrdr_unavailable");
});

test("redirects are not followed: they are no way around the allow-list", async () => {
  const elsewhere = await answering(200, healthy);
  const [slash, other] = ["/api/v1/health/", `${elsewhere.url}/api/v1/health/`];
  for (const location of [slash, other, "/api/v1/ib/config", "//evil.invalid/api/v1/health/", "::"]) {
    for (const status of [302, 307]) {
      const server = await serve((_asked, response) => response.writeHead(status, { location }).end());
      expect((await failure(clientOf(server).health())).code).toBe("ktrdr_bad_answer");
      expect(server.seen).toHaveLength(1);
    }
  }
  expect(elsewhere.seen).toEqual([]);
});

test("indicator pages are joined in order until the last one", async () => {
  const server = await serve(({ path }, response) => {
    const page = Number(new URL(path, "http://x").searchParams.get("page"));
    reply(response, 200, {
      success: true,
      dates: [`2020-01-0${page} 00:00:00`],
      indicators: { rsi: [page === 1 ? null : page] },
      metadata: { total_pages: 3, has_next: page < 3 },
    });
  });
  const series = await clientOf(server).indicators.calculate({ symbol: "S", timeframe: "1d", indicators: [] });
  expect(series).toEqual({
    times: ["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z"],
    values: { rsi: [null, 2, 3] },
  });
});

test("a KTRDR that knows no indicator yet is made to list them, once; what it knows not then is refused", async () => {
  const [asked, known]: [string[], Set<string>] = [[], new Set()];
  const server = await serve(({ method, path, body }, response) => {
    asked.push(`${method} ${new URL(path, "http://x").pathname}`);
    if (method === "GET") {
      known.add("rsi");
      return reply(response, 200, { success: true, data: [] });
    }
    const { id } = (body as { indicators: { id: string }[] }).indicators[0] ?? { id: "" };
    const error = { code: "CONFIG-UnknownIndicator", message: `Unknown indicator: ${id}`, details: {} };
    if (!known.has(id)) return reply(response, 400, { detail: { success: false, error } });
    reply(response, 200, { success: true, dates: ["2020-01-01 00:00:00"], indicators: { rsi: [50] }, metadata: {} });
  });
  const { indicators } = clientOf(server);
  const of = (id: string) =>
    indicators.calculate({ symbol: "S", timeframe: "1d", indicators: [{ id, parameters: {} }] });
  expect((await of("rsi")).values).toEqual({ rsi: [50] });
  const [calculated, listed] = ["POST /api/v1/indicators/calculate", "GET /api/v1/indicators/"];
  expect(asked.splice(0)).toEqual([calculated, listed, calculated]);
  await of("rsi");
  expect(asked.splice(0)).toEqual([calculated]);
  expect((await failure(of("nosuch"))).code).toBe("ktrdr_rejected");
  expect(asked).toEqual([calculated, listed, calculated]);
});

test("columns that do not fit the dates are a bad answer", async () => {
  const body = { success: true, dates: ["2020-01-01"], indicators: { rsi: [1, 2] }, metadata: { has_next: false } };
  const ktrdr = clientOf(await answering(200, body));
  const work = ktrdr.indicators.calculate({ symbol: "S", timeframe: "1d", indicators: [] });
  expect((await failure(work)).code).toBe("ktrdr_bad_answer");
});

test("a worker address that is no http address is refused", async () => {
  const ktrdr = clientOf({ url: "http://127.0.0.1:1" });
  for (const address of ["file:///etc/passwd", "nonsense", ""]) {
    expect((await failure(ktrdr.workers.at(address).health())).code).toBe("ktrdr_bad_answer");
  }
});

test("requests that were sent nowhere else: listing filters and bar windows", async () => {
  const server = await answering(200, { success: true, data: [] });
  const ktrdr = clientOf(server);
  await ktrdr.operations.list({ type: "backtesting", limit: 5 });
  await ktrdr.operations.list({});
  await failure(ktrdr.data.bars("BRK.B", "1d", { startDate: "2020-01-01", limit: 3 }));
  expect(server.seen.map(({ path }) => path)).toEqual([
    "/api/v1/operations?operation_type=backtesting&limit=5",
    "/api/v1/operations?limit=100",
    "/api/v1/data/BRK.B/1d?start_date=2020-01-01&limit=3",
  ]);
});
