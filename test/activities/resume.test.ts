import { MockActivityEnvironment } from "@temporalio/testing";
import pino from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { resumeTraining } from "../../src/activities/resume.ts";
import { DomainError, type ErrorCode } from "../../src/domain/errors.ts";
import type { ComputeRequest } from "../../src/domain/kinds/index.ts";
import type { Reached } from "../../src/domain/resume-point.ts";
import type { OperationStatus } from "../../src/domain/operation.ts";
import { MemoryRecord } from "../simulation/memory-record.ts";
import { SimulatedClock } from "../simulation/simulated-clock.ts";
import { BACKTEST, TRAINING } from "../support/job-inputs.ts";

const JOB = "train-probe-1";
const POINT = {
  epoch: 1,
  bestValLoss: 1,
  curve: { trainLoss: [2, 1], valLoss: [2, 1], trainAccuracy: [0.4, 0.5], valAccuracy: [0.4, 0.5] },
};
const IN_FLIGHT_MS = 35_000;

/** What KTRDR's API shows and answers. `after` changes the status `ms` milliseconds after a request to resume. */
class Api {
  status: OperationStatus = "cancelled";
  hasCheckpoint = true;
  reached: Reached = POINT;
  answers: (ErrorCode | "taken")[] = ["taken"];
  after: { readonly ms: number; readonly status: OperationStatus } | null = { ms: 0, status: "resuming" };
  asked = 0;
  private askedAt: number | null = null;
  private readonly clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.clock = clock;
  }

  client(): ActivityDeps["ktrdr"] {
    const operations = {
      get: async (id: string) => ({ operationId: id, status: this.statusNow(), result: null }),
      resume: async () => {
        this.asked += 1;
        const answer = this.answers.shift() ?? "taken";
        this.askedAt = this.clock.now();
        if (answer !== "taken") throw new DomainError(answer, { what: "no" });
        return { epoch: POINT.epoch };
      },
    };
    const checkpoints = {
      get: async () => {
        if (!this.hasCheckpoint) throw new DomainError("ktrdr_not_found", { what: "none" });
        return { reached: this.reached };
      },
    };
    return { operations, checkpoints } as unknown as ActivityDeps["ktrdr"];
  }

  private statusNow(): OperationStatus {
    const { after, askedAt } = this;
    if (after === null || askedAt === null || this.clock.now() - askedAt < after.ms) return this.status;
    return after.status;
  }
}

let clock: SimulatedClock;
let api: Api;
let record: MemoryRecord;

beforeEach(async () => {
  clock = new SimulatedClock();
  api = new Api(clock);
  record = new MemoryRecord(clock);
  const jobs = record.jobs();
  await jobs.beginComputation(JOB, 1, []);
  await jobs.attachOperation(JOB, 1, { operationId: JOB, workerId: "training-1", workerEndpoint: "http://w:1" });
  await jobs.beginComputation(JOB, 2, []);
});

const second = () => record.computations.find(({ n }) => n === 2)!;

async function resume(request: ComputeRequest = TRAINING, jobId = JOB, computation = second()): Promise<string | null> {
  const deps = { ktrdr: api.client(), jobs: record.jobs(), clock, log: pino({ level: "silent" }) };
  const input = { jobId, request };
  const work: Promise<string | null> = new MockActivityEnvironment().run(
    async () =>
      await resumeTraining(deps as unknown as ActivityDeps, input, computation, IN_FLIGHT_MS, async () => undefined),
  );
  return await clock.run(work, 10 * IN_FLIGHT_MS);
}

