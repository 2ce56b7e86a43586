import { MockActivityEnvironment } from "@temporalio/testing";
import pino from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { resumeTraining } from "../../src/activities/resume.ts";
import { DomainError, type ErrorCode } from "../../src/domain/errors.ts";
import type { ComputeRequest } from "../../src/domain/job.ts";
import type { OperationStatus } from "../../src/domain/operation.ts";
import { MemoryRecord } from "../simulation/memory-record.ts";
import { SimulatedClock } from "../simulation/simulated-clock.ts";
import { BACKTEST, TRAINING } from "../support/job-inputs.ts";

const JOB = "train-probe-1";
const POINT = {
  epoch: 1,
  curve: { trainLoss: [2, 1], valLoss: [2, 1], trainAccuracy: [0.4, 0.5], valAccuracy: [0.4, 0.5] },
};
const IN_FLIGHT_MS = 35_000;

/** What KTRDR's API shows and answers; `after` changes the status some milliseconds after a resumption was asked for. */
class Api {
  status: OperationStatus = "cancelled";
  hasCheckpoint = true;
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
        return { resumePoint: POINT };
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

async function resume(request: ComputeRequest = TRAINING): Promise<string | null> {
  const deps = { ktrdr: api.client(), jobs: record.jobs(), clock, log: pino({ level: "silent" }) };
  const input = { jobId: JOB, request };
  const work: Promise<string | null> = new MockActivityEnvironment().run(
    async () =>
      await resumeTraining(deps as unknown as ActivityDeps, input, second(), IN_FLIGHT_MS, async () => undefined),
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
    expect(await resume()).toBe(JOB); // died before it asked
    expect(await resume()).toBe(JOB); // died before it heard
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
