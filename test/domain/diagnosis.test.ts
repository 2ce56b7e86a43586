import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KtrdrWorker, Operation, OperationStatus } from "../../src/domain/operation.ts";
import type { Evidence, Diagnosis, WorkerEvidence } from "../../src/domain/evidence.ts";
import { DEAD_REASON, diagnose } from "../../src/domain/diagnosis.ts";

const ORPHAN = "Operation was RUNNING but no worker claimed it";
const MODEL = { model_path: "models/x/1d_v1", training_metrics: {} };
const NOW = 10_000_000;

function operation(facts: Partial<Operation> = {}): Operation {
  return {
    operationId: "op-1",
    operationType: "training",
    status: "running",
    percent: 40,
    step: "Epoch 4/10",
    symbol: "SPX",
    timeframe: "1d",
    startDate: null,
    endDate: null,
    parameters: {},
    workerId: "train-1",
    errorMessage: null,
    result: null,
    epochs: [],
    ...facts,
  };
}

function worker(status: KtrdrWorker["status"]): KtrdrWorker {
  return {
    workerId: "train-1",
    workerType: "training",
    endpointUrl: "http://127.0.0.1:1",
    status,
    currentOperationId: null,
    healthCheckFailures: 0,
  };
}

interface Facts extends Partial<Omit<Evidence, "clock">> {
  readonly clock?: Partial<Evidence["clock"]>;
}

function evidence(facts: Facts = {}): Evidence {
  return {
    kind: "training",
    api: { kind: "operation", operation: operation() },
    worker: { kind: "not_asked" },
    registry: worker("busy"),
    patience: {
      pollIntervalMs: 5_000,
      stallAfterMs: 600_000,
      stallFailAfterMs: 3_600_000,
      notFoundGraceMs: 30_000,
      deadGraceMs: 20_000,
    },
    ...facts,
    clock: {
      nowMs: NOW,
      stillSinceMs: NOW,
      notFoundSinceMs: null,
      deadSinceMs: null,
      ...facts.clock,
    },
  };
}

const api = (facts: Partial<Operation>) => ({ kind: "operation", operation: operation(facts) }) as const;
const computing = (facts: Partial<Operation> = {}): WorkerEvidence => ({
  kind: "answers",
  operation: operation(facts),
  health: { busy: true, currentOperationId: "op-1" },
});
const idle = (own: Operation | null): WorkerEvidence => ({
  kind: "answers",
  operation: own,
  health: { busy: false, currentOperationId: null },
});
const still = { stillSinceMs: NOW - 20_000 };
const dead = { stillSinceMs: NOW - 90_000, deadSinceMs: NOW - 20_000 };

const forgottenLoad = api({ percent: 0, step: "", fromRow: true });

interface Row {
  readonly name: string;
  readonly given: Facts;
  readonly expected: Partial<Diagnosis>;
}

