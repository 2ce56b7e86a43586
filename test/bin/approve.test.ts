/** `ktrdr-mcp approve` and `reject` as an operator types them, with a worker of the product, which is killed. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { until } from "../../lab/until.ts";
import { recordCandidate } from "../support/candidates.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const LAUNCHER = path.join(ROOT, "bin/ktrdr-mcp");

let stack: Stack;
let worker: ChildProcess | null = null;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
});
afterEach(async () => await killWorker());
afterAll(() => stack.stop());

const env = () => ({ ...stack.env, PATH: process.env["PATH"] ?? "" });
const type = async (...args: readonly string[]) =>
  await execa(LAUNCHER, args, { cwd: ROOT, env: env(), extendEnv: false, reject: false, input: "" });

function startWorker(): void {
  worker = spawn(LAUNCHER, ["worker"], { cwd: ROOT, env: env(), stdio: "ignore" });
}
async function killWorker(): Promise<void> {
  if (worker === null) return;
  const ended = once(worker, "exit");
  worker.kill("SIGKILL");
  await ended;
  worker = null;
}

/** Each has a symbol of its own, because what is tried on one changes the evidence of all others on it. */
async function waiting(name: string, symbol = name.toUpperCase()): Promise<string> {
  const task_id = await recordCandidate(stack.writer, name, { symbol });
  expect(await stack.ask("propose_champion", { task_id, reason: `${name} holds.` })).toMatchObject({
    stage: "waiting",
  });
  return task_id;
}
/** Resolves when a worker has begun the wait of a candidate. */
async function begun(jobId: string) {
  const handle = stack.temporal().client.workflow.getHandle(`approval-${jobId}-1`);
  const waits = async () =>
    ((await handle.fetchHistory()).events ?? []).some((event) => event.timerStartedEventAttributes);
  await until(waits, { what: "the wait", timeoutMs: 120_000 });
  return handle;
}
const stageOf = async (jobId: string) => (await stack.deps.records.registry.get(jobId)).stage;
const hashOf = async (jobId: string) => (await stack.deps.records.registry.evidence(jobId)).hash;

describe("with a worker", () => {
  test("approve shows the evidence and makes the champion; a second approval is refused", async () => {
    startWorker();
    const jobId = await waiting("dip");
    await begun(jobId);
    const hash = await hashOf(jobId);
    const approve = async () =>
      await type("approve", jobId, "--name", "dip", "--evidence", hash, "--reason", "I looked.");
    const { exitCode, stdout } = await approve();
    expect(stdout).toContain("dip on DIP 1d, 2015-01-02 to 2019-12-31, computed by sandbox-1.0.0");
    expect(stdout).toMatch(new RegExp(`evidence ${hash}\\n  proposed by ".+", in their words: "dip holds\\."\\n`));
    expect(stdout).toMatch(/holds +luck: .*\n.*holds +trades/);
    expect(stdout).toContain("unknown holdout (not required)");
    expect(stdout).toContain(`evidence ${hash}`);
    expect(stdout).toMatch(/dip is the champion of DIP 1d\.$/);
    expect(exitCode).toBe(0);
    const again = await approve();
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringMatching(/does not wait.*is champion.*I looked/s)]);
    expect(await stack.ask("list_candidates", { stage: "champion" })).toMatchObject({
      candidates: [{ task_id: jobId, last: expect.stringMatching(/^approved by operator/) }],
    });
  });

  test("reject ends the wait for good, with the reason", async () => {
    startWorker();
    const jobId = await waiting("bad");
    await begun(jobId);
    const { exitCode, stdout } = await type("reject", jobId, "--name", "bad", "--reason", "One month earns it all.");
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/backtest-bad is rejected\.$/)]);
    expect(await stack.refused("propose_champion", { task_id: jobId, reason: "Again." })).toMatch(
      /^\[not_eligible.*was rejected by operator.*One month earns it all/,
    );
  });

  test("on a terminal it asks for the name, and another name decides nothing", async () => {
    startWorker();
    const jobId = await waiting("asked");
    await begun(jobId);
    const typed = async (line: string) => {
      const command = `${LAUNCHER} approve ${jobId}`;
      const terminal = ["-qec", command, "/dev/null"];
      return await execa("script", terminal, {
        cwd: ROOT,
        env: env(),
        extendEnv: false,
        reject: false,
        input: line,
        all: true,
      });
    };
    const wrong = await typed("Asked\n");
    expect(wrong.all).toMatch(/Type the name of the strategy to approve it.*The name that was typed is not that/s);
    expect(await stageOf(jobId)).toBe("waiting");
    expect((await typed("asked\n")).all).toContain("asked is the champion of ASKED 1d.");
  });
});

test("a worker that was killed costs nothing: the next one carries out what was decided", async () => {
  startWorker();
  const jobId = await waiting("killed");
  const handle = await begun(jobId);
  await killWorker();
  const { exitCode, stdout } = await type("approve", jobId, "--name", "killed", "--evidence", await hashOf(jobId));
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("It is carried out as soon as a worker runs.")]);
  expect(await stageOf(jobId)).toBe("waiting");
  startWorker();
  expect(await handle.result()).toBe("champion");
  expect(await stageOf(jobId)).toBe("champion");
});

test("what changed since is refused, and said", async () => {
  const jobId = await waiting("stale");
  const hash = await hashOf(jobId);
  await recordCandidate(stack.writer, "between", { symbol: "STALE", without: ["walk", "costs", "draws"] });
  const { exitCode, stderr } = await type("approve", jobId, "--name", "stale", "--evidence", hash);
  expect(stderr).toMatch(/evidence for backtest-stale is not what was seen.*luck: .*trials was \d+ and is \d+/s);
  expect([exitCode, await stageOf(jobId)]).toEqual([1, "waiting"]);
});

describe("it refuses", () => {
  test.each([
    [["approve"], 2, /Usage: ktrdr-mcp approve TASK_ID/],
    [["approve", "backtest-x"], 2, /Nobody can be asked here/],
    [["approve", "backtest-x", "--name", "x"], 2, /--name and --evidence go together/],
    [["approve", "backtest-x", "--name", "x", "--evidence", "y"], 1, /was never proposed/],
    [["reject", "backtest-x", "--name", "x"], 2, /--reason is missing/],
    [["reject", "backtest-x", "--name", "x", "--reason", "No."], 1, /was never proposed/],
  ] as const)("%s", async (args, code, why) => {
    const { exitCode, stdout, stderr } = await type(...args);
    expect(stderr).toMatch(why);
    expect([exitCode, stdout]).toEqual([code, ""]);
  });
});
