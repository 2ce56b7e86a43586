import { MockActivityEnvironment } from "@temporalio/testing";
import pino from "pino";
import { describe, expect, test } from "vitest";
import { admitActivities } from "../../src/activities/admit.ts";
import { bringBack } from "../../src/activities/bring-back.ts";
import { systemClock } from "../../src/activities/clock.ts";
import { settle } from "../../src/activities/settle.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { standingOf } from "../../src/activities/standing.ts";
import type { ComputationRecord, JobRecord } from "../../src/store/job-row.ts";
import { inputOf, TRAINING } from "../support/job-inputs.ts";

const NOW = "namespace-now";

/** A Temporal whose present namespace is `NOW`. `living` are the ids of all namespaces that exist. */
function world({ living = [NOW], parent = "open" }: { living?: readonly string[]; parent?: string } = {}) {
  const started: string[] = [];
  const deps = {
    log: pino({ level: "silent" }),
    jobs: { get: async () => ({ status: parent }) },
    executions: {
      namespaceId: async () => NOW,
      namespaceLives: async (id: string) => living.includes(id),
      startAgain: async (job: object, experimentId: string | null) =>
        void started.push(JSON.stringify({ ...job, experimentId })),
    },
    experimentOf: async () => "experiment-1",
  } as unknown as ActivityDeps;
  return { deps, started };
}

const { settings: _settings, ...asked } = inputOf("train-x-1", TRAINING);
const job = (more: Partial<JobRecord>): JobRecord => ({ ...asked, namespaceId: "gone", ...more }) as JobRecord;

describe("a job that is open on record and unknown to Temporal", () => {
  test("of a namespace that is gone is started again as it was asked for", async () => {
    const { deps, started } = world();
    expect(await bringBack(deps, job({ priority: 1, forceReason: "another look" }))).toBe(true);
    expect(started.map((text) => JSON.parse(text) as unknown)).toEqual([
      { ...asked, priority: 1, forceReason: "another look", experimentId: "experiment-1" },
    ]);
  });

  test.each([
    ["of this very namespace is nobody's: its workflow was deleted", job({ namespaceId: NOW }), {}, false],
    ["of an unknown namespace is nobody's", job({ namespaceId: null }), {}, false],
    ["of another living namespace is left alone", job({}), { living: [NOW, "gone"] }, true],
    ["of an open set is left to its set", job({ parentJobId: "set-1" }), {}, true],
    ["of a closed set is nobody's", job({ parentJobId: "set-1" }), { parent: "cancelled" }, false],
  ])("%s and not started", async (_title, record, circumstances, keeps) => {
    const { deps, started } = world(circumstances);
    expect(await bringBack(deps, record)).toBe(keeps);
    expect(started).toEqual([]);
  });
});

describe("a job whose workflow seems to be gone", () => {
  /** @param later what Temporal answers at the second look */
  async function settled(later: { execution: string; namespace: string }) {
    const { deps, started } = world({ living: [later.namespace] });
    const ended: string[] = [];
    let waited = 0;
    const record = { ...job({ namespaceId: "first" }), status: "open" };
    const seen = <T>(first: T, second: T) => (waited === 0 ? first : second);
    const full = {
      ...deps,
      clock: { ...systemClock, sleep: async (ms: number) => void (waited += ms) },
      jobs: {
        get: async () => record,
        computations: async () => [],
        finish: async (_id: string, outcome: { status: string }) => void ended.push(outcome.status),
      },
      executions: {
        ...deps.executions,
        of: async () => seen("unknown", later.execution),
        namespaceId: async () => seen("first", later.namespace),
      },
      slots: { release: async () => undefined },
    } as unknown as ActivityDeps;
    await new MockActivityEnvironment().run(async () => await settle(full, "train-x-1"));
    return { ended, started: started.length, waited: waited > 0 };
  }

  test.each([
    ["is ended when it still is", { execution: "unknown", namespace: "first" }, { ended: ["failed"], started: 0 }],
    ["is started again when its namespace went with it", { execution: "unknown", namespace: "new" }, { started: 1 }],
    ["is left alone when it is there after all", { execution: "open", namespace: "first" }, { started: 0 }],
  ])("%s, after another look", async (_title, later, expected) => {
    expect(await settled(later)).toEqual({ ended: [], waited: true, ...expected });
  });
});

describe("the admission of a job", () => {
  const admit = async (execution: string) => {
    const recorded: (string | null)[] = [];
    const deps = {
      jobs: {
        admit: async (_input: object, _text: string | null, namespace: string | null) => {
          recorded.push(namespace);
          return {};
        },
        computations: async () => [],
      },
      strategies: { read: async () => ({ text: "" }) },
      slots: { claim: async () => undefined },
      executions: { namespaceId: async () => NOW, of: async () => execution },
    } as unknown as ActivityDeps;
    await admitActivities(deps).admitJob(inputOf("train-x-1", TRAINING), 1);
    return recorded;
  };

  test("records the namespace that has its workflow", async () => {
    expect(await admit("open")).toEqual([NOW]);
  });
  test("waits where a namespace of the same name does not have it", async () => {
    await expect(admit("unknown")).rejects.toMatchObject({ code: "temporal_unavailable", retryable: true });
  });
});

describe("where a job stands by its record", () => {
  const run = (n: number, more: Partial<ComputationRecord> = {}): ComputationRecord =>
    ({ n, operationId: null, fate: null, ...more }) as ComputationRecord;

  test.each([
    ["never begun", [], { computation: 1, slot: "queued" }],
    ["begun, operation unknown", [run(1)], { computation: 1, slot: "granted" }],
    ["computing", [run(1, { operationId: "a" })], { computation: 1, slot: "in_use" }],
    ["lost", [run(1, { operationId: "a", fate: "lost" })], { computation: 2, slot: "queued" }],
    [
      "computed again",
      [run(1, { operationId: "a", fate: "lost" }), run(2, { operationId: "b" })],
      { computation: 2, slot: "in_use" },
    ],
    ["over, not recorded yet", [run(1, { operationId: "a", fate: "completed" })], { computation: 1, slot: "in_use" }],
  ] as const)("%s", (_title, computations, standing) => {
    expect(standingOf(computations)).toEqual(standing);
  });
});
