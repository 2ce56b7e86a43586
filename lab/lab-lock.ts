import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DomainError } from "../src/domain/errors.ts";

/** SQLite's result code for "somebody else holds the lock". */
const BUSY = 5;

/**
 * Makes this process the only lab of a folder. The kernel holds the lock, on an empty SQLite database (Node has no
 * other file lock), so it ends with the process in any case.
 * @returns the function that releases the folder
 * @throws DomainError `task_conflict` naming the process that holds the folder
 */
export async function lockLab(dir: string, pid: number): Promise<() => void> {
  await mkdir(dir, { recursive: true });
  const holder = path.join(dir, "lab.pid");
  const database = new DatabaseSync(path.join(dir, "lab.lock"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== BUSY) throw error;
    const who = (await readFile(holder, "utf8").catch(() => "unknown")).trim();
    throw new DomainError("task_conflict", {
      what: `A lab is already running in ${dir}: process ${who}.`,
      next: `Use that one, stop it (kill ${who}), or give this one another folder: LAB_DIR=<folder>.`,
      cause: error,
    });
  }
  await writeFile(holder, `${pid}\n`);
  return () => database.close();
}
