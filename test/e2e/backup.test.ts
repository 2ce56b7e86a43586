/**
 * Runs docs/backups.md and docs/upgrading.md as written. A lab is backed up while it works. It dies, and its jobs go on
 * in another lab, which is then upgraded while it works.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client, ScheduleOverlapPolicy } from "@temporalio/client";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../src/root.ts";
import { until } from "../../lab/until.ts";
import { createJobReader } from "../../src/store/job-reader.ts";
import { query, withPool } from "../backup/support.ts";
import { commandsOf } from "../support/operator.ts";
import { Research } from "../support/research.ts";

/** Computing stops at 20 %, so that whatever happens, happens in the middle of it. */
const HELD = { id: "held", fault: "computing_stalls", percent: 20 };

const page = await commandsOf("docs/backups.md", "docs/upgrading.md");
const done = new Set<string>();

/** Runs the one command of the pages that has this beginning and this ending. */
async function types(beginning: string, env: Readonly<Record<string, string>>, ending = ""): Promise<string> {
  const [command, ...more] = new Set(page.filter((line) => line.startsWith(beginning) && line.endsWith(ending)));
  if (command === undefined || more.length > 0) throw new Error(`Not one command of the pages: ${beginning}`);
  done.add(command);
  const all = { PATH: process.env["PATH"] ?? "", BACKUP: backup, FILE: path.join(folder, "memory.jsonl"), ...env };
  // make must not install anew under a running test: the tests are of what is installed.
  const typed = command.replace(/^make /, "make -o node_modules/.installed ");
  return (await execa("sh", ["-euc", typed], { cwd: ROOT, env: all, extendEnv: false, all: true })).all;
}

let folder: string;
let backup: string;
const labs: Research[] = [];
let empty: Research;
let kept: Research;
let finished: { readonly taskId: string; readonly results: unknown };
let running: string;
let queued: string;
/** The job that is computed during the upgrade. */
let upgraded: string;

const train = async (research: Research, strategy: string, end: string): Promise<string> =>
  (await research.call("train_model", { strategy, start_date: "2000-01-03", end_date: end })).task_id;

/** Results without what may differ: the log of calls is written a moment later, and a record may be made anew. */
async function resultsOf(research: Research, taskId: string) {
  const { manifest, ...results } = await research.call("get_results", { task_id: taskId, detail: "full" });
  const { call: _call, finished_at: _recorded, ...known } = manifest as Record<string, unknown>;
  return { ...results, manifest: known };
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-backup-"));
  backup = path.join(folder, "backup");
  const first = await Research.begin();
  labs.push(first);
  for (const name of ["alpha", "beta"]) await first.writeStrategy(name);
  const taskId = await train(first, "alpha", "2008-01-01");
  await first.follow(taskId, "completed");
  // The version of its strategy is written down a moment after the start.
  const noted = async () => "strategy_version" in (await resultsOf(first, taskId)).manifest;
  await until(noted, { what: "the version of its strategy", timeoutMs: 300_000 });
  finished = { taskId, results: await resultsOf(first, taskId) };
  await first.faults([HELD]);
  running = await train(first, "alpha", "2008-01-02");
  for (let percent = 0; percent < HELD.percent;) {
    const { answer } = await first.follow(running, "queued", "starting", "running");
    percent = Number(answer["percent"] ?? 0);
  }
  queued = await train(first, "beta", "2008-01-03");
  await first.follow(queued, "queued");
  await admitted(first, queued);

  const said = await types("bin/ktrdr-mcp backup", first.lab.env);
  expect(said).toMatch(/jobs: 3$/m);
  // The lab goes on for a while, which is not in the backup. Then it is gone with all its parts.
  await first.faults([]);
  for (const job of [running, queued]) await first.follow(job, "completed");
  await first.lab.stop();
  // One restored lab finds a KTRDR that knows nothing, the other finds the KTRDR that went on after the backup.
  const dir = path.join(folder, "kept");
  await cp(path.join(first.lab.dir, "ktrdr"), path.join(dir, "ktrdr"), { recursive: true });
  [empty, kept] = await Promise.all([restoredIn(path.join(folder, "empty")), restoredIn(dir)]);
});

afterAll(async () => {
  for (const lab of labs) await lab.end();
  await rm(folder, { recursive: true, force: true });
});

async function admitted({ lab }: Research, taskId: string): Promise<void> {
  await withPool(lab.env["DATABASE_URL"] ?? "", async (pool) => {
    const known = async () => (await createJobReader(pool).get(taskId)) !== null;
    await until(known, { what: "its record", timeoutMs: 120_000 });
  });
}

/** Starts a second warden that looks at once: the scheduled one looks only every 30 s. */
async function wardenLooks({ lab }: Research): Promise<void> {
  const connection = openLazily({ address: lab.addresses.temporal });
  const { schedule } = new Client({ connection, namespace: lab.namespace });
  await schedule.getHandle("ktrdr-warden").trigger(ScheduleOverlapPolicy.ALLOW_ALL);
  await connection.close();
}

