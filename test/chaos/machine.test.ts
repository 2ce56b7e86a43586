import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/lab/until.ts";
import { Proxy } from "../support/proxy.ts";
import type { JobBook } from "./books.ts";
import { brokenInvariants, limitsMet, type Evidence } from "./invariants.ts";
import { JobRun } from "./job-run.ts";
import { drawScenario, type Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { untruth, type Computing, type Said, type Truth } from "./truth.ts";

const SCENARIO: Scenario = { kind: "training", behind: false, cancelAt: null, strikes: [], followUp: false };

const computing = (startMs: number, endMs: number | null, how = "completed", operationId = "job"): Computing => ({
  operationId,
  startMs,
  endMs,
  how: endMs === null ? "" : how,
});

const said = (state: string, at: number, more: Partial<Said> = {}): Said => ({
  askedMs: at,
  answeredMs: at + 10,
  state,
  final: false,
  percent: null,
  headline: "",
  ...more,
});

const truth = (more: Partial<Truth> = {}): Truth => ({
  computing: [computing(100, 200)],
  recorded: { atMs: 230, status: "completed" },
  cancelledMs: null,
  oursDisturbedMs: Infinity,
  ktrdrDisturbedMs: Infinity,
  ...more,
});

describe("the judge of answers", () => {
  it.each<[string, Said, Partial<Truth>]>([
    ["queued before", said("queued", 50), {}],
    ["queued, computing from within the answer", said("queued", 95), {}],
    ["running", said("running", 150, { percent: 40 }), {}],
    ["still running although it ended a moment ago", said("running", 205, { percent: 90 }), {}],
    ["recording", said("recording", 210), {}],
    ["completed", said("completed", 240, { final: true }), {}],
    ["unreachable while disturbed", said("ktrdr_unreachable", 150), { ktrdrDisturbedMs: 120 }],
    ["unknown while disturbed", said("unknown", 150), { oursDisturbedMs: 120 }],
    ["cancelling after it was asked for", said("cancelling", 150), { cancelledMs: 140 }],
  ])("believes %s", (_, answer, world) => {
    expect(untruth(answer, truth(world))).toBeNull();
  });

  it.each<[string, Said, Partial<Truth>]>([
    ["queued while it computes", said("queued", 150), {}],
    ["progress before the beginning", said("running", 50, { percent: 3 }), {}],
    ["100 % before the end", said("running", 150, { percent: 100 }), {}],
    ["stalled without a reason", said("stalled", 150), {}],
    ["recording before the end", said("recording", 150), {}],
    ["completed before the record", said("completed", 210, { final: true }), {}],
    [
      "cancelled while it computes",
      said("cancelled", 150, { final: true }),
      { recorded: { atMs: 140, status: "cancelled" } },
    ],
    ["another end than recorded", said("failed", 240, { final: true }), {}],
    [
      "completed although KTRDR finished nothing",
      said("completed", 240, { final: true }),
      { computing: [computing(100, 200, "died")] },
    ],
    ["unreachable without a reason", said("ktrdr_unreachable", 150), {}],
    ["worker down without a reason", said("worker_down", 150), {}],
    ["cancelling without being asked", said("cancelling", 150), {}],
  ])("does not believe %s", (_, answer, world) => {
    expect(untruth(answer, truth(world))).toEqual(expect.any(String));
  });
});

const BOOK: JobBook = { status: "completed", finishedMs: 230, operationIds: ["job"], results: 1, attached: ["job"] };

function evidence(more: Partial<Evidence> = {}): Evidence {
  const nobody = { call: () => Promise.reject(new Error("nobody is asked")) };
  const run = new JobRun(nobody, { kind: "training", endDate: "", tool: "train_model", args: {} }, AbortSignal.abort());
  const known = truth(more.computing === undefined ? {} : { computing: more.computing });
  return {
    scenario: SCENARIO,
    run,
    book: BOOK,
    execution: "COMPLETED",
    slotHeld: false,
    computing: known.computing,
    truth: known,
    ...more,
  };
}

describe("the invariants", () => {
  it("hold for a run without harm", () => {
    expect(brokenInvariants(evidence())).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    ["two at once", { computing: [computing(100, 200, "died"), computing(190, 300)] }, /two at once/],
    ["a needless second", { computing: [computing(100, 200), computing(210, 300)] }, /needless/],
    ["computing that goes on", { computing: [computing(100, 200), computing(210, null)] }, /still computing/],
    ["computing after the record", { computing: [computing(100, 260)] }, /computed on/],
    ["no record", { book: null }, /no record/],
    ["a result missing", { book: { ...BOOK, results: 0 } }, /0 results/],
    ["a foreign operation", { book: { ...BOOK, operationIds: ["other"] } }, /KTRDR finished job/],
    ["an unexpected end", { book: { ...BOOK, status: "failed", results: 0 }, execution: "FAILED" }, /ended as failed/],
    ["an execution left open", { execution: "RUNNING" }, /Temporal says RUNNING/],
    ["a slot kept", { slotHeld: true }, /slot/],
  ])("notice %s", (_, harm, words) => {
    expect(brokenInvariants(evidence(harm)).join("\n")).toMatch(words);
  });

  it("allow another computation after a death", () => {
    expect(brokenInvariants(evidence({ computing: [computing(100, 200, "died"), computing(210, 220)] }))).toEqual([]);
  });

  it("name the one thing that KTRDR's API cannot give, and only for kinds without ids of ours", () => {
    const harm = {
      computing: [computing(100, 120, "completed", "unseen"), computing(150, 200)],
      scenario: { ...SCENARIO, kind: "backtest" },
    } as const;
    expect(brokenInvariants(evidence(harm))).toEqual([]);
    expect(limitsMet(evidence(harm))).toHaveLength(1);
    expect(brokenInvariants(evidence({ ...harm, scenario: SCENARIO }))).not.toEqual([]);
  });
});

describe("scenarios", () => {
  it("are the same for the same seed, survive JSON, and vary", () => {
    const drawn = Array.from({ length: 200 }, (_, index) => drawScenario(7, index));
    expect(drawn).toEqual(Array.from({ length: 200 }, (_, index) => drawScenario(7, index)));
    expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
    expect(new Set(drawn.map((one) => JSON.stringify(one))).size).toBeGreaterThan(190);
    expect(new Set(drawn.flatMap(({ strikes }) => strikes.map(({ attack }) => attack.do))).size).toBe(8);
  });

  it("shrink to what still breaks", async () => {
    const [guilty, innocent] = [
      { at: "running", attack: { do: "deploy" }, forMs: 0 },
      { at: "ending", attack: { do: "kill", part: "worker" }, forMs: 0 },
    ] as const;
    const broken: Scenario = {
      ...SCENARIO,
      behind: true,
      followUp: true,
      cancelAt: "running",
      strikes: [innocent, guilty],
    };
    const smallest = await shrink(broken, async ({ strikes, behind }) => behind && strikes.includes(guilty));
    expect(smallest).toEqual({ ...SCENARIO, behind: true, strikes: [guilty] });
  });
});

describe("the proxy", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function wire(answer: (socket: Socket) => void): Promise<{ proxy: Proxy; client: Socket }> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      answer(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = await Proxy.listen();
    proxy.target = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    const client = connect(proxy.port, "127.0.0.1");
    client.on("error", () => undefined);
    closing.push(() => {
      client.destroy();
      server.close();
      void proxy.close();
    });
    await once(client, "connect");
    return { proxy, client };
  }

  const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));

  it("passes both ways, the end included", async () => {
    const { client } = await wire((socket) => socket.pipe(socket));
    client.end("hello");
    expect(await text(client)).toBe("hello");
  });

  it("shows a piece to its witness before it passes", async () => {
    const seen: string[] = [];
    const { proxy, client } = await wire((socket) => {
      socket.on("data", () => seen.push("arrived"));
      socket.on("data", () => socket.end("done"));
    });
    proxy.witness = async (piece, direction) => {
      await new Promise(setImmediate);
      seen.push(`${direction} ${piece.toString()}`);
    };
    client.write("hello");
    await text(client);
    expect(seen).toEqual(["up hello", "arrived", "down done"]);
  });

  it("cuts an answer half way, and keeps no socket", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    const { proxy, client } = await wire((socket) => void socket.resume().write("0123456789"));
    proxy.mode = { kind: "cut", afterBytes: 4 };
    client.write("go");
    let got = "";
    client.on("data", (piece: Buffer) => (got += piece.toString()));
    await closed(client);
    expect(got).toBe("0123");
    // One that is left keeps a process from ending, which then spins.
    await until(async () => sockets() <= before, { what: "every socket gone", timeoutMs: 5_000, everyMs: 5 });
  });

  it("delivers after a drop what was sent meanwhile, and resets when told to", async () => {
    const { proxy, client } = await wire((socket) => socket.pipe(socket));
    proxy.mode = { kind: "drop" };
    const held = Promise.withResolvers<void>();
    proxy.witness = () => held.resolve();
    client.write("late");
    await held.promise;
    expect(client.bytesRead).toBe(0);
    proxy.mode = { kind: "pass" };
    expect(String((await once(client, "data"))[0])).toBe("late");
    proxy.mode = { kind: "reset" };
    await closed(client);
    expect(client.destroyed).toBe(true);
  });
});
