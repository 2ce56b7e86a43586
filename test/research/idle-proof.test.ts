/** What counts as proof that KTRDR is idle, finding by finding. test/e2e/standing-orders.test.ts runs the whole way. */
import { expect, it } from "vitest";
import { doubtsOf, type WorkerState } from "../../src/research/stopping/idle-proof.ts";

const idle: WorkerState = { worker: "w1", state: "idle", operationId: null, jobId: null, askedForStopped: false };
const busy: WorkerState = { ...idle, state: "busy", operationId: "op-1" };
const none = new Set<string>();

it.each<[string, WorkerState[], ReadonlySet<string>, boolean, number]>([
  ["an idle worker", [idle], none, true, 0],
  ["nobody asked, as after a restart of KTRDR's API", [], none, true, 1],
  ["nobody asked, where only some jobs were to be stopped", [], none, false, 0],
  ["a worker that cannot be reached", [{ ...idle, state: "unreachable" }], none, false, 1],
  ["a worker that is gone", [{ ...idle, state: "gone" }], none, true, 0],
  ["a computation of a stopped job", [{ ...busy, jobId: "job" }], new Set(["job"]), false, 1],
  ["a computation of another job", [{ ...busy, jobId: "other" }], new Set(["job"]), false, 0],
  ["an unknown computation elsewhere", [busy], new Set(["job"]), false, 0],
  ["an unknown computation where a stopped job computed", [{ ...busy, askedForStopped: true }], none, false, 1],
  ["any computation, where all is to be idle", [busy], none, true, 1],
])("%s", (_name, workers, stopped, everything, doubts) => {
  expect(doubtsOf({ workers, dataLoads: [] }, stopped, everything)).toHaveLength(doubts);
});

it("a data load counts only where all is to be idle", () => {
  const proof = { workers: [idle], dataLoads: ["op-load"] };
  expect(doubtsOf(proof, none, true)).toEqual(["KTRDR's API runs the data load op-load"]);
  expect(doubtsOf(proof, none, false)).toEqual([]);
});
