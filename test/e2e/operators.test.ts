/** Every command of docs/operating.md and docs/repair.md is run as written, and does what the page says. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../src/root.ts";
import { jobsInWebUi } from "../../src/domain/web-ui.ts";
import { jobDetails } from "../../src/domain/workflow-details.ts";
import { labelsOf } from "../../src/temporal/start-options.ts";
import { inputOf, TRAINING } from "../support/job-inputs.ts";
import { until } from "../../lab/until.ts";
import { Operator, startServerThatPauses } from "../support/operator.ts";
import { Research, type Answer } from "../support/research.ts";

const PAGES = ["docs/operating.md", "docs/repair.md"];

/** Whatever starts from now on computes for about so many seconds. */
async function lasting(seconds: number): Promise<void> {
  await research.faults([
    { id: "slow-training", fault: "slow_computing", kind: "training", epochDelayMs: (seconds * 1000) / EPOCHS },
    { id: "slow-backtest", fault: "slow_computing", kind: "backtesting", barDelayMs: (seconds * 1000) / BARS },
  ]);
}
const EPOCHS = 12;
const BARS = 750;

/** Seconds, longer than anything that an operator does in a test. What begins after `lasting(0)` is done at once. */
const LONG = 3_600;

const KtrdrStrategy = defineSearchAttributeKey("KtrdrStrategy", SearchAttributeType.KEYWORD);

let research: Research;
let operator: Operator;
let model: string;
let asked = 0;

beforeAll(async () => {
  research = await Research.begin();
  operator = await Operator.begin(research, ...PAGES);
  await warden().delete(); // the last test about the keeper finds it back
  await Promise.all(["alpha", "beta"].map(async (name) => await research.writeStrategy(name)));
  const { task_id } = await train("alpha");
  await research.follow(task_id, "completed");
  model = task_id;
});

const warden = () => operator.client.schedule.getHandle("ktrdr-warden");

afterAll(async () => {
  await operator?.end();
  await research?.end();
});

beforeEach(async () => {
  await lasting(LONG);
});

/** Frees the slots for the next test, however this one ended. */
afterEach(async () => {
  for await (const { workflowId } of operator.client.workflow.list({ query: `KtrdrKind IS NOT NULL AND ${RUNNING}` })) {
    await operator.client.workflow.getHandle(workflowId).cancel();
  }
  await freeSlots();
});

const RUNNING = "ExecutionStatus = 'Running'";

const freeSlots = async (): Promise<void> => {
  await operator.slots("training", [], []);
  await operator.slots("backtest", [], []);
};

/** Another day at each call, on which a window ends. So each request is another one. */
function day(year: number): string {
  asked += 1;
  return new Date(Date.UTC(year, 0, asked)).toISOString().slice(0, 10);
}

const train = async (strategy: string, more: Record<string, unknown> = {}): Promise<Answer> =>
  await research.call("train_model", { strategy, start_date: "2000-01-03", end_date: day(2008), ...more });

const backtest = async (): Promise<Answer> =>
  await research.call("run_backtest", { model, start_date: "2015-01-02", end_date: day(2018) });

const runs = async ({ task_id }: Answer): Promise<string> => {
  await research.follow(task_id, "running");
  await until(async () => (await operator.computing(task_id)).length === 1, {
    what: `KTRDR computing ${task_id}`,
    timeoutMs: 120_000,
  });
  return task_id;
};

const waits = async ({ task_id }: Answer): Promise<string> => {
  await research.follow(task_id, "queued");
  return task_id;
};

/** Starts one training and one backtest, and waits until KTRDR computes both. Then both kinds of worker are busy. */
async function bothRun(): Promise<string[]> {
  return [await runs(await train("alpha")), await runs(await backtest())];
}

async function expectDoneOnce(taskIds: readonly string[]): Promise<void> {
  for (const taskId of taskIds) {
    await research.follow(taskId, "completed");
    expect(await operator.computed(taskId), `computations of ${taskId}`).toBe(1);
    expect(await operator.recorded(taskId)).toMatchObject({ status: "completed" });
  }
}

