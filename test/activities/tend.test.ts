import { MockActivityEnvironment } from "@temporalio/testing";
import pino from "pino";
import { expect, test } from "vitest";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { systemClock } from "../../src/activities/clock.ts";
import { tendActivities } from "../../src/activities/tend.ts";
import type { JobRecord } from "../../src/store/job-row.ts";
import { setInputOf } from "../support/workflow-env.ts";

const open = (jobId: string): JobRecord =>
  ({ ...setInputOf(jobId, 2), namespaceId: null, status: "open" }) as unknown as JobRecord;

test("a terminated job that cannot be settled now keeps no other one from being settled", async () => {
  const rows = ["older", "stuck"].map(open);
  const closed: string[] = [];
  let others = (): void => undefined;
  const olderClosed = new Promise<void>((resolve) => (others = resolve));
  const deps = {
    clock: systemClock,
    log: pino({ level: "silent" }),
    slots: { known: async () => [] },
    executions: { of: async (jobId: string) => (jobId.startsWith("slots-") ? "unknown" : "terminated") },
    jobs: {
      list: async () => rows.filter(({ jobId }) => !closed.includes(jobId)),
      get: async (jobId: string) => {
        if (jobId === "stuck") await olderClosed;
        return rows.find((row) => row.jobId === jobId) ?? null;
      },
      finish: async (jobId: string) => {
        closed.push(jobId);
        if (jobId === "older") others();
      },
    },
  } as unknown as ActivityDeps;
  // Settled one after the other, the stuck one (first to be looked at) would wait for ever.
  const warden = tendActivities(deps);
  await new MockActivityEnvironment().run(async () => await warden.tendJobs());
  expect(closed).toEqual(["older", "stuck"]);
});
