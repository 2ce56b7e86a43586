import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DomainError } from "../../src/domain/errors.ts";
import type { JobProgress, LiveJobState } from "../../src/domain/job.ts";
import type { JobFailure, JobOutcome } from "../../src/domain/outcome.ts";
import type { SeenExecution, SeenRecord, StatusSources } from "../../src/domain/job-status.ts";
import { jobStatusOf } from "../../src/domain/status.ts";

const NO_TEMPORAL = new DomainError("temporal_unavailable", { what: "Temporal does not answer." });
const NO_RECORD = new DomainError("database_unavailable", { what: "PostgreSQL does not answer." });
const NOW = new Date("2026-03-01T12:00:00.000Z");
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();

const outcome = (status: JobOutcome["status"], more: Partial<JobOutcome> = {}): JobOutcome => ({
  jobId: "train-a-1",
  status,
  failure: null,
  partial: null,
  faultsSeen: [],
  operationIds: ["op_1"],
  headline: `It ${status}.`,
  ...more,
});

const progress = (more: Partial<JobProgress> = {}): JobProgress => ({
  operationId: "op_1",
  phase: "running",
  percent: 40,
  step: "Epoch 20/50",
  at: ago(2),
  since: ago(4),
  faultsSeen: [],
  ...more,
});

const pending = (more: Partial<NonNullable<SeenExecution["pending"]>> = {}): SeenExecution["pending"] => ({
  activity: "awaitComputation",
  attempt: 1,
  lastFailure: null,
  lastHeartbeatAt: ago(2),
  progress: progress(),
  ...more,
});

const view = (more: Partial<SeenExecution> = {}): SeenExecution => ({
  kind: "training",
  execution: "running",
  startedAt: ago(100),
  closedAt: null,
  pending: pending(),
  cancelRequested: false,
  outcome: null,
  ...more,
});

const record = (more: Partial<SeenRecord> = {}): SeenRecord => ({
  kind: "training",
  status: "open",
  admittedAt: ago(99),
  outcome: null,
  ...more,
});

const live = (more: Partial<LiveJobState> = {}): LiveJobState => ({
  phase: "running",
  queuePosition: null,
  waitingFor: null,
  ...more,
});

const sources = (more: Partial<StatusSources> = {}): StatusSources => ({
  view: view(),
  record: record(),
  live: live(),
  computingSince: ago(80),
  begun: true,
  workersPolling: true,
  now: NOW,
  stallAfterMs: 600_000,
  ...more,
});

const idle = { view: view({ pending: null }), live: null } as const;

