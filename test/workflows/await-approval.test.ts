/** The wait of a candidate, with real activities over a real record where nothing else is said. */
import { MockActivityEnvironment } from "@temporalio/testing";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { registryActivities } from "../../src/activities/registry.ts";
import { tendActivities } from "../../src/activities/tend.ts";
import { systemClock } from "../../src/activities/clock.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import type { Round } from "../../src/domain/registry/stage.ts";
import { createApprovals } from "../../src/store/approvals.ts";
import { createCandidateDecisions, type WaitStanding } from "../../src/store/candidate-decisions.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createRegistry, type Registry } from "../../src/store/registry.ts";
import { createCandidateWaits, type CandidateWaits, type Wait } from "../../src/temporal/candidate-waits.ts";
import { createExecutions } from "../../src/temporal/executions.ts";
import { JOB_QUEUE } from "../../src/temporal/job-types.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { until } from "../../lab/until.ts";
import { recordCandidate } from "../support/candidates.ts";
import { SETTINGS } from "../support/job-inputs.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { Stage } from "../support/stage.ts";
import { startTimeSkipping } from "../support/temporal.ts";
import { startScriptedWorker, startWorkflowEnvironment, type RunningWorker } from "../support/workflow-env.ts";

const log = pino({ level: "silent" });

it("ends when nobody decides for 14 days", async () => {
  const env = await startTimeSkipping();
  const left = 14 * 86_400_000;
  const asked: Round[] = [];
  const worker = await startScriptedWorker(env, {
    ...new Stage().activities(createSlots(env.client)),
    settleCandidate: async (wait): Promise<WaitStanding> => {
      asked.push(wait);
      return asked.length === 1
        ? { stage: "waiting", over: false, leftMs: left }
        : { stage: "expired", over: true, leftMs: 0 };
    },
  });
  try {
    const wait = { jobId: "backtest-slow", round: 2 };
    const options = { workflowId: "approval-backtest-slow-2", taskQueue: JOB_QUEUE, args: [wait] };
    const handle = await env.client.workflow.start("awaitApproval", options);
    expect(await handle.result()).toBe("expired");
    const { startTime, closeTime = startTime } = await handle.describe();
    expect(closeTime.getTime() - startTime.getTime()).toBeGreaterThanOrEqual(left);
    expect(asked).toEqual([wait, wait]);
  } finally {
    await worker.stop();
    await env.teardown();
  }
});

