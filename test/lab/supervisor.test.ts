import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startGuard } from "../../lab/guard.ts";
import { processPart, type Part, type ProcessPart } from "../../lab/part.ts";
import { isRunning, startOf, type ProcessId } from "../../src/machine/process-identity.ts";
import { createRunFolder, stopLeftovers } from "../../lab/run-folder.ts";
import { Supervisor, type SupervisorEvent, type SupervisorOptions } from "../../lab/supervisor.ts";
import { until } from "../../lab/until.ts";

let root: string;
let events: SupervisorEvent[];
/** Every process that a test started. What the test leaves is killed by its id. */
let started: ProcessId[];

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "supervisor-"));
  events = [];
  started = [];
});
afterEach(async () => {
  for (const each of started) if (await isRunning(each)) process.kill(each.pid, "SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

async function remember(pid: number): Promise<ProcessId> {
  const id = { pid, started: (await startOf(pid)) ?? "" };
  started.push(id);
  return id;
}

/** A part that is ready when its process has written its file. */
function part(name: string, script: string, more: Partial<Pick<ProcessPart, "graceMs" | "answers">> = {}): Part {
  const file = path.join(root, `${name}.ready`);
  return processPart({
    name,
    command: process.execPath,
    args: ["-e", `${script}; require("fs").writeFileSync(${JSON.stringify(file)}, String(process.pid))`],
    env: { PATH: process.env["PATH"] },
    ready: async (signal, pid) => {
      await remember(pid);
      const wrote = async () => (await readFile(file, "utf8")) === String(pid);
      await until(wrote, { what: `${name} being ready`, timeoutMs: 120_000, everyMs: 5, signal });
    },
    ...more,
  });
}
const FOREVER = `setInterval(() => {}, 1000)`;

async function supervisor(more: Pick<SupervisorOptions, "hangsAfterMs"> = {}) {
  const run = await createRunFolder(path.join(root, "run"));
  const waiting: { readonly matches: (event: SupervisorEvent) => boolean; readonly resolve: () => void }[] = [];
  const onEvent = (event: SupervisorEvent) => {
    events.push(event);
    for (const { matches, resolve } of waiting) if (matches(event)) resolve();
  };
  const seen = (matches: (event: SupervisorEvent) => boolean) =>
    events.some(matches) ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ matches, resolve }));
  const made = new Supervisor({ logDir: path.join(root, "logs"), run, onEvent, backoffMs: [1, 10], ...more });
  return { supervisor: made, run, seen };
}

describe("the supervisor", () => {
  test("restarts a part that was killed, and knows its new pid", async () => {
    const { supervisor: parent, seen } = await supervisor();
    await parent.start(part("a", FOREVER));
    const before = parent.parts()[0]!.pid!;
    process.kill(before, "SIGKILL");
    await seen((event) => event.type === "started" && event.restarts === 1);
    const [after] = parent.parts();
    expect(after).toMatchObject({ name: "a", restarts: 1, pid: expect.any(Number) });
    expect(after!.pid).not.toBe(before);
    expect(events).toContainEqual({ type: "died", name: "a", pid: before, exit: { code: null, signal: "SIGKILL" } });
    await parent.stop();
  });

  test("restarts a part that ends by itself with code 0, again and again", async () => {
    const { supervisor: parent, seen } = await supervisor();
    await parent.start(part("a", `setTimeout(() => {}, 20)`));
    await seen((event) => event.type === "started" && event.restarts === 3);
    await parent.stop();
    for (const each of started) expect(await isRunning(each)).toBe(false);
  });

  test("goes on trying when a restart fails", async () => {
    const { supervisor: parent, seen } = await supervisor();
    const broken = path.join(root, "broken");
    const script = `if (require("fs").existsSync(${JSON.stringify(broken)})) process.exit(9); ${FOREVER}`;
    await parent.start(part("a", script));
    writeFileSync(broken, "");
    process.kill(parent.parts()[0]!.pid!, "SIGKILL");
    await seen((event) => event.type === "restart_failed" && event.reason.includes("ended with code 9"));
    expect(parent.parts()[0]!.pid).toBeUndefined();
    rmSync(broken);
    await seen((event) => event.type === "started" && event.restarts >= 2);
    await parent.stop();
  });

  test("stops in reverse order, waits for the end of each, leaves no trace of them", async () => {
    const { supervisor: parent, run } = await supervisor();
    for (const name of ["a", "b", "c"]) await parent.start(part(name, FOREVER));
    expect(readdirSync(run.dir).toSorted()).toEqual(["a.pid", "b.pid", "c.pid"]);
    await parent.stop();
    const stops = events.filter((event) => event.type === "stopped").map((event) => event.name);
    expect(stops).toEqual(["c", "b", "a"]);
    expect(events.some((event) => event.type === "died")).toBe(false);
    for (const each of started) expect(await isRunning(each)).toBe(false);
    expect(readdirSync(run.dir)).toEqual([]);
    await expect(parent.start(part("d", FOREVER))).rejects.toMatchObject({ what: "The lab is stopping." });
  });

  test("kills a part that does not listen", async () => {
    const { supervisor: parent } = await supervisor();
    await parent.start(part("deaf", `process.on("SIGTERM", () => {}); ${FOREVER}`, { graceMs: 30 }));
    await parent.stop();
    expect(await isRunning(started[0]!)).toBe(false);
  });

  test("stopping while a part is still starting leaves nothing running", async () => {
    const { supervisor: parent } = await supervisor();
    const never = processPart({
      name: "slow",
      command: process.execPath,
      args: ["-e", FOREVER],
      env: {},
      ready: async (signal, pid) => {
        await remember(pid);
        void parent.stop();
        await until(async () => false, { what: "nothing", timeoutMs: 120_000, signal });
      },
    });
    await expect(parent.start(never)).rejects.toMatchObject({ what: expect.stringContaining('"slow"') });
    await parent.stop();
    expect(await isRunning(started[0]!)).toBe(false);
  });

  test("a part that does not come up says its last words and where to read more", async () => {
    const { supervisor: parent } = await supervisor();
    const failing = part("bad", `console.error("no such cluster"); process.exit(3)`);
    await expect(parent.start(failing)).rejects.toMatchObject({
      why: expect.stringMatching(/ended with code 3.*no such cluster/s),
      next: `Read ${path.join(root, "logs/bad.log")}.`,
    });
    // Only its own words are told, not those that another process wrote into the same file before.
    const silent = part("bad", `process.exit(4)`);
    const refusal = await parent.start(silent).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ why: expect.stringContaining("ended with code 4") });
    expect(refusal).toMatchObject({ why: expect.not.stringContaining("no such cluster") });
    const missing = processPart({
      name: "none",
      command: path.join(root, "no"),
      args: [],
      env: {},
      ready: async () => {},
    });
    await expect(parent.start(missing)).rejects.toMatchObject({ why: expect.stringContaining("ENOENT") });
    await parent.stop();
  });

  test("a part that hangs is killed and started again; one that answers is left alone", async () => {
    const { supervisor: parent, seen } = await supervisor({ hangsAfterMs: 600 });
    const hanging = new Set<number>();
    const answers = async (_: AbortSignal, pid: number) => {
      if (hanging.has(pid)) await new Promise(() => {});
    };
    await parent.start(part("well", FOREVER, { answers }));
    await parent.start(part("a", FOREVER, { answers }));
    const { pid } = parent.parts()[1]!;
    hanging.add(pid!);
    process.kill(pid!, "SIGSTOP");
    await seen((event) => event.type === "hangs" && event.pid === pid);
    await seen((event) => event.type === "started" && event.name === "a" && event.restarts === 1);
    expect(events.filter(({ name, type }) => name === "well" && type !== "started")).toEqual([]);
    await parent.stop();
  });

  test("what a part prints is in its log, also after a restart", async () => {
    const { supervisor: parent, seen } = await supervisor();
    await parent.start(part("a", `console.log("hello from " + process.pid); ${FOREVER}`));
    const first = parent.parts()[0]!;
    process.kill(first.pid!, "SIGKILL");
    await seen((event) => event.type === "started" && event.restarts === 1);
    const log = readFileSync(first.logFile, "utf8");
    expect(log).toBe(`hello from ${first.pid}\nhello from ${parent.parts()[0]!.pid}\n`);
    await parent.stop();
  });
});