describe("judge", () => {
  test.each<[string, Partial<StatusSources>, Record<string, unknown>]>([
    ["running", {}, { state: "running", percent: 40, step: "Epoch 20/50", heartbeatAgeSeconds: 2, etaSeconds: 117 }],
    [
      "by its pace after the first epoch, which is slower",
      {
        view: view({
          pending: pending({
            progress: progress({ percent: 40, paceFrom: { at: ago(32), percent: 10 }, since: ago(2) }),
          }),
        }),
      },
      { state: "running", etaSeconds: 60 },
    ],
    ["running without a query answer", { live: null }, { state: "running", percent: 40 }],
    ["no rate without the start of the computing", { computingSince: null }, { state: "running", etaSeconds: null }],
    [
      "queued",
      { view: view({ pending: null }), live: live({ phase: "queued", queuePosition: 3, waitingFor: "a worker" }) },
      { state: "queued", position: 3, headline: "Queued at place 3 (a worker)." },
    ],
    [
      "starting",
      {
        view: view({ pending: pending({ activity: "startComputation", progress: null, lastHeartbeatAt: null }) }),
        live: null,
      },
      { state: "starting", percent: null },
    ],
    [
      "starting by the workflow's word",
      { view: view({ pending: null }), live: live({ phase: "starting" }) },
      { state: "starting" },
    ],
    ["running before the first report", { view: view({ pending: null }) }, { state: "running", percent: null }],
    ["recording by the workflow's word", { live: live({ phase: "recording" }) }, { state: "recording" }],
    [
      "recording by the pending step",
      {
        view: view({ pending: pending({ activity: "recordOutcome", progress: null, lastHeartbeatAt: null }) }),
        live: null,
      },
      { state: "recording" },
    ],
    [
      "stalled, as the activity says",
      { view: view({ pending: pending({ progress: progress({ phase: "stalled" }) }) }) },
      { state: "stalled", etaSeconds: null },
    ],
    [
      "stalled by the clock",
      { view: view({ pending: pending({ progress: progress({ since: ago(601) }) }) }) },
      { state: "stalled" },
    ],
    [
      "not yet stalled",
      { view: view({ pending: pending({ progress: progress({ since: ago(599) }) }) }) },
      { state: "running" },
    ],
    [
      "KTRDR away, as the activity says",
      { view: view({ pending: pending({ progress: progress({ phase: "ktrdr_unreachable" }) }) }) },
      { state: "ktrdr_unreachable", percent: 40 },
    ],
    [
      "KTRDR away before the start",
      {
        view: view({
          pending: pending({
            progress: null,
            lastHeartbeatAt: null,
            attempt: 4,
            lastFailure: "ktrdr_unavailable: no answer",
          }),
        }),
        live: live({ phase: "starting" }),
      },
      { state: "ktrdr_unreachable" },
    ],
    ["no worker polls", { live: null, workersPolling: false }, { state: "worker_down", percent: 40, etaSeconds: null }],
    [
      "a killed worker that still counts as polling",
      { live: null, view: view({ pending: pending({ lastHeartbeatAt: ago(25) }) }) },
      { state: "worker_down", heartbeatAgeSeconds: 25 },
    ],
    [
      "a killed worker whose heartbeat went with its attempt",
      {
        live: null,
        view: view({
          pending: pending({ lastHeartbeatAt: null, progress: progress({ at: ago(30) }) }),
        }),
      },
      { state: "worker_down", heartbeatAgeSeconds: 30 },
    ],
    [
      "silence of the poll while a worker answers is no dead worker",
      { view: view({ pending: pending({ lastHeartbeatAt: ago(25) }) }) },
      { state: "running" },
    ],
    ["whether workers poll is not known", { live: null, workersPolling: null }, { state: "running" }],
    ["cancelling", { view: view({ cancelRequested: true }) }, { state: "cancelling", etaSeconds: null }],
    [
      "stopping after a failure",
      { live: live({ phase: "stopping" }) },
      { state: "cancelling", headline: expect.stringMatching(/^Failing/) as unknown },
    ],
    [
      "cancel requested and nobody to carry it out",
      { view: view({ cancelRequested: true }), live: null, workersPolling: false },
      { state: "worker_down", headline: expect.stringContaining("not carried out") },
    ],
    [
      "between two steps",
      idle,
      { state: "unknown", final: false, headline: expect.stringContaining("queued or between") },
    ],
    [
      "accepted a moment ago",
      { ...idle, computingSince: null, begun: false, view: view({ pending: null, startedAt: ago(2) }) },
      { state: "queued", position: null, headline: expect.stringContaining("Accepted 2 s ago") },
    ],
    [
      "accepted a moment ago, but begun before its worker ended",
      { ...idle, computingSince: null, begun: true, view: view({ pending: null, startedAt: ago(2) }) },
      { state: "unknown" },
    ],
    [
      "accepted a moment ago, with nothing to say whether it began",
      {
        ...idle,
        computingSince: null,
        begun: false,
        record: NO_RECORD,
        view: view({ pending: null, startedAt: ago(2) }),
      },
      { state: "unknown" },
    ],
    [
      "a batch whose worker does not answer",
      { ...idle, view: view({ kind: "batch", pending: null }) },
      { state: "running" },
    ],
    [
      "paused",
      { view: view({ execution: "paused" }) },
      {
        state: "stalled",
        headline:
          "Paused by an operator in Temporal. KTRDR computes on if it was computing; nothing is recorded meanwhile.",
      },
    ],
    [
      "closed with outcome, record still open",
      { view: view({ execution: "completed", outcome: outcome("completed") }) },
      { state: "completed", final: true, percent: 100 },
    ],
    [
      "failed execution with outcome",
      { view: view({ execution: "failed", outcome: outcome("failed") }) },
      { state: "failed", final: true },
    ],
    [
      "closed, outcome not readable",
      { view: view({ execution: "completed", pending: null }) },
      { state: "unknown", final: false },
    ],
    [
      "terminated",
      { view: view({ execution: "terminated", pending: null }) },
      { state: "terminated", final: false, headline: expect.stringContaining("may compute on") },
    ],
    [
      "terminated, record down",
      { view: view({ execution: "terminated", pending: null }), record: NO_RECORD },
      { state: "terminated", final: false },
    ],
    [
      "terminated before it was admitted",
      { view: view({ execution: "terminated", pending: null, closedAt: ago(70) }), record: null },
      { state: "terminated", final: true },
    ],
    [
      "terminated just now, while its admission may be on the way",
      { view: view({ execution: "terminated", pending: null, closedAt: ago(5) }), record: null },
      { state: "terminated", final: false },
    ],
    [
      "failed without outcome",
      { view: view({ execution: "failed", pending: null }) },
      { state: "failed", final: false },
    ],
    ["timed out", { view: view({ execution: "timed_out", pending: null }) }, { state: "failed", final: false }],
    [
      "cancelled without outcome",
      { view: view({ execution: "cancelled", pending: null }) },
      { state: "cancelled", final: false },
    ],
    [
      "Temporal down, record open",
      { view: NO_TEMPORAL },
      { state: "unknown", headline: expect.stringContaining("Last known: admitted") },
    ],
    [
      "Temporal down, no record",
      { view: NO_TEMPORAL, record: null },
      { state: "unknown", headline: expect.stringContaining("no such job") },
    ],
    [
      "everything down",
      { view: NO_TEMPORAL, record: NO_RECORD },
      { state: "unknown", headline: expect.stringContaining("nothing is known") },
    ],
    [
      "Temporal forgot an open job",
      { view: null },
      { state: "unknown", headline: expect.stringContaining("lost its state") },
    ],
    [
      "Temporal forgot, record down",
      { view: null, record: NO_RECORD },
      { state: "unknown", headline: expect.stringContaining("record cannot be read") },
    ],
    ["record down, job running", { record: NO_RECORD }, { state: "running", percent: 40 }],
    [
      "recorded end without outcome",
      { record: record({ status: "terminated" }) },
      { state: "terminated", final: true },
    ],
  ])("%s", (_name, given, expected) => {
    expect(jobStatusOf(sources(given))).toMatchObject(expected);
  });

  test("a failure carries what, why and its own next call", () => {
    const failure: JobFailure = {
      code: "computation_failed",
      what: "NaN loss.",
      why: "epoch 3",
      next: "Lower the learning rate.",
    };
    const partial = { percent: 12, step: "Epoch 3", epochsSeen: 3, bestValLoss: 0.9, bestValAccuracy: null };
    const ended = record({ status: "failed", outcome: outcome("failed", { failure, partial }) });
    expect(jobStatusOf(sources({ record: ended }))).toMatchObject({
      state: "failed",
      failure,
      partial,
      percent: 12,
      next: "Lower the learning rate.",
    });
  });
});

