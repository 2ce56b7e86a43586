import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { JobBook } from "./books.ts";
import { Complaints } from "./complaints.ts";
import { brokenInvariants, limitsMet, twinsAmong, type Evidence } from "./invariants.ts";
import { JobRun } from "./job-run.ts";
import { ALL_STEPS, KINDS, pairwise, VICTIMS, wholeMatrix } from "./matrix.ts";
import { drawScenario, type Attack, type Scenario } from "./scenario.ts";
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
  terminatedMs: null,
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
    ["terminated, not settled yet", said("terminated", 150), { terminatedMs: 140, recorded: null }],
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
    ["terminated without an operator", said("terminated", 150), {}],
    ["the end of what still computes", said("terminated", 150, { final: true }), { terminatedMs: 140, recorded: null }],
  ])("does not believe %s", (_, answer, world) => {
    expect(untruth(answer, truth(world))).toEqual(expect.any(String));
  });
});

const BOOK: JobBook = {
  status: "completed",
  finishedMs: 230,
  operationIds: ["job"],
  results: 1,
  result: { modelPath: "models/probe/1d_v1" },
  attached: ["job"],
};

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
    inBooks: { model_path: "models/probe/1d_v1" },
    checkpointed: [],
    failedTasks: [],
    complaints: [],
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
    [
      "a training begun anew beside its checkpoint",
      { computing: [computing(100, 200, "died"), computing(210, 300, "completed", "job-c2")], checkpointed: ["job"] },
      /died with a checkpoint/,
    ],
    ["computing that goes on", { computing: [computing(100, 200), computing(210, null)] }, /still computing/],
    ["computing after the record", { computing: [computing(100, 260)] }, /computed on/],
    ["no record", { book: null }, /no record/],
    ["a result missing", { book: { ...BOOK, results: 0 } }, /0 results/],
    ["a foreign operation", { book: { ...BOOK, operationIds: ["other"] } }, /KTRDR finished job/],
    ["an unexpected end", { book: { ...BOOK, status: "failed", results: 0 }, execution: "FAILED" }, /ended as failed/],
    ["an execution left open", { execution: "RUNNING" }, /Temporal says RUNNING/],
    ["another result than KTRDR's", { inBooks: { model_path: "models/probe/1d_v2" } }, /KTRDR computed/],
    ["a workflow that is not deterministic", { failedTasks: ["job: Nondeterminism"] }, /workflow task failed/],
    ["an error in the log", { complaints: ["internal"] }, /logged as an error/],
    [
      "a termination that nobody asked for",
      { book: { ...BOOK, status: "terminated", results: 0 } },
      /ended as terminated/,
    ],
    ["a slot kept", { slotHeld: true }, /slot/],
  ])("notice %s", (_, harm, words) => {
    expect(brokenInvariants(evidence(harm)).join("\n")).toMatch(words);
  });

  it("notice a termination that nobody noticed for too long", () => {
    const terminate = { at: "running", attack: { do: "operator", how: "terminate" }, forMs: 0 } as const;
    const late = evidence({
      scenario: { ...SCENARIO, strikes: [terminate] },
      book: { ...BOOK, status: "terminated", results: 0, result: null, finishedMs: 70_200 },
      execution: "TERMINATED",
    });
    late.run.terminatedMs = 150;
    expect(brokenInvariants(late)).toEqual(["its termination was noticed after 70 s"]);
  });

  it("let a full disk fail what KTRDR computes, when KTRDR's own log says so", () => {
    const full = { at: "running", attack: { do: "full_disk" }, forMs: 9 } as const;
    const failed = {
      scenario: { ...SCENARIO, strikes: [full] },
      computing: [computing(100, 200, "failed: ENOSPC: no space left on device, write")],
      book: { ...BOOK, status: "failed", results: 0, result: null },
      execution: "FAILED",
      inBooks: null,
    } as const;
    expect(brokenInvariants(evidence(failed))).toEqual([]);
    const otherwise = { ...failed, computing: [computing(100, 200, "failed: NaN")] };
    expect(brokenInvariants(evidence(otherwise)).join("\n")).toMatch(/ended as failed/);
  });

  it("hold for what had ended before the termination was noticed", () => {
    const ended = evidence({ execution: "TERMINATED" });
    ended.run.terminatedMs = 210;
    expect(brokenInvariants(ended)).toEqual([]);
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

  it("tell a twin only where a start may have arrived twice", () => {
    const both = [computing(100, 200), computing(101, 210, "completed", "twin")];
    const duplicate = {
      at: "before_post",
      attack: { do: "wire", wire: "ktrdr", mode: { kind: "duplicate" } },
      forMs: 9,
    } as const;
    const backtest = { ...SCENARIO, kind: "backtest", strikes: [duplicate] } as const;
    expect(twinsAmong(both, backtest, BOOK)).toEqual(both.slice(1));
    expect(twinsAmong(both, { ...backtest, strikes: [] }, BOOK)).toEqual([]);
    expect(twinsAmong(both, { ...backtest, kind: "training" }, BOOK)).toEqual([]);
  });
});

describe("the reader of our logs", () => {
  it("gives the errors since it began, each once", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-complaints-"));
    try {
      await mkdir(path.join(dir, "logs"));
      const log = async (line: string) => await appendFile(path.join(dir, "logs", "worker.log"), `${line}\n`);
      await log('{"level":50,"msg":"before"}');
      const complaints = new Complaints(dir);
      await log('{"level":40,"msg":"a warning"}');
      await log('{"level":50,"msg":"broken","err":{"message":"internal"}}');
      await log('{"level":50,"msg":"broken","err":{"message":"internal"}}');
      await log("no JSON");
      expect(complaints.read()).toEqual(["broken (internal)"]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe("the matrix", () => {
  const pairs = (scenarios: readonly Scenario[], isOne: (kind: string) => boolean = () => true): string[] =>
    scenarios
      .filter(({ kind }) => isOne(kind))
      .flatMap(({ strikes }) => strikes.map(({ at, attack }) => `${victimOf(attack)} at ${at}`));
  const victimOf = (attack: Attack) => ("part" in attack ? attack.part.replace(/^ktrdr-[tb].*/, "own") : attack.do);
  const wanted = VICTIMS.flatMap((victim) => ALL_STEPS.map((step) => `${victim} at ${step}`));

  it("has everything that dies at every step, for each kind", () => {
    const whole = wholeMatrix().map(({ scenario }) => scenario);
    for (const kind of KINDS) {
      expect(pairs(whole, (one) => one === kind)).toEqual(expect.arrayContaining(wanted));
    }
  });

  it("leaves no pair of the two out of its smaller part, and each kind meets every victim and step", () => {
    const small = pairwise();
    expect(pairs(small).toSorted()).toEqual(wanted.toSorted());
    for (const kind of KINDS) {
      const met = pairs(small, (one) => one === kind).flatMap((pair) => pair.split(" at "));
      expect(new Set(met)).toEqual(new Set([...VICTIMS, ...ALL_STEPS]));
    }
  });
});

describe("scenarios", () => {
  it("are the same for the same seed, survive JSON, and vary", () => {
    const drawn = Array.from({ length: 200 }, (_, index) => drawScenario(7, index));
    expect(drawn).toEqual(Array.from({ length: 200 }, (_, index) => drawScenario(7, index)));
    expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
    expect(new Set(drawn.map((one) => JSON.stringify(one))).size).toBeGreaterThan(190);
    expect(new Set(drawn.flatMap(({ strikes }) => strikes.map(({ attack }) => attack.do))).size).toBe(10);
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
