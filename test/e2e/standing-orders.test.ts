/** docs/limits.md with real processes: orders hold and survive, and what operators stop is proven to have stopped. */
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKtrdr } from "../../src/ktrdr/ktrdr.ts";
import { ROOT } from "../../src/root.ts";
import { until } from "../../lab/until.ts";
import { Operator } from "../support/operator.ts";
import { Research, type Answer } from "../support/research.ts";
import { callPatiently, connectServer, textOf } from "../support/mcp.ts";

const EPOCHS = 12;
/** Seconds: longer than anything that an operator does in a test. */
const LONG = 3_600;

let research: Research;
let operator: Operator;
let asked = 0;

beforeAll(async () => {
  research = await Research.begin();
  operator = await Operator.begin(research, "docs/limits.md");
  await Promise.all(["alpha", "beta"].map(async (name) => await research.writeStrategy(name)));
});

afterAll(async () => {
  await operator?.end();
  await research?.end();
});

/** Whatever starts from now on computes for about so many seconds. */
const lasting = async (seconds: number): Promise<void> =>
  await research.faults([
    { id: "slow", fault: "slow_computing", kind: "training", epochDelayMs: (seconds * 1_000) / EPOCHS },
  ]);

function request(strategy: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  asked += 1;
  const end = new Date(Date.UTC(2008, 0, asked)).toISOString().slice(0, 10);
  return { strategy, start_date: "2000-01-03", end_date: end, ...more };
}

const train = async (strategy: string, more: Record<string, unknown> = {}): Promise<string> =>
  (await research.call("train_model", request(strategy, more))).task_id;

const refused = async (args: Record<string, unknown>): Promise<string> => {
  const answer = await callPatiently(research.client, "train_model", args);
  expect(answer.isError).toBe(true);
  return textOf(answer);
};

async function running(taskId: string): Promise<void> {
  await research.follow(taskId, "running");
  await until(async () => (await operator.computing(taskId)).length === 1, {
    what: `KTRDR computing ${taskId}`,
    timeoutMs: 120_000,
  });
}

/** Waits until the status of a queued job says why it waits. */
async function waitsBecause(taskId: string, reason: string): Promise<void> {
  let seen: Answer | undefined;
  const said = async () => {
    seen = await research.call("get_task_status", { task_id: taskId });
    return String(seen["headline"]).includes(reason);
  };
  await until(said, { what: `${taskId} waiting because ${reason}`, timeoutMs: 120_000 }).catch((cause: unknown) => {
    throw new Error(JSON.stringify(seen), { cause });
  });
  expect(seen?.state).toBe("queued");
}

interface Stopped {
  readonly code: number | undefined;
  readonly out: string;
  readonly json: {
    readonly proven: boolean;
    readonly jobs: readonly string[];
    readonly stillOpen: readonly string[];
    readonly doubts: readonly string[];
    readonly workers: readonly { readonly worker: string; readonly state: string }[];
  };
}

/** Runs `stop-research`, whatever its exit code is. */
const stops = async (...args: string[]): Promise<Stopped> => await stopsWith({}, ...args);