const ROWS: readonly Row[] = [
  { name: "moving: keep waiting", given: {}, expected: { kind: "wait", phase: "running", looksDead: false } },
  {
    name: "completed",
    given: { api: api({ status: "completed", result: MODEL }) },
    expected: { kind: "succeeded", result: MODEL, faults: [] },
  },
  {
    name: "completed turned failed: the result proves it (docs/ktrdr.md §0.6)",
    given: { api: api({ status: "failed", errorMessage: ORPHAN, result: MODEL }) },
    expected: { kind: "succeeded", faults: ["completed_turned_failed"] },
  },
  {
    name: "the text of a false failure was wiped by a refused resume (docs/ktrdr.md §9.2)",
    given: { api: api({ status: "failed", errorMessage: null, result: MODEL }) },
    expected: { kind: "succeeded", faults: ["completed_turned_failed"] },
  },
  {
    name: "a database outage at the end keeps the result (docs/ktrdr.md §9.8)",
    given: { api: api({ status: "failed", errorMessage: "[Errno 111] Connect call failed", result: MODEL }) },
    expected: { kind: "succeeded" },
  },
  {
    name: "a finished row rewritten to cancelled (docs/ktrdr.md §9.1)",
    given: { api: api({ status: "cancelled", result: MODEL }) },
    expected: { kind: "succeeded", faults: ["completed_turned_cancelled"] },
  },
  {
    name: "orphan text without result: ask the worker",
    given: { api: api({ status: "failed", errorMessage: ORPHAN }) },
    expected: { kind: "ask_worker" },
  },
  {
    name: "called failed while its worker computes on (two in one worker)",
    given: { api: api({ status: "failed", errorMessage: ORPHAN, percent: 0 }), worker: computing({ percent: 55 }) },
    expected: { kind: "wait", phase: "running", faults: ["completed_turned_failed"], looksDead: false },
  },
  {
    name: "called failed, the worker has the result",
    given: {
      api: api({ status: "failed", errorMessage: ORPHAN }),
      worker: idle(operation({ status: "completed", result: MODEL })),
    },
    expected: { kind: "succeeded", result: MODEL },
  },
  {
    name: "called failed without reason, nobody computes: not believed at once",
    given: { api: api({ status: "failed", errorMessage: ORPHAN }), worker: idle(null) },
    expected: { kind: "wait", phase: "verifying", looksDead: true },
  },
  {
    name: "called failed without reason, nobody computes for long: lost",
    given: { api: api({ status: "failed", errorMessage: ORPHAN }), worker: idle(null), clock: dead },
    expected: { kind: "lost", fault: "worker_died" },
  },
  {
    name: "a real failure is a failure",
    given: { api: api({ status: "failed", errorMessage: "weight tensor should be defined" }) },
    expected: {
      kind: "failed",
      code: "computation_failed",
      why: expect.stringContaining("weight tensor should be defined (the highest"),
    },
  },
  {
    name: "cancelled by somebody: ask the worker",
    given: { api: api({ status: "cancelled" }) },
    expected: { kind: "ask_worker" },
  },
  {
    name: "cancelled in the books, computing on",
    given: { api: api({ status: "cancelled" }), worker: computing() },
    expected: { kind: "wait", looksDead: false },
  },
  {
    name: "cancelled and idle",
    given: { api: api({ status: "cancelled" }), worker: idle(null), clock: dead },
    expected: { kind: "failed", code: "cancelled_at_ktrdr" },
  },
  {
    name: "stuck in resuming, the worker knows better",
    given: { api: api({ status: "resuming", percent: 0 }), worker: computing({ percent: 70 }) },
    expected: { kind: "wait", faults: ["stuck_resuming"] },
  },
  { name: "frozen for three polls: ask the worker", given: { clock: still }, expected: { kind: "ask_worker" } },
  {
    name: "frozen view after an API restart, the worker computes",
    given: { api: api({ percent: 0 }), worker: computing({ percent: 61 }), clock: still },
    expected: { kind: "wait", faults: ["stale_view"], looksDead: false },
  },
  {
    name: "frozen view, the worker has finished",
    given: { api: api({ percent: 0 }), worker: idle(operation({ status: "completed", result: MODEL })), clock: still },
    expected: { kind: "succeeded", faults: ["stale_view"] },
  },
  {
    name: "a restarted worker keeps a copy of the row and calls itself busy with it: nobody computes (recording 05b)",
    given: { api: api({ percent: 40 }), worker: computing({ percent: 0, step: "", fromRow: true }), clock: dead },
    expected: { kind: "lost", fault: "worker_died" },
  },
  {
    name: "a worker died before it wrote that it runs, and the next one keeps that row: nobody computes",
    given: {
      api: api({ status: "pending", percent: 0 }),
      worker: computing({ status: "pending", percent: 0 }),
      clock: dead,
    },
    expected: { kind: "lost", fault: "worker_died" },
  },
  {
    name: "cancelled in the books because we found it dead: still lost",
    given: { api: api({ status: "cancelled", errorMessage: DEAD_REASON }), worker: idle(null), clock: dead },
    expected: { kind: "lost", fault: "worker_died" },
  },
  {
    name: "worker gone, the registry not yet sure",
    given: { worker: { kind: "refused" }, registry: worker("busy"), clock: dead },
    expected: { kind: "wait", phase: "verifying", looksDead: true },
  },
  {
    name: "worker gone and the registry agrees",
    given: { worker: { kind: "refused" }, registry: worker("temporarily_unavailable"), clock: dead },
    expected: { kind: "lost", fault: "worker_died" },
  },
  {
    name: "worker gone and removed from the registry",
    given: { worker: { kind: "refused" }, registry: null, clock: dead },
    expected: { kind: "lost", fault: "worker_died" },
  },
  {
    name: "a silent worker may come back: nothing is proven",
    given: { worker: { kind: "silent" }, registry: null, clock: { ...dead, stillSinceMs: NOW - 700_000 } },
    expected: { kind: "wait", phase: "stalled", looksDead: false },
  },
  {
    name: "no progress for an hour: given up",
    given: { worker: computing(), clock: { stillSinceMs: NOW - 3_600_000 } },
    expected: { kind: "failed", code: "computation_stalled" },
  },
  {
    name: "not found just after the start",
    given: { api: { kind: "not_found" }, clock: { notFoundSinceMs: NOW - 5_000 } },
    expected: { kind: "wait", phase: "verifying" },
  },
  {
    name: "not found for long: ask the worker",
    given: { api: { kind: "not_found" }, clock: { notFoundSinceMs: NOW - 40_000 } },
    expected: { kind: "ask_worker" },
  },
  {
    name: "KTRDR forgot it, the worker computes it",
    given: { api: { kind: "not_found" }, worker: computing(), clock: { notFoundSinceMs: NOW - 40_000 } },
    expected: { kind: "wait", looksDead: false },
  },
  {
    name: "nobody knows it: lost",
    given: { api: { kind: "not_found" }, worker: idle(null), clock: { ...dead, notFoundSinceMs: NOW - 60_000 } },
    expected: { kind: "lost", fault: "lost_operation" },
  },
  {
    name: "KTRDR is away",
    given: { api: { kind: "unreachable" }, clock: { stillSinceMs: 0 } },
    expected: { kind: "wait", phase: "ktrdr_unreachable" },
  },
  {
    name: "a data load that somebody cancelled",
    given: { kind: "data_load", api: api({ status: "cancelled", errorMessage: "not needed" }) },
    expected: { kind: "failed", code: "cancelled_at_ktrdr" },
  },
  {
    name: "a data load cancelled in the books because we found it dead: still lost",
    given: { kind: "data_load", api: api({ status: "cancelled", errorMessage: DEAD_REASON }) },
    expected: { kind: "lost" },
  },
  {
    name: "a data load that KTRDR lost track of is not believed failed",
    given: { kind: "data_load", api: api({ status: "failed", errorMessage: ORPHAN }) },
    expected: { kind: "wait", phase: "verifying" },
  },
  {
    name: "a data load that another API process knows from the database only may be dead",
    given: { kind: "data_load", api: forgottenLoad },
    expected: { kind: "wait", phase: "verifying", looksDead: true },
  },
  {
    name: "and is, when that stays so",
    given: { kind: "data_load", api: forgottenLoad, clock: dead },
    expected: { kind: "lost", fault: "worker_died" },
  },
];