/** Requests the cancellation as the button of the Web UI does. */
async function requestCancellationInUi(taskId: string): Promise<void> {
  const { addresses, namespace } = research.lab;
  const answer = await fetch(`${addresses.temporalUi}/api/v1/namespaces/${namespace}/workflows/${taskId}/cancel`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: "_csrf=token", "x-csrf-token": "token" },
    body: "{}",
  });
  expect(answer.status).toBe(200);
}

describe("seeing what runs", () => {
  it("shows a running, a queued and a repeated job for what they are", async () => {
    await research.hold();
    const running = await runs(await train("alpha"));
    const queued = await waits(await train("beta"));
    const { task_id: batch } = await train("beta", { repeats: 2 });
    const draws = await operator.children(batch, 2);

    const ofBeta = [queued, batch, ...draws];
    const beta = await listed('temporal workflow list --query "KtrdrStrategy', { STRATEGY: "beta" }, ofBeta);
    expect(beta).not.toContain(running);
    const all = await operator.types('temporal workflow list --query "KtrdrKind');
    for (const taskId of [running, ...ofBeta]) expect(all).toContain(taskId);
    expect(all).not.toMatch(/slots-|warden/);
    expect(await operator.types("temporal workflow count")).toContain("Total: 5");
    // The doctor is run while jobs compute and wait.
    expect(await operator.types("bin/ktrdr-mcp doctor")).toContain("All is well.");
    await listed('temporal workflow list --query "ParentWorkflowId', { TASK_ID: batch }, draws);

    // The first heartbeat comes before the first epoch. The page promises progress only when there is some.
    const progress = /LastHeartbeatDetails +\[.*"percent":\d+.*"step":"Epoch \d+\/12"/;
    let described = "";
    while (!progress.test(described)) {
      described = await operator.types("temporal workflow describe", { TASK_ID: running });
    }
    expect(described).toContain(`train alpha on SPX 1d`);
    expect(described).toContain("| strategy | `alpha` |");
    expect(described).toMatch(/KtrdrStrategy:.*"\\"alpha\\""/);

    expect(await operator.types('temporal workflow query --workflow-id "$TASK_ID"', { TASK_ID: running })).toContain(
      '"phase":"running"',
    );
    const shown = await operator.types("temporal workflow metadata", { TASK_ID: running });
    expect(shown).toContain("**Computing**");
    expect(shown).toContain("asked by");
    const slots = await operator.types("temporal workflow query --workflow-id slots-training");
    expect(slots).toContain(`"held":["${running}"]`);
    expect(slots).toMatch(new RegExp(`"queue":\\[.*"${queued}"`));

    expect(await operator.types("temporal workflow show", { TASK_ID: running })).toContain("ActivityTaskScheduled");
    expect(await operator.types("temporal task-queue describe")).toContain(`${research.lab.pid("worker")}@`);
    await research.release();
    expect(await operator.types("temporal workflow result", { TASK_ID: running })).toContain('"status":"completed"');
    await research.follow(batch, "completed");
  });

  /** Temporal's lists lag, so this asks until all wanted jobs are shown. */
  async function listed(command: string, variables: Record<string, string>, wanted: readonly string[]) {
    let seen = "";
    const complete = async () => {
      seen = await operator.types(command, variables);
      return wanted.every((taskId) => seen.includes(taskId));
    };
    await until(complete, { what: `a list of ${wanted.join(", ")}`, timeoutMs: 120_000 });
    return seen;
  }
});

describe("the Web UI", () => {
  it("is linked with a filter for jobs", async () => {
    const { addresses, namespace } = research.lab;
    const { parts } = await research.call("check_health");
    const detail = `answers; all jobs: ${jobsInWebUi(addresses.temporalUi ?? "", namespace)}`;
    expect(parts).toContainEqual({ part: "temporal", up: true, detail });
  });

  it("renders details as a table, and nothing of what a caller wrote as Markdown or HTML", async () => {
    const text = "![p](https://evil.example)\\| [l](https://evil.example) <img src=x> <b>b</b> `c` $$d$$ {runId}";
    const input = { ...inputOf("train-a-1", TRAINING), client: text, forceReason: "“€” ".repeat(75) };
    const job = { phase: "running", client: text, computation: 1, maxComputations: 3, operationId: text } as const;
    for (const details of [jobDetails(job), labelsOf(input).staticDetails]) {
      const asked = `${research.lab.addresses.temporalUi}/render?content=${encodeURIComponent(details)}`;
      const page = await (await fetch(asked)).text();
      const [, main = ""] = /<main>([^]*)<\/main>/.exec(page) ?? [];
      expect(main).toMatch(/<td><code>!\[p\].*&lt;img src=x&gt;/);
      const tags = Array.from(main.matchAll(/<\/?(\w+)/g), ([, tag = ""]) => tag);
      const ours = ["p", "strong", "em", "code", "table", "thead", "tbody", "tr", "th", "td"];
      expect(tags.filter((tag) => !ours.includes(tag))).toEqual([]);
    }
  });
});

describe("cancelling", () => {
  const WAYS: Record<string, (taskId: string) => Promise<unknown>> = {
    "temporal workflow cancel": async (taskId) =>
      await operator.types("temporal workflow cancel --workflow-id", { TASK_ID: taskId }),
    "the Web UI": requestCancellationInUi,
    cancel_task: async (taskId) => await research.call("cancel_task", { task_id: taskId, reason: "no use" }),
  };

  it.each(Object.keys(WAYS))("by %s stops what runs and what waits, records it and frees the slots", async (way) => {
    const running = await bothRun();
    const queued = [await waits(await train("beta")), await waits(await backtest())];
    for (const taskId of [...queued, ...running]) await WAYS[way]?.(taskId);
    for (const taskId of queued) {
      expect(await operator.recorded(taskId)).toMatchObject({
        status: "cancelled",
        headline: "cancelled before it started",
        operationIds: [],
      });
      expect(await operator.computed(taskId)).toBe(0);
    }
    for (const taskId of running) {
      const outcome = await operator.recorded(taskId);
      expect(outcome).toMatchObject({ status: "cancelled", failure: null, partial: { percent: expect.any(Number) } });
      expect(outcome.headline).toMatch(/^cancelled at \d+ %$/);
      expect(await operator.computing(taskId)).toEqual([]);
      expect(await operator.computed(taskId)).toBe(1);
      const { answer } = await research.follow(taskId, "cancelled");
      expect(answer).toMatchObject({ final: true, headline: outcome.headline });
      await expect(operator.client.workflow.getHandle(taskId).result()).rejects.toThrow("cancelled");
    }
    await freeSlots();
  });

  it("a strategy by query stops all of it and nothing else", async () => {
    const running = await runs(await train("alpha"));
    const others = [await waits(await train("beta"))];
    const queued = await waits(await train("alpha"));
    const tested = await runs(await backtest()); // a backtest of alpha's model
    await allVisible("alpha", 3);
    await lasting(0);
    const answer = await operator.types("temporal workflow cancel --query", { STRATEGY: "alpha", REASON: "runaway" });
    const [, batch = ""] = /job ID: (\S+)/i.exec(answer) ?? [];
    for (const taskId of [running, queued, tested]) {
      expect(await operator.recorded(taskId)).toMatchObject({ status: "cancelled" });
      expect(await operator.computing(taskId)).toEqual([]);
    }
    expect(await operator.types("temporal batch list")).toContain(batch);
    const state = await operator.types("temporal batch describe", { BATCH_ID: batch });
    expect(state).toMatch(/CompletedCount +3\/3/);
    await expectDoneOnce(others);
  });

  it("by query can be ended half-way", async () => {
    // Ending so many takes a while. No worker works on them.
    const many = Array.from({ length: 200 }, async (_, i) => {
      await operator.client.workflow.start("many", {
        workflowId: `many-${i}`,
        taskQueue: "nobody",
        typedSearchAttributes: [{ key: KtrdrStrategy, value: "many" }],
      });
    });
    await Promise.all(many);
    await allVisible("many", 200);
    const variables = { STRATEGY: "many", REASON: "too much" };
    const answer = await operator.types("temporal workflow cancel --query", variables, "--rps 1");
    const [, batch = ""] = /job ID: (\S+)/i.exec(answer) ?? [];
    await operator.types("temporal batch terminate", { BATCH_ID: batch, REASON: "a mistake" });
    expect(await operator.types("temporal batch describe", { BATCH_ID: batch })).toMatch(/State +Failed/);
  });
});

async function allVisible(strategy: string, wanted: number): Promise<void> {
  const query = `KtrdrStrategy = '${strategy}' AND ${RUNNING}`;
  const complete = async () => (await operator.client.workflow.count(query)).count === wanted;
  await until(complete, { what: `${wanted} visible jobs of ${strategy}`, timeoutMs: 120_000 });
}

describe("terminating", () => {
  it("is noticed: computing stops, the record says who ended it, slots are free; the status is true throughout", async () => {
    const running = await bothRun();
    const next = await waits(await train("beta"));
    await lasting(0);
    for (const taskId of running) await terminate(taskId);
    for (const taskId of running) {
      await truthfullyTerminated(taskId);
      expect(await operator.recorded(taskId)).toMatchObject({
        status: "terminated",
        headline: "terminated by an operator",
        operationIds: [expect.any(String)],
      });
      expect(await operator.computing(taskId)).toEqual([]);
      expect(await operator.computed(taskId)).toBe(1);
      const { answer } = await research.follow(taskId, "terminated");
      expect(answer).toMatchObject({
        final: true,
        headline: "terminated by an operator",
        failure: { code: "terminated" },
      });
    }
    await expectDoneOnce([next]);
    await freeSlots();
  });

  it("a waiting job leaves the others alone", async () => {
    const running = await runs(await train("alpha"));
    const queued = await waits(await train("beta"));
    const last = await waits(await train("beta"));
    await terminate(queued);
    expect(await operator.recorded(queued)).toMatchObject({ status: "terminated", operationIds: [] });
    await operator.slots("training", [running], [last]);
    await lasting(0);
    await operator.types("temporal workflow cancel --workflow-id", { TASK_ID: running });
    await expectDoneOnce([last]);
    expect(await operator.computed(queued)).toBe(0);
  });

  it("a batch stops its jobs", async () => {
    const { task_id: batch } = await train("alpha", { repeats: 2 });
    const draws = await operator.children(batch, 2);
    const running = async () => (await Promise.all(draws.map((draw) => operator.computing(draw)))).flat().length === 1;
    await until(running, { what: "a job of the batch computing", timeoutMs: 120_000 });
    await terminate(batch);
    for (const draw of draws) {
      expect(await operator.recorded(draw)).toMatchObject({ status: "cancelled" });
      expect(await operator.computing(draw)).toEqual([]);
    }
    expect(await operator.recorded(batch)).toMatchObject({
      status: "terminated",
      headline: "terminated by an operator",
    });
    await freeSlots();
  });

  it("a strategy by query ends all of it and nothing else", async () => {
    const running = await runs(await train("beta"));
    const queued = await waits(await train("beta"));
    const other = await waits(await train("alpha"));
    await allVisible("beta", 2);
    await lasting(0);
    await operator.types("temporal workflow terminate --query", { STRATEGY: "beta", REASON: "runaway" });
    for (const taskId of [running, queued]) {
      expect(await operator.recorded(taskId)).toMatchObject({ status: "terminated" });
      expect(await operator.computing(taskId)).toEqual([]);
    }
    await expectDoneOnce([other]);
  });

  /** Until the end is recorded, the status must not claim that nothing computes. Afterwards nothing may compute. */
  async function truthfullyTerminated(taskId: string): Promise<void> {
    const heard = new Set<string>();
    const settled = async () => {
      const answer = await research.call("get_task_status", { task_id: taskId });
      expect(answer.state).toBe("terminated");
      heard.add(String(answer["headline"]));
      if (answer["headline"] !== "terminated by an operator") return false;
      expect(await operator.computing(taskId)).toEqual([]);
      return true;
    };
    await until(settled, { what: `${taskId} being settled`, timeoutMs: 120_000 });
    for (const headline of heard)
      expect(headline).toMatch(/KTRDR was not told and may compute on|^terminated by an op/);
  }
});

async function terminate(taskId: string): Promise<void> {
  await operator.types("temporal workflow terminate --workflow-id", { TASK_ID: taskId, REASON: "a test" });
}

describe("resetting", () => {
  const TYPES = ["FirstWorkflowTask", "LastWorkflowTask"];
  const reset = async (taskId: string, type: string): Promise<void> => {
    const beginning = `temporal workflow reset --workflow-id "$TASK_ID" --type ${type}`;
    await operator.types(beginning, { TASK_ID: taskId, REASON: "a test" });
  };

  it.each(TYPES)("a running job to its %s does not compute it twice", async (type) => {
    await research.hold();
    const running = await bothRun();
    for (const taskId of running) await reset(taskId, type);
    for (const taskId of running) await research.follow(taskId, "running");
    await research.release();
    await expectDoneOnce(running);
  });

  it.each(TYPES)("a waiting job to its %s keeps it in the queue", async (type) => {
    await research.hold();
    const running = await runs(await train("alpha"));
    const queued = await waits(await train("beta"));
    await reset(queued, type);
    await operator.slots("training", [running], [queued]);
    await research.release();
    await expectDoneOnce([running, queued]);
  });

  it.each(TYPES)("a finished job to its %s answers from the record", async (type) => {
    await lasting(0);
    const { task_id } = await train("alpha");
    await expectDoneOnce([task_id]);
    const before = await operator.recorded(task_id);
    await reset(task_id, type);
    const again: unknown = await operator.client.workflow.getHandle(task_id).result();
    expect(again).toEqual(before);
    expect(await operator.computed(task_id)).toBe(1);
  });
});

describe("pausing a step", () => {
  it("keeps no cancellation from being carried out at once", async () => {
    const running = await runs(await train("alpha"));
    const id = await pendingActivity(running);
    await operator.types("temporal activity pause", { TASK_ID: running, ACTIVITY_ID: id });
    await operator.types("temporal workflow cancel --workflow-id", { TASK_ID: running });
    expect(await operator.recorded(running)).toMatchObject({ status: "cancelled" });
    expect(await operator.computing(running)).toEqual([]);
  });

  it("loses nothing: the job is done after unpausing", async () => {
    // The computing is slow, not held: an attempt must hear of the pause before the computing ends.
    await lasting(30);
    const running = await bothRun();
    for (const taskId of running) {
      const id = await pendingActivity(taskId);
      await operator.types("temporal activity pause", { TASK_ID: taskId, ACTIVITY_ID: id });
    }
    // KTRDR computes to the end meanwhile, and none of our processes looks.
    for (const taskId of running) {
      const over = async () => (await operator.computing(taskId)).length === 0;
      await until(over, { what: `the end of computing ${taskId}`, timeoutMs: 120_000 });
      expect((await operator.records.get(taskId))?.status).toBe("open");
      const id = await pendingActivity(taskId);
      await operator.types("temporal activity unpause", { TASK_ID: taskId, ACTIVITY_ID: id });
    }
    await expectDoneOnce(running);
  });

  async function pendingActivity(taskId: string): Promise<string> {
    const { raw } = await operator.client.workflow.getHandle(taskId).describe();
    const [pending] = raw.pendingActivities ?? [];
    return pending?.activityId ?? "";
  }
});

describe("KTRDR", () => {
  it("says in two places whether it is idle", async () => {
    const [taskId = ""] = await bothRun();
    expect(await current()).toMatchObject({ registry: taskId, worker: taskId, status: "busy" });
    await operator.types("temporal workflow cancel --workflow-id", { TASK_ID: taskId });
    await operator.recorded(taskId);
    expect(await current()).toMatchObject({ worker: null, status: "idle" });
  });

  async function current() {
    const listed = await operator.types('curl -s "$KTRDR_API_URL');
    const workers = JSON.parse(listed) as Record<string, string | null>[];
    const worker = workers.find(({ worker_type: type }) => type === "training");
    const health = await operator.types('curl -s "$WORKER_URL', { WORKER_URL: worker?.["endpoint_url"] ?? "" });
    const said = JSON.parse(health) as Record<string, unknown>;
    return {
      registry: worker?.["current_operation_id"],
      worker: said["current_operation"],
      status: said["worker_status"],
    };
  }
});

describe("a deploy", () => {
  it("neither cancels nor repeats anything", async () => {
    await research.hold();
    const running = await bothRun();
    const before = research.lab.pid("worker");
    await operator.types("kill -TERM", { WORKER_PID: String(before) });
    await research.lab.back("worker", before);
    await research.release();
    await expectDoneOnce(running);
  });
});

describe("the keeper", () => {
  const LOST: Record<string, (taskId: string) => Promise<unknown>> = {
    terminated: terminate,
    cancelled: async (taskId) => await operator.types("temporal workflow cancel --workflow-id", { TASK_ID: taskId }),
  };

  it.each(Object.keys(LOST))(
    "%s comes back and knows who computes and who waits, also when another job came first",
    async (how) => {
      const running = await runs(await train("alpha"));
      const queued = await waits(await train("beta"));
      await LOST[how]?.("slots-training");
      await closed("slots-training");
      const { task_id: newcomer } = await train("beta"); // its claim starts a new keeper that knows no other job
      await operator.types("temporal schedule trigger");
      await knows([running, queued, newcomer]);
      expect(await operator.computing(running)).toHaveLength(1);
      await lasting(0);
      await operator.types("temporal workflow cancel --workflow-id", { TASK_ID: running });
      await expectDoneOnce([queued, newcomer]);
    },
  );

  it("has a warden whose schedule can be seen, and comes back when it was deleted", async () => {
    const back = async () => (await warden().describe()).scheduleId !== "";
    await until(back, { what: "the warden's schedule", timeoutMs: 120_000 });
    const schedule = await operator.types("temporal schedule describe");
    expect(schedule).toMatch(/Paused +false/);
    expect(schedule).toMatch(/"every":"30s"/);
    // A new run starts when the last one died, not for each look.
    const { count } = await operator.client.workflow.count("WorkflowType = 'warden'");
    expect(count).toBeLessThan(12);
  });

  async function closed(workflowId: string): Promise<void> {
    const { workflow } = operator.client;
    const isClosed = async () => (await workflow.getHandle(workflowId).describe()).status.name !== "RUNNING";
    await until(isClosed, { what: `the end of ${workflowId}`, timeoutMs: 120_000 });
  }

  async function knows(taskIds: readonly string[]): Promise<void> {
    const all = async () => {
      const state = await operator.types("temporal workflow query --workflow-id slots-training");
      return taskIds.every((taskId) => state.includes(`"${taskId}"`)) && state.includes(`"held":["${taskIds[0]}"]`);
    };
    await until(all, { what: `the keeper knowing ${taskIds.join(", ")}`, timeoutMs: 120_000 });
  }
});

describe("the doctor", () => {
  it("has left no trace of the errand that it sent through everything", async () => {
    const forgotten = async () => (await operator.client.workflow.count("WorkflowType = 'probe'")).count === 0;
    await until(forgotten, { what: "the errand being deleted", timeoutMs: 150_000 });
  });
});

describe("pausing a whole job", () => {
  it("is allowed neither by the lab's server nor in production, so that the Web UI offers to cancel", async () => {
    const running = { TASK_ID: await runs(await train("alpha")), REASON: "a test" };
    await expect(operator.types("temporal workflow pause", running)).rejects.toThrow(/pause is not enabled/);
    const { addresses, namespace } = research.lab;
    const answer = await fetch(`${addresses.temporalUi}/api/v1/namespaces/${namespace}`);
    const { namespaceInfo } = (await answer.json()) as { namespaceInfo: { capabilities: { workflowPause?: boolean } } };
    // The Web UI asks for this before it shows *Pause Workflow*.
    expect(namespaceInfo.capabilities.workflowPause ?? false).toBe(false);
  });
});

describe("at a Temporal server of one's own", () => {
  let server: Awaited<ReturnType<typeof startServerThatPauses>>;
  let there: Research;
  let at: Operator;

  beforeAll(async () => {
    server = await startServerThatPauses("research");
    there = await Research.begin("modern", { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: "research" });
    at = await Operator.begin(there, ...PAGES);
    await Promise.all(["alpha", "beta"].map(async (name) => await there.writeStrategy(name)));
  });
  afterAll(async () => {
    await at?.end();
    await there?.end();
    await server?.stop();
  });

  const ask = async (strategy: string, more: Record<string, unknown> = {}): Promise<string> =>
    (await there.call("train_model", { strategy, start_date: "2000-01-03", end_date: day(2008), ...more })).task_id;

  it("a paused job loses nothing, is listed as open and goes on", async () => {
    await there.hold();
    const taskId = await ask("alpha");
    await there.follow(taskId, "running");
    const variables = { TASK_ID: taskId, REASON: "a test" };
    await at.types("temporal workflow pause", variables);
    await expect(at.types("temporal workflow metadata", variables)).rejects.toThrow(/rejected/i);
    const { answer } = await there.follow(taskId, "stalled");
    expect(answer["headline"]).toMatch(/^Paused by an operator in Temporal. KTRDR computes on/);
    await there.release();
    const over = async () => (await at.computing(taskId)).length === 0;
    await until(over, { what: "the end of computing", timeoutMs: 120_000 });
    expect((await at.records.get(taskId))?.status).toBe("open");
    await at.types("temporal workflow unpause", variables);
    await there.follow(taskId, "completed");
    expect(await at.computed(taskId)).toBe(1);
  });

  it("a paused job is cancelled by the tool at once, and by an operator when it is resumed", async () => {
    await there.hold();
    for (const by of ["cancel_task", "operator"]) {
      const taskId = await ask("alpha");
      await there.follow(taskId, "running");
      const variables = { TASK_ID: taskId, REASON: "a test" };
      await at.types("temporal workflow pause", variables);
      await there.follow(taskId, "stalled");
      if (by === "cancel_task") await there.call("cancel_task", { task_id: taskId, reason: "a test" });
      else {
        await at.types("temporal workflow cancel --workflow-id", variables);
        expect(await there.call("get_task_status", { task_id: taskId })).toMatchObject({
          state: "stalled",
          headline: expect.stringContaining("the cancellation is requested"),
        });
        expect(await at.computing(taskId)).toHaveLength(1);
        await at.types("temporal workflow unpause", variables);
      }
      expect(await at.recorded(taskId)).toMatchObject({ status: "cancelled" });
      expect(await at.computing(taskId)).toEqual([]);
      expect(await at.computed(taskId)).toBe(1);
    }
  });

  it("a paused job that waited holds up its kind when its turn comes, until it is cancelled", async () => {
    await there.hold();
    const first = await ask("alpha");
    await there.follow(first, "running");
    const paused = await ask("beta");
    await at.slots("training", [first], [paused]);
    const last = await ask("beta");
    await at.slots("training", [first], [paused, last]);
    await at.types("temporal workflow pause", { TASK_ID: paused, REASON: "a test" });
    await at.types("temporal workflow cancel --workflow-id", { TASK_ID: first });
    await at.slots("training", [paused], [last]);
    expect(await there.call("get_task_status", { task_id: last })).toMatchObject({ state: "queued" });
    await there.call("cancel_task", { task_id: paused, reason: "a test" });
    expect(await at.recorded(paused)).toMatchObject({ status: "cancelled" });
    await there.release();
    await there.follow(last, "completed");
  });

  it("a paused job that no worker has seen is listed as open", async () => {
    await at.client.workflow.start("trainModel", {
      workflowId: "train-unseen-1",
      taskQueue: "nobody",
      memo: { kind: "training" },
    });
    await at.types("temporal workflow pause", { TASK_ID: "train-unseen-1", REASON: "a test" });
    const paused = async () => (await at.client.workflow.count("ExecutionStatus = 'Paused'")).count === 1;
    await until(paused, { what: "Temporal listing it as paused", timeoutMs: 120_000 });
    const shown = async () => {
      const { tasks } = await there.call("list_tasks", { status: "open" });
      return JSON.stringify(tasks).includes("train-unseen-1");
    };
    await until(shown, { what: "list_tasks showing it", timeoutMs: 120_000 });
    await at.client.workflow.getHandle("train-unseen-1").terminate();
  });

  it("a deleted namespace is named in every answer; made again, all jobs go on by themselves, computed once", async () => {
    await there.hold();
    const running = await ask("alpha");
    await there.follow(running, "running");
    const queued = await ask("beta");
    const batch = await ask("beta", { repeats: 2 });
    const draws = await at.children(batch, 2);
    const admitted = async () => (await at.records.get(queued)) !== null;
    await until(admitted, { what: "all being on record", timeoutMs: 120_000 });

    await at.types("temporal operator namespace delete");
    await there.follow(running, "unknown");
    const missing = 'Temporal has no namespace "research".';
    expect(await there.call("get_task_status", { task_id: queued })).toMatchObject({
      state: "unknown",
      final: false,
      headline: expect.stringContaining(missing),
      next: expect.stringContaining("temporal operator namespace create --namespace research"),
    });
    await expect(ask("alpha")).rejects.toThrow(missing);
    await expect(there.call("cancel_task", { task_id: queued, reason: "a test" })).rejects.toThrow(missing);
    expect(await there.call("list_tasks")).toMatchObject({ incomplete: expect.stringContaining(missing) });
    const health = (await there.call("check_health"))["parts"] as { part: string; up: boolean; detail: string }[];
    expect(health.find(({ part }) => part === "temporal")).toMatchObject({
      up: false,
      detail: expect.stringContaining(missing),
    });
    const doctor = await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["doctor"], { env: there.lab.env, reject: false });
    expect(doctor.stdout).toMatch(/^✘ Temporal +\S+ has no namespace research$/m);

    await at.types("temporal operator namespace create");
    await there.follow(running, "running");
    await there.release();
    for (const taskId of [running, queued, batch]) await there.follow(taskId, "completed");
    for (const taskId of [running, queued, ...draws]) {
      expect(await at.computed(taskId), `computations of ${taskId}`).toBe(1);
      expect(await at.recorded(taskId)).toMatchObject({ status: "completed", faultsSeen: [] });
    }
    expect(await there.call("get_results", { task_id: batch })).toMatchObject({
      headline: expect.stringMatching(/^2 of 2 /),
    });
    const byStrategy = "KtrdrStrategy = 'alpha'";
    const searchable = async () => (await at.client.workflow.count(byStrategy)).count === 1;
    await until(searchable, { what: "the job being found by its strategy", timeoutMs: 120_000 });
  });
});

