import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, link, lstat, open, readdir, rename, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "../domain/errors.ts";
import { codeOfFile, folderError } from "./folder-error.ts";
import { isPlainName } from "./manifest.ts";

/** The names of a strategies folder's plain files, and of everything else in it. */
export async function listStrategies(dir: string): Promise<{ files: string[]; leftOut: string[] }> {
  try {
    const files: string[] = [];
    const leftOut: string[] = [];
    for (const name of (await readdir(dir)).toSorted()) {
      // A hidden file is being written, or belongs to an editor.
      if (name.startsWith(".")) continue;
      const plain = isPlainName(name) && (await lstat(path.join(dir, name)).catch(() => null))?.isFile() === true;
      (plain ? files : leftOut).push(name);
    }
    return { files, leftOut };
  } catch (error) {
    throw folderError(dir, error);
  }
}

/** @returns null when the file is gone by now */
export async function readStrategyFile(dir: string, name: string): Promise<Buffer | null> {
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using handle = await open(path.join(dir, name), flags);
    return await handle.readFile();
  } catch (error) {
    if (codeOfFile(error) === "ENOENT") return null;
    throw folderError(dir, error);
  }
}

/**
 * The backup's files that a folder lacks.
 * @throws DomainError `place_not_empty` when it has one of them with another content: nothing is overwritten;
 *   `folder_unavailable` when it is not there or nothing can be written there
 */
export async function missingStrategies(dir: string, files: ReadonlyMap<string, Uint8Array>): Promise<string[]> {
  if (files.size > 0)
    await access(dir, constants.W_OK | constants.X_OK).catch((error) => Promise.reject(folderError(dir, error)));
  const missing: string[] = [];
  const different: string[] = [];
  for (const [name, bytes] of files) {
    const there = await readStrategyFile(dir, name);
    if (there === null) missing.push(name);
    else if (!there.equals(bytes)) different.push(name);
  }
  if (different.length === 0) return missing;
  throw new DomainError("place_not_empty", {
    what: "The strategies folder holds other strategies of the same name; nothing was changed.",
    why: `Different in ${dir}: ${different.join(", ")}.`,
    next: "Move them away first, or restore with --without-strategies.",
  });
}

/** Writes a file that does not exist, whole or not at all. */
export async function writeStrategyFile(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = path.join(dir, `.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, bytes, { flag: "wx", mode: 0o644, flush: true });
    await claim(temporary, path.join(dir, name));
  } catch (error) {
    throw folderError(dir, error);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** Gives a finished file its name, unless that is taken by now. Where there are no hard links this is not checked. */
async function claim(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(codeOfFile(error))) throw error;
    await rename(temporary, target);
  }
}