async function restoredIn(dir: string): Promise<Research> {
  const research = await Research.begin("modern", {}, dir);
  labs.push(research);
  await types("bin/ktrdr-mcp restore", research.lab.env, "--dry-run");
  expect(await research.call("list_tasks")).toMatchObject({ tasks: [] });
  const said = await types('bin/ktrdr-mcp restore "$BACKUP"', research.lab.env, '"$BACKUP"');
  expect(said).toMatch(/^Restored:$/m);
  await wardenLooks(research);
  return research;
}

/** Follows both open jobs to their end. @returns how often each was begun, by KTRDR's own log */
async function goOn(research: Research): Promise<number[]> {
  const begun: number[] = [];
  for (const taskId of [running, queued]) {
    const { answer } = await research.follow(taskId, "completed");
    expect(answer).toMatchObject({ final: true });
    expect(await resultsOf(research, taskId)).toMatchObject({ task_id: taskId });
    const lines = await research.computations(taskId);
    begun.push(lines.filter(({ event }) => event === "start").length);
  }
  return begun;
}

describe("a backup of a lab that works", () => {
  it("is whole wherever it was copied to", async () => {
    expect(await types("cd ", {})).toBe("");
  });

  it("goes on in an empty lab with a KTRDR that knows nothing: what was open is computed there, once", async () => {
    const research = empty;
    expect(await resultsOf(research, finished.taskId)).toEqual(finished.results);
    expect(await goOn(research)).toEqual([1, 1]);
    expect(await research.computations(finished.taskId)).toEqual([]);
    // The same request is the same job.
    expect(await train(research, "alpha", "2008-01-01")).toBe(finished.taskId);
    await expect(types('bin/ktrdr-mcp restore "$BACKUP"', research.lab.env, '"$BACKUP"')).rejects.toThrow(
      "The database is not empty; nothing was changed.",
    );
    expect(await types("bin/ktrdr-mcp export-memory", research.lab.env)).toMatch(/jobs: \d/);
    expect(await types("bin/ktrdr-mcp import-memory", research.lab.env)).toMatch(/jobs: 0 of \d/);
    expect(await types("bin/ktrdr-mcp clean-up", research.lab.env, "90d")).toContain("calls: 0 rows");
    expect(await types("bin/ktrdr-mcp clean-up", research.lab.env, "--apply")).toContain("Done.");
  });

  it("goes on with the KTRDR it was made beside: what that has computed meanwhile is the result, and not computed again", async () => {
    const research = kept;
    expect(await goOn(research)).toEqual([1, 1]);
  });

  it("and an upgrade beside a job that computes neither stops nor repeats it", async () => {
    const research = kept;
    const { env } = research.lab;
    await research.faults([HELD]);
    const job = await train(research, "alpha", "2008-01-04");
    await research.follow(job, "running");
    await types("bin/ktrdr-mcp backup", { ...env, BACKUP: path.join(folder, "before") });
    await types("make deps", env);
    expect(await types("bin/ktrdr-mcp migrate", env)).toContain("tables are up to date");
    const before = research.lab.pid("worker");
    await types("kill -TERM", { ...env, WORKER_PID: String(before) });
    await research.lab.back("worker", before);
    const well = async () => (await types("bin/ktrdr-mcp doctor", env)) !== "";
    await until(well, { what: "doctor finding all well", timeoutMs: 120_000 });
    await research.faults([]);
    await research.follow(job, "completed");
    const starts = (await research.computations(job)).filter(({ event }) => event === "start");
    expect(starts).toHaveLength(1);
    upgraded = job;
  });

  it("and after the loss of the database alone, what ended since the backup is found at KTRDR and recorded", async () => {
    const research = kept;
    const { env } = research.lab;
    const url = new URL(env["DATABASE_URL"] ?? "");
    const server = new URL(url);
    server.pathname = "/postgres";
    const before = await resultsOf(research, upgraded);
    await query(server.href, `drop database ${url.pathname.slice(1)} with (force)`);
    await types('bin/ktrdr-mcp restore "$BACKUP"', { ...env, BACKUP: path.join(folder, "before") }, '"$BACKUP"');
    await wardenLooks(research);
    await withPool(url.href, async (pool) => {
      const ended = async () => (await createJobReader(pool).get(upgraded))?.status !== "open";
      await until(ended, { what: "the end of the job on record", timeoutMs: 120_000 });
    });
    expect(await research.call("get_task_status", { task_id: upgraded })).toMatchObject({
      state: "completed",
      final: true,
    });
    expect(await resultsOf(research, upgraded)).toEqual(before);
    const starts = (await research.computations(upgraded)).filter(({ event }) => event === "start");
    expect(starts).toHaveLength(1);
  });

  it("every command of the pages was run", () => {
    expect(page.filter((command) => !done.has(command))).toEqual([]);
  });
});
