import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "../domain/errors.ts";
import { isRunning, startOf } from "./process-identity.ts";

/**
 * Makes this process the only lab of a folder. The lock of a lab that was killed is taken over.
 * @returns the function that gives the folder free again.
 * @throws DomainError `task_conflict` naming the process that holds the folder.
 */
export async function lockLab(dir: string, pid: number): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true });
  const file = path.join(dir, "lab.pid");
  const content = `${pid} ${(await startOf(pid)) ?? ""}\n`;
  const mine = `${file}.${randomUUID()}`;
  await writeFile(mine, content);
  try {
    // `link` makes the finished file appear at once, and fails when there is one.
    while (!(await tryLink(mine, file))) await clearStale(file, dir);
  } finally {
    await rm(mine, { force: true });
  }
  return async () => {
    if ((await readFile(file, "utf8").catch(() => "")) === content) await rm(file, { force: true });
  };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock of a dead lab. Of several that try, each looks again at what it really took away. */
async function clearStale(file: string, dir: string): Promise<void> {
  refuseLiving(await holder(file), dir);
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return; // somebody else was quicker
  }
  const taken = await holder(aside);
  if (taken !== undefined) await tryLink(aside, file);
  await rm(aside, { force: true });
  refuseLiving(taken, dir);
}

async function holder(file: string): Promise<number | undefined> {
  const [pid = "", started = ""] = (await readFile(file, "utf8").catch(() => "")).trim().split(/ (.*)/);
  const id = { pid: Number(pid), started };
  return id.pid > 0 && (await isRunning(id)) ? id.pid : undefined;
}

function refuseLiving(pid: number | undefined, dir: string): void {
  if (pid === undefined) return;
  throw new DomainError("task_conflict", {
    what: `A lab is already running in ${dir}: process ${pid}.`,
    next: `Use that one, stop it (kill ${pid}), or give this one another folder: LAB_DIR=<folder>.`,
  });
}