describe("what a killed lab leaves behind", () => {
  async function orphan(script = FOREVER): Promise<ProcessId> {
    const child = spawn(process.execPath, ["-e", `${script}; console.log("up")`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    return remember(child.pid!);
  }

  test("is stopped by the next start", async () => {
    const run = await createRunFolder(path.join(root, "run"));
    const gentle = await orphan();
    const deaf = await orphan(`process.on("SIGTERM", () => {}); ${FOREVER}`);
    await run.record("gentle", gentle.pid, "SIGTERM");
    await run.record("deaf", deaf.pid, "SIGTERM");
    const stopped = await stopLeftovers(path.join(root, "run"), 100);
    expect(stopped.map(({ name, pid }) => ({ name, pid })).toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: "deaf", pid: deaf.pid },
      { name: "gentle", pid: gentle.pid },
    ]);
    expect(await isRunning(gentle)).toBe(false);
    expect(await isRunning(deaf)).toBe(false);
    expect(existsSync(run.dir)).toBe(false);
  });

  test("a stranger that got the same pid is left alone", async () => {
    const run = await createRunFolder(path.join(root, "run"));
    const stranger = await orphan();
    writeFileSync(path.join(run.dir, "postgres.pid"), `${stranger.pid} SIGINT some other time\n`);
    expect(await stopLeftovers(path.join(root, "run"), 100)).toEqual([]);
    expect(await isRunning(stranger)).toBe(true);
  });

  test("is stopped by the guard as soon as the lab is gone, strangers excepted", async () => {
    const run = await createRunFolder(path.join(root, "run"));
    const [gentle, interrupted, stranger] = [await orphan(), await orphan(), await orphan()];
    const deaf = await orphan(`process.on("SIGTERM", () => {}); ${FOREVER}`);
    await run.record("gentle", gentle.pid, "SIGTERM");
    await run.record("interrupted", interrupted.pid, "SIGINT");
    await run.record("deaf", deaf.pid, "SIGTERM");
    writeFileSync(path.join(run.dir, "stranger.pid"), `${stranger.pid} SIGTERM 12345\n`);
    const guard = startGuard(run.dir, 1);
    await guard.release();
    const gone = async () => !(await isRunning(gentle)) && !(await isRunning(interrupted)) && !(await isRunning(deaf));
    await until(gone, { what: "the end of the parts", timeoutMs: 120_000, everyMs: 10 });
    expect(await isRunning(stranger)).toBe(true);
  });

  test("the guard outlives SIGTERM and Ctrl-C, and ends quietly after an orderly stop", async () => {
    const run = await createRunFolder(path.join(root, "run"));
    const guard = startGuard(run.dir, 1);
    const id = await remember(guard.pid!);
    process.kill(guard.pid!, "SIGCONT");
    expect(await isRunning(id)).toBe(true);
    await guard.release();
    expect(await isRunning(id)).toBe(false);
  });
});
