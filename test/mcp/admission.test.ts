/** Each limit through a real server and client: what is refused and in which words, and what is still answered. */
import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createAdmission, type Admission } from "../../src/mcp/admission/admission.ts";
import type { Limits } from "../../src/mcp/admission/limits.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { createPool } from "../../src/store/pool.ts";
import { createResearchControl } from "../../src/store/research-control.ts";
import { NO_LIMITS, startStack, type Stack } from "../support/mcp-stack.ts";
import { jobInput, trainingRequest } from "../store/samples.ts";

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function stackOf(wanted: Parameters<typeof startStack>[0]): Promise<Stack> {
  const stack = await startStack(wanted);
  undo.push(() => stack.stop());
  return stack;
}

const admissionOf = (limits: Partial<Limits>): Admission => createAdmission({ ...NO_LIMITS, ...limits }, () => 0);

/** A request whose job stays open: the Temporal server is real, but no worker of ours serves it. */
const load = (symbol: string) => ({ symbol, timeframe: "1d", mode: "tail", end_date: "2020-01-31" });

describe("calls a minute", () => {
  it("are counted for each tool, and the refusal says when the next may be made", async () => {
    const stack = await stackOf({ limits: { callsPerMinute: 3 } });
    for (let call = 0; call < 3; call += 1) await stack.ask("list_strategies");
    expect(await stack.refused("list_strategies")).toMatch(
      /^\[rate_limited -32001\] list_strategies was called more than 3 times within a minute\. Why: .* Next: repeat the call in (60|[1-5]?\d) s;/,
    );
    await stack.ask("get_strategy_schema");
  });

  it("of one client that calls 10,000 times never cost another one a call", async () => {
    const admission = admissionOf({ callsPerMinute: 100, callsAtOnce: 10 });
    const outcome = async (caller: string) =>
      await admission
        .call(caller, "list_tasks", {}, async () => "answered")
        .catch((error: { code: string }) => error.code);
    const greedy = Array.from({ length: 10_000 }, () => outcome("greedy"));
    const modest = await Promise.all(Array.from({ length: 10 }, () => outcome("modest")));
    expect(modest).toEqual(Array.from({ length: 10 }, () => "answered"));
    const answers = await Promise.all(greedy);
    const answered = answers.filter((answer) => answer === "answered").length;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThanOrEqual(100);
    expect(new Set(answers)).toEqual(new Set(["answered", "rate_limited"]));
  });
});

describe("calls at once", () => {
  /** Calls that are answered when the test releases them. */
  function held() {
    const release: (() => void)[] = [];
    const call = () => new Promise<string>((resolve) => release.push(() => resolve("answered")));
    return { call, release };
  }

  it("wait for their turn up to a point, of each client apart", async () => {
    const admission = admissionOf({ callsAtOnce: 2 });
    const { call, release } = held();
    const ask = (caller: string) => admission.call(caller, "list_tasks", {}, call);
    const calls = Array.from({ length: 10 }, () => ask("greedy"));
    await expect(ask("greedy")).rejects.toMatchObject({
      code: "rate_limited",
      what: "More than 2 calls of this client are being answered, and 8 more wait already.",
      next: expect.stringContaining("repeat the call in 1 s"),
    });
    expect(release).toHaveLength(2);
    const other = ask("modest");
    await expect.poll(() => release.length).toBe(3);
    for (let done = 0; done < 11; done += 1) {
      await expect.poll(() => release.length).toBeGreaterThan(done);
      release[done]?.();
    }
    expect(await Promise.all([...calls, other])).toHaveLength(11);
  });

  it("are not made any more when the client gave them up before their turn", async () => {
    const stack = await stackOf({ limits: { callsAtOnce: 1 } });
    const pool = createPool(stack.databaseUrl);
    const holder = await pool.connect();
    undo.push(async () => {
      holder.release();
      await pool.end();
    });
    await holder.query("begin");
    await holder.query("lock table jobs in access exclusive mode");
    const first = stack.call("list_tasks");
    const leave = new AbortController();
    const text = EXAMPLE_STRATEGY.replaceAll(EXAMPLE_NAME, "never_written");
    const second = stack.call("create_strategy", { yaml: text }, { signal: leave.signal });
    // The second call has come in, and waits behind the first.
    await setImmediate();
    leave.abort();
    await expect(second).rejects.toThrow();
    await holder.query("rollback");
    expect((await first).isError).not.toBe(true);
    const logged = await stack.logged();
    expect((await logged.recent()).map(({ tool, errorCode }) => [tool, errorCode])).toContainEqual([
      "create_strategy",
      "client_gone",
    ]);
    expect(await stack.strategies.list()).not.toContainEqual(expect.objectContaining({ name: "never_written" }));
  });

  it("that wait for a job take no place of those that are answered at once", async () => {
    const admission = admissionOf({ callsAtOnce: 1, waitingCalls: 3 });
    const { call, release } = held();
    const wait = () => admission.call("claude", "get_task_status", { task_id: "train-a-1", wait_seconds: 45 }, call);
    const waiting = [wait(), wait(), wait()];
    await expect(wait()).rejects.toMatchObject({
      code: "rate_limited",
      what: "3 calls of this client wait for jobs to end already.",
      next: expect.stringContaining("wait_seconds 0"),
    });
    const quick = { task_id: "train-a-1", wait_seconds: 0 };
    expect(await admission.call("claude", "get_task_status", quick, async () => "at once")).toBe("at once");
    release.forEach((answer) => answer());
    await Promise.all(waiting);
  });
});