describe("over a record", () => {
  let env: TestWorkflowEnvironment;
  let database: TestDatabase;
  let pool: Pool;
  let registry: Registry;
  let waits: CandidateWaits;
  let worker: RunningWorker | null = null;
  beforeAll(async () => {
    [env, database] = await Promise.all([startWorkflowEnvironment(), createTestDatabase()]);
    pool = createPool(database.url);
    registry = createRegistry(pool);
    waits = createCandidateWaits(env.client);
  });
  afterEach(async () => {
    await worker?.stop();
    worker = null;
  });
  afterAll(async () => {
    await pool.end();
    await Promise.all([database.drop(), env.teardown()]);
  });

  const decisions = () => createCandidateDecisions(pool);
  const handleOf = ({ jobId, round }: Round) => env.client.workflow.getHandle(`approval-${jobId}-${round}`);
  async function startWorker(more: Partial<ReturnType<typeof registryActivities>> = {}): Promise<void> {
    const real = registryActivities({ decisions: decisions(), log });
    const activities = { ...new Stage().activities(createSlots(env.client)), ...real, ...more };
    worker = await startScriptedWorker(env, activities);
  }
  /** Each has a symbol of its own, because what is tried on one changes the evidence of all others on it. */
  async function waiting(name: string): Promise<Wait> {
    const jobId = await recordCandidate(createJobWriter(pool), name, { symbol: name.toUpperCase() });
    return await registry.propose({ jobId, by: "claude", reason: "It holds." });
  }
  async function decide(wait: Wait, decision: "approve" | "reject" = "approve") {
    const approvals = createApprovals(pool);
    const { hash } = await approvals.show(wait.jobId);
    const words = { name: wait.strategy, evidence: hash, reason: "I looked.", stage: "waiting" } as const;
    return await approvals.grant({ jobId: wait.jobId, decision, ...words }, "operator ada");
  }
  /** Resolves when its workflow waits for somebody. */
  async function waitsNow(wait: Wait): Promise<void> {
    const idle = async () => {
      const { events = [] } = await handleOf(wait).fetchHistory();
      return (events ?? []).some((event) => event.timerStartedEventAttributes != null);
    };
    await until(idle, { what: `the wait of ${wait.jobId}`, timeoutMs: 60_000 });
  }

  it.each(["approve", "reject"] as const)("%s: the decision is carried out when it is told", async (decision) => {
    await startWorker();
    const wait = await waiting(decision === "approve" ? "yes" : "no");
    await waits.begin(wait);
    await waits.begin(wait);
    await waitsNow(wait);
    await decide(wait, decision);
    await waits.tell(wait, decision);
    expect(await handleOf(wait).result()).toBe(decision === "approve" ? "champion" : "rejected");
  });

  it("a signal alone approves nothing", async () => {
    await startWorker();
    const wait = await waiting("forged");
    await waits.begin(wait);
    await waitsNow(wait);
    await waits.tell(wait, "approve");
    const looked = async () => {
      const { events } = await handleOf(wait).fetchHistory();
      return (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes != null).length === 2;
    };
    await until(looked, { what: "a second look", timeoutMs: 60_000 });
    expect((await handleOf(wait).describe()).status.name).toBe("RUNNING");
    expect(await registry.get(wait.jobId)).toMatchObject({ stage: "waiting" });
  });

  it("withdrawing ends the wait", async () => {
    await startWorker();
    const wait = await waiting("back");
    await waits.begin(wait);
    await waitsNow(wait);
    await registry.withdraw({ jobId: wait.jobId, by: "claude", reason: "Its bars were wrong." });
    await waits.tell(wait, "withdraw");
    expect(await handleOf(wait).result()).toBe("withdrawn");
  });

  it("a worker that dies between the signal and the record, or right after it, costs nothing", async () => {
    const wait = await waiting("killed");
    // Nobody works when the human decides.
    await waits.begin(wait);
    await decide(wait);
    await waits.tell(wait, "approve");
    let deaths = 0;
    await startWorker({
      settleCandidate: async (asked) => {
        const standing = await decisions().settle(asked);
        deaths += 1;
        // It was recorded, and Temporal is not told.
        if (deaths === 1) throw new Error("killed");
        return standing;
      },
    });
    expect(await handleOf(wait).result()).toBe("champion");
    const approved = (await registry.history(wait.jobId)).filter(({ what }) => what === "approved");
    expect([deaths, approved.length]).toEqual([2, 1]);
  });

  it("the warden has it wait on when its workflow is gone, and has decisions carried out whose signal was lost", async () => {
    await startWorker();
    const [gone, lost] = [await waiting("gone"), await waiting("lost")];
    await waits.begin(lost);
    await waitsNow(lost);
    await decide(lost);
    await waits.begin(gone);
    await waitsNow(gone);
    await handleOf(gone).terminate("by an operator");
    const deps = {
      clock: systemClock,
      log,
      decisions: decisions(),
      waits,
      watches: { open: async () => [] },
      slots: { known: async () => [] },
      executions: createExecutions(env.client, SETTINGS),
      jobs: { list: async () => [] },
    } as unknown as ActivityDeps;
    await new MockActivityEnvironment().run(async () => await tendActivities(deps).tendJobs());
    expect(await handleOf(lost).result()).toBe("champion");
    expect((await handleOf(gone).describe()).status.name).toBe("RUNNING");
    await decide(gone);
    await waits.tell(gone, "approve");
    expect(await handleOf(gone).result()).toBe("champion");
  });
});