describe("a lab whose Temporal forgot everything", () => {
  it("has its namespace again by itself, and its jobs, twice in a row", async () => {
    await research.hold();
    const running = await bothRun();
    const { namespace, dir } = research.lab;
    await forgotten(running, async () => {
      await operator.client.connection.operatorService.deleteNamespace({ namespace });
    });
    await forgotten(running, async () => {
      const files = ["temporal.db", "temporal.db-wal", "temporal.db-shm"];
      await Promise.all(files.map(async (file) => await rm(path.join(dir, file), { force: true })));
      research.lab.kill("temporal");
    });
    await research.release();
    await expectDoneOnce(running);
    await freeSlots();
  });

  /** Makes Temporal forget jobs. Resolves when each that is open on record has a new workflow. */
  async function forgotten(taskIds: readonly string[], forget: () => Promise<void>): Promise<void> {
    const before = new Map<string, string>();
    for (const taskId of taskIds) before.set(taskId, await runOf(taskId));
    await forget();
    for (const taskId of taskIds) {
      const again = async () =>
        (await operator.records.get(taskId))?.status !== "open" || (await runOf(taskId)) !== before.get(taskId);
      await until(again, { what: `a workflow of ${taskId} started again`, timeoutMs: 120_000 });
    }
  }

  /** The run id of a job; empty when the job ended on record. */
  const runOf = async (taskId: string): Promise<string> => {
    if ((await operator.records.get(taskId))?.status !== "open") return "";
    return (await operator.client.workflow.getHandle(taskId).describe()).runId;
  };
});

it("every command of the pages was run", () => {
  expect(operator.left).toEqual([]);
});
