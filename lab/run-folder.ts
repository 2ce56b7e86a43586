import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isRunning, signalProcess, startOf, type ProcessId } from "../src/machine/process-identity.ts";
import { until } from "./until.ts";

/** The signal that stops a part: PostgreSQL's fast shutdown is SIGINT. */
export type StopSignal = "SIGTERM" | "SIGINT";

export interface Leftover extends ProcessId {
  readonly name: string;
  readonly signal: StopSignal;
}

/**
 * One folder per run of the lab, with one file per running part: `<pid> <signal> <start>`. Each run has its own, so
 * that cleaning up after a dead run cannot touch the parts of a new one.
 */
export interface RunFolder {
  readonly dir: string;
  record(name: string, pid: number, signal: StopSignal): Promise<void>;
  forget(name: string): Promise<void>;
  remove(): Promise<void>;
}

export async function createRunFolder(root: string): Promise<RunFolder> {
  const dir = path.join(root, randomUUID());
  await mkdir(dir, { recursive: true });
  const file = (name: string) => path.join(dir, `${name}.pid`);
  return {
    dir,
    async record(name, pid, signal) {
      const started = await startOf(pid);
      if (started !== undefined) await writeFile(file(name), `${pid} ${signal} ${started}\n`);
    },
    forget: (name) => rm(file(name), { force: true }),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/**
 * Stops processes that earlier runs left running: asks, waits `graceMs`, then kills. A process is stopped only when its
 * start proves that it is the recorded one. Removes the folders of those runs.
 * @returns the processes that had to be stopped
 */
export async function stopLeftovers(root: string, graceMs: number): Promise<readonly Leftover[]> {
  const runs = await readdir(root).catch(() => []);
  const recorded = (await Promise.all(runs.map((run) => readRun(path.join(root, run))))).flat();
  const running: Leftover[] = [];
  for (const each of recorded) if (await isRunning(each)) running.push(each);
  await Promise.all(running.map((each) => stopProcess(each, each.signal, graceMs)));
  await Promise.all(runs.map((run) => rm(path.join(root, run), { recursive: true, force: true })));
  return running;
}

/** Asks a process that is not our child to stop, kills it after `graceMs`, and returns when it is gone. */
export async function stopProcess(id: ProcessId, signal: StopSignal, graceMs: number): Promise<void> {
  const gone = async () => !(await isRunning(id));
  await signalProcess(id, signal);
  try {
    await until(gone, { what: `the end of process ${id.pid}`, timeoutMs: graceMs, everyMs: 50 });
  } catch {
    await signalProcess(id, "SIGKILL");
    await until(gone, { what: `the end of process ${id.pid} after SIGKILL`, timeoutMs: 10_000, everyMs: 50 });
  }
}

async function readRun(dir: string): Promise<Leftover[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith(".pid"));
  const found = await Promise.all(
    names.map(async (name) => {
      const line = await readFile(path.join(dir, name), "utf8").catch(() => "");
      const match = /^(\d+) (SIGTERM|SIGINT) (.+)$/m.exec(line);
      if (match === null) return [];
      const [, pid = "", signal, started = ""] = match;
      return [{ name: path.basename(name, ".pid"), pid: Number(pid), signal: signal as StopSignal, started }];
    }),
  );
  return found.flat();
}