describe("open jobs", () => {
  it("are counted before a worker has admitted them: a burst stays below the cap", async () => {
    const stack = await stackOf({ temporal: true, limits: { openJobs: { perClient: 3, all: 0 } } });
    const symbols = Array.from({ length: 12 }, (_, index) => `S${index}`);
    const answers = await Promise.all(symbols.map((symbol) => stack.call("load_market_data", load(symbol))));
    const taken = answers.filter(({ isError }) => isError !== true);
    expect(taken).toHaveLength(3);
    // Each refusal tells the true number of open jobs, however many calls were refused before it.
    for (const { content } of answers.filter(({ isError }) => isError === true)) {
      const refused = JSON.stringify(content);
      expect(refused).toContain("[too_many_jobs -32001] You have 3 open jobs; 3 are allowed: no new job is taken.");
      expect(refused).toContain("Next: wait for one to end");
      expect(refused).toContain("at the earliest in 5 s");
    }
    // The request of a job that was taken gets that job, and is not refused.
    const [first] = taken;
    const symbol = symbols[answers.indexOf(first!)]!;
    expect(await stack.ask("load_market_data", load(symbol))).toMatchObject({ existing: true });
    await stack.ask("list_tasks");
  });

  it("of others count for all together, and those that have ended do not", async () => {
    const stack = await stackOf({ temporal: true, limits: { openJobs: { perClient: 2, all: 3 } } });
    const theirs = [jobInput(trainingRequest), jobInput(trainingRequest)];
    for (const input of theirs) await stack.writer.admit(input, null);
    await stack.ask("load_market_data", load("ONE"));
    expect(await stack.refused("load_market_data", load("TWO"))).toContain("3 jobs are open; 3 are allowed");
    await stack.writer.finish(
      theirs[0]!.jobId,
      {
        jobId: theirs[0]!.jobId,
        status: "cancelled",
        failure: null,
        partial: null,
        faultsSeen: [],
        operationIds: [],
        headline: "cancelled",
      },
      null,
      null,
    );
    // The figures from the record may be a second old.
    await expect
      .poll(async () => (await stack.call("load_market_data", load("TWO"))).isError === true, { timeout: 120_000 })
      .toBe(false);
  });

  it("that wait for KTRDR have a cap of their own, in which each draw counts", async () => {
    const stack = await stackOf({ temporal: true, ktrdr: true, limits: { queuedJobs: { perClient: 4, all: 0 } } });
    const training = { strategy: stack.strategy, symbol: "SPX", start_date: "2000-01-03", end_date: "2010-12-31" };
    expect(await stack.refused("train_model", { ...training, repeats: 5 })).toContain(
      "Of your jobs 0 computations wait for KTRDR and this would add 5; 4 are allowed",
    );
    await stack.ask("train_model", { ...training, repeats: 4 });
    expect(await stack.refused("train_model", training)).toContain("4 computations wait for KTRDR");
  });
});