const instant = fc.integer({ min: -10_000, max: 10_000 }).map(ago);
const anyProgress = fc.record({
  operationId: fc.string(),
  phase: fc.constantFrom("running", "stalled", "ktrdr_unreachable", "verifying"),
  percent: fc.double({ noNaN: true }),
  step: fc.string(),
  at: instant,
  since: instant,
  faultsSeen: fc.constant([]),
});
const anyOutcome = fc
  .constantFrom("completed", "failed", "cancelled", "terminated")
  .map((status) => outcome(status as "failed"));
const anyView = fc.record({
  kind: fc.constantFrom("training", "batch", "backtest", "data_load"),
  execution: fc.constantFrom("running", "completed", "failed", "cancelled", "terminated", "timed_out", "paused"),
  startedAt: instant,
  pending: fc.option(
    fc.record({
      activity: fc.constantFrom("admitJob", "startComputation", "awaitComputation", "stopComputation", "recordOutcome"),
      attempt: fc.nat(),
      lastFailure: fc.option(fc.string()),
      lastHeartbeatAt: fc.option(instant),
      progress: fc.option(anyProgress),
    }),
  ),
  cancelRequested: fc.boolean(),
  outcome: fc.option(anyOutcome),
});
const anyLive = fc.option(
  fc.record({
    phase: fc.constantFrom("queued", "starting", "running", "recording", "stopping", "closed"),
    queuePosition: fc.option(fc.nat()),
    waitingFor: fc.option(fc.string()),
  }),
);
const around = {
  view: fc.oneof(fc.constant(null), fc.constant(NO_TEMPORAL), anyView),
  live: anyLive,
  computingSince: fc.option(instant),
  begun: fc.boolean(),
  workersPolling: fc.option(fc.boolean()),
  now: fc.constant(NOW),
  stallAfterMs: fc.nat(),
};
const anySources = (recorded: fc.Arbitrary<unknown>): fc.Arbitrary<StatusSources> =>
  fc.record({ ...around, record: recorded }) as fc.Arbitrary<StatusSources>;

describe("properties", () => {
  test("a finished record wins for ever, whatever else is seen", () => {
    const finished = anyOutcome.map((ended) => record({ status: ended.status, outcome: ended }));
    fc.assert(
      fc.property(anySources(finished), (seen) => {
        const status = jobStatusOf(seen);
        const ended = (seen.record as SeenRecord).outcome;
        expect(status).toMatchObject({ state: ended?.status, final: true, headline: ended?.headline });
      }),
    );
  });

  test("says something usable about anything, and final only of an end", () => {
    const open = fc.oneof(fc.constant(null), fc.constant(NO_RECORD), fc.constant(record()));
    fc.assert(
      fc.property(anySources(open), (seen) => {
        const status = jobStatusOf(seen);
        expect(status.headline).not.toBe("");
        expect(status.next).not.toBe("");
        if (status.final) expect(["completed", "failed", "cancelled", "terminated"]).toContain(status.state);
        if (status.state === "completed") expect(status.final).toBe(true);
        if (status.percent !== null) expect(status.percent >= 0 && status.percent <= 100).toBe(true);
        if (status.etaSeconds !== null) expect(status.etaSeconds).toBeGreaterThanOrEqual(0);
        if (status.heartbeatAgeSeconds !== null) expect(status.heartbeatAgeSeconds).toBeGreaterThanOrEqual(0);
        if (seen.view === NO_TEMPORAL) expect(status.final).toBe(false);
      }),
    );
  });
});