describe("a training whose worker died", () => {
  it("goes on as the operation it was, from its checkpoint", async () => {
    expect(await resume()).toBe(JOB);
    expect(second()).toMatchObject({ operationId: JOB, resumedFrom: POINT, workerEndpoint: "http://w:1" });
    expect(api.asked).toBe(1);
  });

  it("and a backtest is never resumed, whatever KTRDR offers: its figures would mix two scopes", async () => {
    expect(await resume(BACKTEST)).toBeNull();
    expect(second()).toMatchObject({ operationId: null, resumedFrom: null });
    expect(api.asked).toBe(0);
  });

  it("begins anew without a checkpoint, and where no worker was ever reached", async () => {
    api.hasCheckpoint = false;
    expect(await resume()).toBeNull();
    expect(second()).toMatchObject({ operationId: null, resumedFrom: null });
    api.hasCheckpoint = true;
    record.computations[0] = { ...record.computations[0]!, workerEndpoint: null };
    expect(await resume()).toBeNull();
    expect(api.asked).toBe(0);
  });

  it("is not resumed beside a new operation that may have been started", async () => {
    await record.jobs().markPosting(JOB, 2, second().postingAt);
    expect(await resume()).toBeNull();
    await record.jobs().attachOperation(JOB, 2, { operationId: `${JOB}-c2` });
    expect(await resume()).toBeNull();
    expect(api.asked).toBe(0);
  });

  it("is resumed once, however often our process dies on the way", async () => {
    await record.jobs().attachOperation(JOB, 2, { operationId: JOB, resumedFrom: POINT });
    expect(await resume()).toBe(JOB); // our process died before it asked
    expect(await resume()).toBe(JOB); // our process died before it heard the answer
    expect(api.asked).toBe(1);
  });

  it("whose resumption was answered into the void is looked for, not begun anew beside it", async () => {
    api.answers = ["ktrdr_start_ambiguous"];
    api.after = { ms: IN_FLIGHT_MS - 1_000, status: "resuming" };
    expect(await resume()).toBe(JOB);
    expect(api.asked).toBe(1);
  });

  it("begins anew only when a lost resumption can no longer take effect", async () => {
    api.answers = ["ktrdr_start_ambiguous"];
    api.after = null;
    const before = clock.now();
    expect(await resume()).toBeNull();
    expect(clock.now() - before).toBeGreaterThan(IN_FLIGHT_MS);
    expect(second()).toMatchObject({ operationId: null, resumedFrom: null });
  });

  it("waits for a worker when none is free, and begins anew when KTRDR refuses for good", async () => {
    api.answers = ["ktrdr_no_worker", "ktrdr_not_found"];
    api.after = null;
    await expect(resume()).rejects.toMatchObject({ code: "ktrdr_no_worker" });
    expect(second()).toMatchObject({ operationId: JOB });
    expect(await resume()).toBeNull();
    expect(second()).toMatchObject({ operationId: null, resumedFrom: null });
  });

  it("refused because an earlier request was quicker is that one", async () => {
    api.answers = ["ktrdr_rejected"];
    expect(await resume()).toBe(JOB);
  });
});

describe("a training that is asked to go on where an earlier job was stopped", () => {
  const LATER = "train-probe-2";
  const wish = { ...TRAINING, resumeFrom: JOB } as const;
  const later = () => record.computations.find(({ jobId }) => jobId === LATER)!;

  beforeEach(async () => {
    await record.jobs().beginComputation(LATER, 1, []);
  });

  it("goes on as the operation of that job, as its own first computation", async () => {
    expect(await resume(wish, LATER, later())).toBe(JOB);
    expect(later()).toMatchObject({ operationId: JOB, resumedFrom: POINT, workerEndpoint: "http://w:1" });
    expect(await record.jobs().ownerOf(JOB)).toBe(LATER);
    // Our process died before it heard the answer. The resumption is asked for once.
    expect(await resume(wish, LATER, later())).toBe(JOB);
    expect(api.asked).toBe(1);
  });

  it("fails in words, and never begins anew, when KTRDR refuses, has no checkpoint, or never takes it", async () => {
    api.hasCheckpoint = false;
    await expect(resume(wish, LATER, later())).rejects.toMatchObject({ code: "not_resumable" });
    api.hasCheckpoint = true;
    api.after = null;
    for (const answer of ["ktrdr_not_found", "ktrdr_rejected", "ktrdr_start_ambiguous"] as const) {
      api.answers = [answer];
      await expect(resume(wish, LATER, later())).rejects.toMatchObject({
        code: "not_resumable",
        next: expect.stringContaining("train_model without resume_from"),
      });
      expect(later()).toMatchObject({ operationId: null, resumedFrom: null });
    }
    expect(await record.jobs().ownerOf(JOB)).toBe(JOB);
  });

  it("waits while no worker is free", async () => {
    api.answers = ["ktrdr_no_worker"];
    api.after = null;
    await expect(resume(wish, LATER, later())).rejects.toMatchObject({ code: "ktrdr_no_worker" });
    expect(later()).toMatchObject({ operationId: JOB });
  });

  it("does not take over what a third job went on with meanwhile", async () => {
    await record.jobs().beginComputation("train-probe-3", 1, []);
    await record.jobs().attachOperation("train-probe-3", 1, { operationId: JOB, resumedFrom: POINT });
    await expect(resume(wish, LATER, later())).rejects.toMatchObject({
      code: "not_resumable",
      why: expect.stringContaining("train-probe-3"),
    });
    expect(api.asked).toBe(0);
  });

  it("knows every epoch although the checkpoint of a resumed training tells of the later ones only", async () => {
    record.computations[0] = { ...record.computations[0]!, resumedFrom: POINT };
    const series = [5, 6];
    api.reached = {
      bestValLoss: 5,
      epoch: 3,
      curve: { trainLoss: series, valLoss: series, trainAccuracy: series, valAccuracy: series },
    };
    expect(await resume(wish, LATER, later())).toBe(JOB);
    expect(later().resumedFrom).toMatchObject({ epoch: 3, curve: { valLoss: [2, 1, 5, 6] } });
  });
});
