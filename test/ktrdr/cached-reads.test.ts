import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { createCachedReads } from "../../src/ktrdr/cached-reads.ts";
import { createWorkers } from "../../src/ktrdr/workers.ts";
import { createTransport } from "../../src/ktrdr/transport.ts";
import { clientOf, failure, recorded, reply, serve, type Seen } from "./support.ts";

const HOUR = 3_600_000;
const answers: readonly [RegExp, string][] = [
  [/\/symbols$/, "symbols"],
  [/\/data\/range$/, "range"],
  [/\/data\//, "bars"],
  [/\/indicators\/calculate/, "calculate"],
];

function respond({ path }: Seen, response: ServerResponse): void {
  const [, name = "unknown-route"] = answers.find(([pattern]) => pattern.test(path)) ?? [];
  reply(response, recorded(name).response.status, recorded(name).response.body);
}

async function cached() {
  const clock = { now: 0 };
  const server = await serve(respond);
  return { clock, server, reads: createCachedReads(clientOf(server), { now: () => clock.now }) };
}

test("each question is asked again only after its time", async () => {
  const { clock, server, reads } = await cached();
  const all = () =>
    Promise.all([
      reads.symbols(),
      reads.range("SPX", "1d"),
      reads.bars("SPX", "1d", { limit: 5 }),
      reads.calculate({ symbol: "SPX", timeframe: "1d", indicators: [{ id: "rsi", parameters: { period: 10 } }] }),
    ]);
  const asked = async (at: number): Promise<number> => {
    clock.now = at;
    server.seen.length = 0;
    await all();
    return server.seen.length;
  };
  expect(await asked(1)).toBe(4);
  expect(await asked(HOUR)).toBe(0);
  expect(await asked(HOUR + 2)).toBe(4);
});

test("other windows are other questions", async () => {
  const { server, reads } = await cached();
  await reads.bars("SPX", "1d", {});
  await reads.bars("SPX", "1d", { limit: 1 });
  await reads.bars("SPX", "1d", { startDate: "2020-01-01" });
  expect(server.seen).toHaveLength(3);
});

test("equal questions at the same time are one request; one that gives up leaves the others alone", async () => {
  const held: ServerResponse[] = [];
  let arrived = (): void => undefined;
  const first = new Promise<void>((resolve) => (arrived = resolve));
  const server = await serve((_, response) => {
    held.push(response);
    arrived();
  });
  const reads = createCachedReads(clientOf(server));
  const stop = new AbortController();
  const impatient = reads.symbols(stop.signal);
  const patient = Array.from({ length: 10 }, () => reads.symbols());
  await first;
  stop.abort(new Error("enough"));
  await expect(impatient).rejects.toThrow("enough");
  for (const response of held) reply(response, 200, recorded("symbols").response.body);
  for (const answer of await Promise.all(patient)) expect(answer).toHaveLength(2);
  expect(server.seen).toHaveLength(1);
});

test("when everybody has given up, the request is aborted", async () => {
  let gone = (): void => undefined;
  const closed = new Promise<void>((resolve) => (gone = resolve));
  let arrived = (): void => undefined;
  const first = new Promise<void>((resolve) => (arrived = resolve));
  const server = await serve((_, response) => {
    response.on("close", () => gone());
    arrived();
  });
  const reads = createCachedReads(clientOf(server));
  const stop = new AbortController();
  const waiting = [reads.symbols(stop.signal), reads.symbols(stop.signal)];
  await first;
  stop.abort(new Error("enough"));
  for (const each of waiting) await expect(each).rejects.toThrow("enough");
  await closed;
});

test("failures are not kept", async () => {
  let broken = true;
  const server = await serve((seen, response) => {
    if (broken) reply(response, 500, { detail: "x" });
    else respond(seen, response);
  });
  const reads = createCachedReads(clientOf(server));
  expect((await failure(reads.symbols())).code).toBe("ktrdr_unavailable");
  broken = false;
  expect(await reads.symbols()).toHaveLength(2);
});

test("a data load makes one symbol, or all, be asked again", async () => {
  const { server, reads } = await cached();
  const fill = () => Promise.all([reads.symbols(), reads.bars("spx", "1d", {}), reads.bars("EURUSD", "1h", {})]);
  await fill();
  server.seen.length = 0;
  reads.invalidate("SPX");
  await fill();
  expect(server.seen.map(({ path }) => path).toSorted()).toEqual(["/api/v1/data/spx/1d", "/api/v1/symbols"]);
  server.seen.length = 0;
  reads.invalidate();
  await fill();
  expect(server.seen).toHaveLength(3);
});

test("an answer asked for before an invalidation is not kept after it", async () => {
  const held: ServerResponse[] = [];
  let arrived = (): void => undefined;
  const first = new Promise<void>((resolve) => (arrived = resolve));
  const server = await serve((seen, response) => {
    if (held.length > 0) return respond(seen, response);
    held.push(response);
    return arrived();
  });
  const reads = createCachedReads(clientOf(server));
  const early = reads.bars("SPX", "1d", {});
  await first;
  reads.invalidate("SPX");
  await reads.bars("SPX", "1d", {});
  for (const response of held) reply(response, 200, recorded("bars-none").response.body);
  expect((await early).times).toEqual([]);
  expect((await reads.bars("SPX", "1d", {})).times).toHaveLength(5);
  expect(server.seen).toHaveLength(2);
});

test("a snapshot of the registry is shared by all who want it at the same time, and for its age", async () => {
  const clock = { now: 0 };
  const held: ServerResponse[] = [];
  const server = await serve((_, response) => void held.push(response));
  const transport = createTransport({ baseUrl: server.url, requestTimeoutMs: 5_000 });
  const workers = createWorkers(transport, () => clock.now);
  const release = async (count: number): Promise<void> => {
    await expect.poll(() => held.length, { interval: 2 }).toBe(count);
    for (const response of held.splice(0)) reply(response, 200, recorded("workers").response.body);
  };

  const many = Array.from({ length: 100 }, () => workers.snapshot(5_000));
  await release(1);
  for (const list of await Promise.all(many)) expect(list).toHaveLength(2);

  clock.now = 5_000;
  expect(await workers.snapshot(5_000)).toHaveLength(2);
  expect(server.seen).toHaveLength(1);

  clock.now = 5_001;
  const renewed = workers.snapshot(5_000);
  clock.now = 12_000;
  // For this caller the request that is under way began too long ago.
  const fresher = workers.snapshot(1_000);
  await release(2);
  await Promise.all([renewed, fresher]);
  expect(server.seen).toHaveLength(3);
  transport.close();
});

test("a failed snapshot is asked again by the next caller", async () => {
  let broken = true;
  const server = await serve((_, response) => {
    reply(response, broken ? 500 : 200, broken ? { detail: "x" } : recorded("workers").response.body);
  });
  const { workers } = clientOf(server);
  expect((await failure(workers.snapshot(60_000))).code).toBe("ktrdr_unavailable");
  broken = false;
  expect(await workers.snapshot(60_000)).toHaveLength(2);
});