describe("the decision table", () => {
  it.each(ROWS)("$name", ({ given, expected }) => {
    expect(diagnose(evidence(given))).toMatchObject(expected);
  });

  const anyOperation = fc.record({
    status: fc.constantFrom<OperationStatus>("pending", "resuming", "running", "completed", "failed", "cancelled"),
    percent: fc.double({ min: 0, max: 100, noNaN: true }),
    errorMessage: fc.constantFrom(null, "", ORPHAN, "no data"),
    result: fc.constantFrom(null, {}, MODEL),
  });
  const anyWorker = fc.oneof(
    fc.constantFrom<WorkerEvidence>({ kind: "silent" }, { kind: "refused" }),
    fc.tuple(fc.option(anyOperation), fc.boolean(), fc.boolean()).map<WorkerEvidence>(([own, busy, ours]) => ({
      kind: "answers",
      operation: own === null ? null : operation(own),
      health: { busy, currentOperationId: busy && ours ? "op-1" : null },
    })),
  );
  const anyClock = fc.record({
    stillSinceMs: fc.integer({ min: NOW - 7_200_000, max: NOW }),
    deadSinceMs: fc.option(fc.integer({ min: NOW - 120_000, max: NOW })),
    notFoundSinceMs: fc.option(fc.integer({ min: NOW - 120_000, max: NOW })),
  });

  it("never gives up a computation that its worker says it is computing", () => {
    fc.assert(
      fc.property(anyOperation, anyOperation, anyClock, (shown, own, clock) => {
        fc.pre(
          own.result !== MODEL && shown.result !== MODEL && !["completed", "failed", "pending"].includes(own.status),
        );
        fc.pre(shown.status !== "completed" && shown.errorMessage !== "no data");
        const verdict = diagnose(evidence({ api: api(shown), worker: computing(own), clock }));
        expect(["wait", "ask_worker", "failed"]).toContain(verdict.kind);
        if (verdict.kind === "failed") expect(verdict.code).toBe("computation_stalled");
      }),
    );
  });

  it("never calls a result lost, and never starts over on silence", () => {
    fc.assert(
      fc.property(anyOperation, anyWorker, anyClock, (shown, asked, clock) => {
        const verdict = diagnose(evidence({ api: api(shown), worker: asked, clock }));
        if (shown.result === MODEL && ["completed", "failed", "cancelled"].includes(shown.status)) {
          expect(verdict.kind).toBe("succeeded");
        }
        if (asked.kind === "silent") expect(verdict.kind).not.toBe("lost");
      }),
    );
  });
});