async function stopsWith(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Stopped> {
  const file = path.join(ROOT, "bin/ktrdr-mcp");
  const { exitCode, stdout, stderr } = await execa(file, ["stop-research", ...args, "--json"], {
    env: { ...research.lab.env, ...env },
    reject: false,
  });
  // Without JSON it ended by an error, which tells more than that nothing could be parsed.
  if (stdout === "") throw new Error(`stop-research ended with ${exitCode}: ${stderr}`);
  return { code: exitCode, out: stdout + stderr, json: JSON.parse(stdout) as Stopped["json"] };
}

const computedOnce = async (taskId: string): Promise<void> => {
  await research.follow(taskId, "completed");
  expect(await operator.computed(taskId), `computations of ${taskId}`).toBe(1);
};

describe("a pause", () => {
  it("lets running jobs go on, starts no other, is told, and survives the death of every part", async () => {
    await research.hold();
    const runs = await train("alpha");
    await running(runs);
    const known = request("beta");
    const { task_id: waits } = await research.call("train_model", known);
    expect(await operator.types("bin/ktrdr-mcp pause-research", { REASON: "KTRDR is being moved" })).toContain(
      "2 jobs are open",
    );
    await waitsBecause(waits, "research is paused by the operator: KTRDR is being moved");
    const text = await refused(request("beta"));
    expect(text).toMatch(/^\[research_paused -32001\] .*KTRDR is being moved.*resume-research/);
    expect(await research.call("train_model", known)).toMatchObject({ task_id: waits, existing: true });

    const { lab } = research;
    for (const part of ["worker", "temporal", "postgres"]) await lab.back(part, lab.kill(part));
    await research.release();
    await computedOnce(runs);
    await waitsBecause(waits, "research is paused by the operator: KTRDR is being moved");
    expect(await operator.computed(waits)).toBe(0);

    await operator.types("bin/ktrdr-mcp resume-research");
    await computedOnce(waits);
  });
});

describe("a budget", () => {
  it("holds the queue and refuses new jobs once it is used up, until it is raised", async () => {
    await lasting(0);
    await computedOnce(await train("alpha")); // uses some of the budget
    expect(await operator.types('bin/ktrdr-mcp budget "$HOURS"', { HOURS: "0.5" })).toMatch(
      /^0(\.\d+)? h of 0\.5 h used since midnight UTC; it renews at \d{4}-\d\d-\d\d 00:00 UTC/,
    );
    await lasting(LONG);
    const runs = await train("alpha");
    await running(runs);
    const waits = await train("beta");
    const over = await operator.types('bin/ktrdr-mcp budget "$HOURS"', { HOURS: "0.0001" });
    expect(over).toContain("used up");
    await waitsBecause(waits, "today's computing budget of 0 h is used up; it renews at");
    expect(await refused(request("beta"))).toMatch(
      /^\[budget_exhausted -32001\] .* repeat the call after \d{4}-\d\d-\d\d 00:00 UTC/,
    );
    expect((await research.call("get_task_status", { task_id: runs })).state).toBe("running");
    await research.call("cancel_task", { task_id: runs, reason: "it served" });
    await waitsBecause(waits, "today's computing budget");
    await lasting(0);
    expect(await operator.types("bin/ktrdr-mcp budget off")).toContain("No computing budget is set.");
    await computedOnce(waits);
    expect(await operator.types("bin/ktrdr-mcp budget")).toContain("No computing budget is set.");
  });
});

describe("stopping", () => {
  const REASON = "it runs away";

  it("a strategy stops all of it and nothing else, and proves it", async () => {
    await lasting(LONG);
    const runs = await train("alpha");
    await running(runs);
    const queued = await train("alpha");
    const draws = await train("alpha", { repeats: 2 });
    // If only its items were stopped, the batch would begin another one for each.
    const batch = await research.call("start_batch", {
      work: "train",
      strategies: ["alpha", "beta"],
      draws: 4,
      periods: [{ train: ["2000-01-03", "2006-12-29"] }],
    });
    const admitted = async () => (await operator.admitted(batch.task_id)).length > 0;
    await until(admitted, { what: "the batch's first job", timeoutMs: 120_000 });
    const other = await train("beta");
    const said = await operator.types('bin/ktrdr-mcp stop-research --strategy "$STRATEGY"', {
      STRATEGY: "alpha",
      REASON,
    });
    expect(said).toMatch(/\d jobs were stopped\./);
    expect(said).toContain("✔ Proven: no worker of KTRDR computes any of them.");
    const children = await Promise.all([draws, batch.task_id].map((id) => operator.admitted(id)));
    for (const taskId of [runs, queued, draws, batch.task_id, ...children.flat()]) {
      expect((await operator.recorded(taskId)).status, taskId).toBe("cancelled");
      expect(await operator.computing(taskId)).toEqual([]);
    }
    await running(other); // its turn has come
    // Nothing was paused: a new job is taken.
    await research.call("cancel_task", { task_id: await train("alpha"), reason: "it served" });

    const byClient = await operator.types('bin/ktrdr-mcp stop-research --client "$CLIENT"', {
      CLIENT: "interop-test",
      REASON,
    });
    expect(byClient).toContain("✔ Proven");
    expect((await operator.recorded(other)).status).toBe("cancelled");
  });

  it("everything stops also what is started meanwhile, pauses, and proves that every worker is idle", async () => {
    await lasting(LONG);
    const first = await train("alpha");
    await running(first);
    const stopping = operator.types("bin/ktrdr-mcp stop-research --all", { REASON });
    // Claude starts jobs until it is refused. Some of them come after the first look at the open jobs.
    const started: string[] = [first];
    for (;;) {
      const answer = await callPatiently(research.client, "train_model", request("beta"));
      if (answer.isError === true) {
        expect(textOf(answer)).toContain(`[research_paused -32001]`);
        expect(textOf(answer)).toContain(REASON);
        break;
      }
      started.push((answer.structuredContent as Answer).task_id);
    }
    const said = await stopping;
    const answer = JSON.parse(said.slice(said.indexOf("\n{"))) as Stopped["json"];
    expect(answer).toMatchObject({ proven: true, stillOpen: [], doubts: [] });
    expect(answer.workers.map(({ state }) => state)).toEqual(["idle", "idle"]);
    for (const taskId of started) {
      expect((await operator.recorded(taskId)).status, taskId).toBe("cancelled");
      expect(await operator.computing(taskId)).toEqual([]);
    }
    // A second run has nothing to stop, and proves it again.
    expect(await stops("--all")).toMatchObject({ code: 0, json: { proven: true, jobs: [] } });
  });

  it("is not called proven while a worker computes something that is not ours, or cannot be reached", async () => {
    await lasting(LONG);
    const ktrdr = createKtrdr({ baseUrl: research.lab.addresses.ktrdr, requestTimeoutMs: 10_000 });
    try {
      await ktrdr.trainings.start({
        strategyName: "alpha",
        operationId: "somebody-elses",
        symbols: ["SPX"],
        timeframes: ["1d"],
        startDate: "2000-01-03",
        endDate: "2007-12-31",
      });
      const [busy, own] = await Promise.all([stops("--all"), stops("--strategy", "alpha")]);
      expect(busy.code).toBe(1);
      expect(busy.json.proven).toBe(false);
      expect(busy.json.doubts).toEqual([
        expect.stringMatching(/^training-1 \(http.*\) is busy with somebody-elses, which belongs to no job on record$/),
      ]);
      // No worker computes a job of this strategy, which is all that was asked.
      expect(own).toMatchObject({ code: 0, json: { proven: true } });

      const frozen = research.lab.pid("ktrdr-backtesting");
      process.kill(frozen, "SIGSTOP");
      const silent = await stops("--strategy", "alpha").finally(() => process.kill(frozen, "SIGCONT"));
      expect(silent.code).toBe(1);
      expect(silent.json.doubts).toEqual([
        expect.stringMatching(/^backtesting-1 \(http.*\) cannot be reached: it may compute$/),
      ]);
      await ktrdr.operations.cancel("somebody-elses", "it served");
    } finally {
      ktrdr.close();
    }
    await operator.types("bin/ktrdr-mcp resume-research");
  });

  it("is not called proven while KTRDR cannot be asked, and takes effect as soon as it can", async () => {
    await lasting(LONG);
    const taskId = await train("beta");
    await running(taskId);
    const frozen = research.lab.pid("ktrdr-api");
    process.kill(frozen, "SIGSTOP");
    const impatient = { KTRDR_REQUEST_TIMEOUT_MS: "1000" };
    const silent = await stopsWith(impatient, "--strategy", "beta", "--timeout", "2").finally(() =>
      process.kill(frozen, "SIGCONT"),
    );
    expect(silent).toMatchObject({ code: 1, json: { proven: false, stillOpen: [taskId] } });
    expect(silent.json.doubts).toEqual([
      `the job ${taskId} has not ended`,
      expect.stringMatching(/^KTRDR cannot be asked: /),
    ]);
    await research.follow(taskId, "cancelled");
    expect(await stops("--strategy", "beta")).toMatchObject({ code: 0, json: { proven: true, jobs: [] } });
    expect(await operator.computing(taskId)).toEqual([]);
  });

  it("asks which jobs are meant", async () => {
    const file = path.join(ROOT, "bin/ktrdr-mcp");
    const senseless = [
      ["stop-research"],
      ["stop-research", "--all", "--strategy", "x"],
      ["stop-research", "--all", "--timeout", "soon"],
      ["pause-research", "--everything"],
      ["budget", "lots"],
    ];
    const ended = await Promise.all(
      senseless.map(async (args) => await execa(file, args, { env: research.lab.env, reject: false })),
    );
    ended.forEach(({ exitCode, stderr }, index) => {
      expect(exitCode, stderr).toBe(2);
      expect(stderr).toContain(`Usage: ktrdr-mcp ${senseless[index]?.[0]}`);
    });
  });
});

describe("the limits of a server process", () => {
  it("come from its environment: one that is too large takes no job, one that is asked too often says when to ask", async () => {
    const env = { ...research.lab.env, LIMIT_MEMORY_MB: "1", LIMIT_CALLS_PER_MINUTE: "2" };
    const client = await connectServer("modern", env);
    try {
      const refusal = await client.call("train_model", request("alpha"));
      expect(textOf(refusal)).toMatch(/^\[overloaded -32001\] This server uses \d+ MB of the 1 MB/);
      // All at once: one after the other, on a slow machine, each would find a minute that has begun anew.
      const asked = await Promise.all(Array.from({ length: 8 }, () => client.call("list_tasks")));
      const refused = asked.map(textOf).filter((text) => text.startsWith("[rate_limited"));
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(asked.length);
      for (const text of refused) expect(text).toMatch(/^\[rate_limited -32001\] .* repeat the call in \d+ s/);
      expect(textOf(await client.call("check_health"))).not.toContain("[rate_limited");
    } finally {
      await client.close();
    }
  });
});

it("every command of the page was run", () => {
  expect(operator.left).toEqual([]);
});
