/** Moves a branch the way git does: writes `<ref>.lock`, which only one process can create, and renames it. */
import { randomUUID } from "node:crypto";
import { link, open, rename, stat, unlink, type FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "../domain/errors.ts";

/** Work under the lock takes milliseconds: an older lock belongs to a process that died or hangs. */
const STALE_MS = 15_000;
const WITHIN_MS = 20_000;

/**
 * Runs `work` while nobody else moves the branch; `move` makes a commit the branch's newest.
 * @throws DomainError `folder_unavailable` when the lock cannot be had, or was taken away while this process hung
 */
export async function moveRef<T>(
  ref: string,
  work: (move: (commit: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const path = `${ref}.lock`;
  const lock = await take(path);
  let moved = false;
  try {
    return await work(async (commit) => {
      await lock.writeFile(`${commit}\n`);
      await lock.sync();
      // A process that hung for long may find another one's lock under this name.
      if (!(await isAt(path, lock))) throw busy(path);
      await rename(path, ref);
      moved = true;
    });
  } finally {
    if (!moved && (await isAt(path, lock))) await unlink(path).catch(() => undefined);
    await lock.close();
  }
}

async function take(path: string): Promise<FileHandle> {
  const until = Date.now() + WITHIN_MS;
  for (;;) {
    try {
      return await open(path, "wx");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const facts = await stat(path).catch(() => null);
    if (facts !== null && Date.now() - facts.mtimeMs > STALE_MS) await takeAway(path, facts.ino);
    else if (Date.now() > until) throw busy(path);
    else await delay(5 + Math.random() * 20);
  }
}

/** When several find the same old lock, one removes it. A newer lock that took its name meanwhile is put back. */
async function takeAway(path: string, ino: number): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // Somebody else was quicker.
  }
  if ((await stat(aside)).ino !== ino) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function isAt(path: string, lock: FileHandle): Promise<boolean> {
  const [there, own] = await Promise.all([stat(path).catch(() => null), lock.stat()]);
  return there !== null && there.ino === own.ino;
}

const busy = (path: string): DomainError =>
  new DomainError("folder_unavailable", {
    what: "The history of the strategies is being written by somebody else.",
    why: `${path} belongs to another process.`,
    next: "Call again; remove the file when nobody works on the folder.",
  });