describe("a server that is too large", () => {
  it("takes no new job, answers what is known, and takes jobs again once it is smaller", async () => {
    let megabytes = 100;
    const residentBytes = () => megabytes * 2 ** 20;
    const stack = await stackOf({ temporal: true, limits: { memoryMb: 512 }, residentBytes });
    await stack.ask("load_market_data", load("ONE"));
    megabytes = 513;
    expect(await stack.refused("load_market_data", load("TWO"))).toMatch(
      /^\[overloaded -32001\] This server uses 513 MB of the 512 MB .*: it takes no new job\. .* Next: repeat the call in 30 s;/,
    );
    expect(await stack.ask("load_market_data", load("ONE"))).toMatchObject({ existing: true });
    await stack.ask("list_strategies");
    megabytes = 512;
    await stack.ask("load_market_data", load("TWO"));
  });
});

describe("orders of the operator", () => {
  it("refuse new jobs with the reason and the time, and answer those that are known", async () => {
    const stack = await stackOf({ temporal: true });
    const pool = createPool(stack.databaseUrl);
    undo.push(() => pool.end());
    const research = createResearchControl(pool);
    await stack.ask("load_market_data", load("ONE"));
    await research.pause("KTRDR is being moved");
    expect(await stack.refused("load_market_data", load("TWO"))).toMatch(
      /^\[research_paused -32001\] Research is paused by the operator since \d{4}-\d\d-\d\d \d\d:\d\d UTC: no new job is taken\. Why: KTRDR is being moved\. Next: .*resume-research/,
    );
    expect(await stack.ask("load_market_data", load("ONE"))).toMatchObject({ existing: true });
    expect(await stack.ask("check_health")).toMatchObject({
      held: "research is paused by the operator: KTRDR is being moved",
      headline: expect.stringMatching(/No job may begin: research is paused/),
    });
    await research.resume();
    await research.setBudget(0);
    expect(await stack.refused("load_market_data", load("TWO"))).toMatch(
      /^\[budget_exhausted -32001\] The computing budget of today \(0 h, UTC day\) is used up: .* Next: repeat the call after \d{4}-\d\d-\d\d 00:00 UTC/,
    );
    await research.setBudget(1);
    await stack.ask("load_market_data", load("TWO"));
    const health = await stack.ask("check_health");
    expect(health).toMatchObject({
      budget: { hours: 1, used_hours: 0, renews_at: expect.stringMatching(/T00:00:00/) },
    });
    expect(health).not.toHaveProperty("held");
  });
});

describe("while PostgreSQL is away", () => {
  const away = async (): Promise<never> => {
    throw new DomainError("database_unavailable", { what: "PostgreSQL does not answer." });
  };
  const records = { research: { current: away }, work: { snapshot: away } };

  it("a job is taken, for the queue starts nothing; what this process started counts", async () => {
    const admission = admissionOf({ openJobs: { perClient: 2, all: 0 } });
    const wish = (jobId: string) => admission.job(records, "claude", { jobId, computations: 1 });
    await wish("one");
    const unclaim = await wish("two");
    await expect(wish("three")).rejects.toMatchObject({ code: "too_many_jobs" });
    unclaim(); // the start of the second job failed
    await wish("three");
  });

  it("any other failure of the record is not mistaken for it", async () => {
    const broken = async (): Promise<never> => {
      throw new DomainError("internal", { what: "a row that nobody understands" });
    };
    const wish = { jobId: "one", computations: 1 };
    const admission = admissionOf({ openJobs: { perClient: 2, all: 0 } });
    await expect(admission.job({ ...records, research: { current: broken } }, "claude", wish)).rejects.toThrow();
    await expect(admission.job({ ...records, work: { snapshot: broken } }, "claude", wish)).rejects.toThrow();
  });
});

describe("a KTRDR that does not answer", () => {
  it("is left alone after five reads, which the refusal says; check_health asks it all the same", async () => {
    const stack = await stackOf({});
    for (let read = 0; read < 5; read += 1) {
      expect(await stack.refused("list_market_data")).toMatch(/^\[ktrdr_unavailable -32001\] .*cannot be reached/);
    }
    expect(await stack.refused("list_market_data")).toMatch(
      /^\[ktrdr_unavailable -32001\] .*KTRDR was not asked\. .* Next: repeat the call in 5 s;/,
    );
    const parts = (await stack.ask("check_health"))["parts"] as { part: string; detail: string }[];
    expect(parts.find(({ part }) => part === "ktrdr")?.detail).not.toContain("not asked");
  });
});
