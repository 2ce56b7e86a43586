/** The history of the strategies (a bare git repository in their folder) as lines of one file, and back. */
import { hash, randomUUID } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { succeeds } from "../succeeds.ts";
import { codeOfFile, folderError } from "./folder-error.ts";

/** As src/ktrdr/strategy-history.ts calls it. */
const HISTORY = ".history.git";

/** The parts of a repository. A file that begins with a dot or ends with `.lock` is being written and is left out. */
const PARTS = ["HEAD", "config", "packed-refs", "refs", "objects"];

const Line = z.strictObject({
  path: z.string().regex(/^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/),
  sha256: z.string(),
  base64: z.base64(),
});

/** One line for each file: all that the branch named when this began, whatever is saved meanwhile. */
export async function* historyLines(strategiesDir: string): AsyncGenerator<string> {
  const root = path.join(strategiesDir, HISTORY);
  try {
    // Objects never change, and the branch is read before them: every object that it names is there.
    const [pointers, objects] = [PARTS.filter((part) => part !== "objects"), ["objects"]];
    const first = await filesOf(root, pointers);
    const read = await Promise.all(first.map(async (file) => await lineOf(root, file)));
    for (const file of await filesOf(root, objects)) {
      const line = await lineOf(root, file);
      if (line !== null) yield line;
    }
    for (const line of read) if (line !== null) yield line;
  } catch (error) {
    throw folderError(root, error);
  }
}

async function filesOf(root: string, parts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const part of parts) {
    const entries = await readdir(path.join(root, part), { withFileTypes: true, recursive: true }).catch(
      (error: unknown) => {
        if (codeOfFile(error) === "ENOENT") return [];
        if (codeOfFile(error) === "ENOTDIR") return null;
        throw error;
      },
    );
    if (entries === null) found.push(part);
    for (const entry of entries ?? []) {
      if (!entry.isFile() || entry.name.startsWith(".") || entry.name.endsWith(".lock")) continue;
      found.push(path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
    }
  }
  return found.toSorted();
}

/** Null for a file that is gone by now: it was packed together with others. */
async function lineOf(root: string, file: string): Promise<string | null> {
  const bytes = await readFile(path.join(root, file)).catch((error: unknown) => {
    if (codeOfFile(error) === "ENOENT") return null;
    throw error;
  });
  if (bytes === null) return null;
  return `${JSON.stringify({ path: file, sha256: hash("sha256", bytes), base64: bytes.toString("base64") })}\n`;
}

/**
 * Puts a history where there is none, whole or not at all. A history that is there already is left alone.
 * @param lines null when the backup has none
 * @returns a function that removes it again
 * @throws DomainError `backup_unusable`, `folder_unavailable`
 */
export async function restoreHistory(
  strategiesDir: string,
  lines: AsyncIterable<string> | null,
): Promise<() => Promise<void>> {
  const target = path.join(strategiesDir, HISTORY);
  if (lines === null || (await succeeds(access(target)))) return async () => {};
  const partial = path.join(strategiesDir, `.history.${randomUUID()}.partial`);
  try {
    await rm(partial, { recursive: true, force: true });
    for await (const line of lines) {
      const { path: file, bytes } = parsed(line);
      await mkdir(path.dirname(path.join(partial, file)), { recursive: true });
      await writeFile(path.join(partial, file), bytes, { flag: "wx", mode: 0o644, flush: true });
    }
    await mkdir(path.join(partial, "refs/heads"), { recursive: true });
    await rename(partial, target);
    return async () => await rm(target, { recursive: true, force: true });
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw folderError(target, error);
  }
}

function parsed(line: string): { readonly path: string; readonly bytes: Buffer } {
  try {
    const { path: file, sha256: sum, base64 } = Line.parse(JSON.parse(line));
    const bytes = Buffer.from(base64, "base64");
    if (hash("sha256", bytes) === sum && !file.split("/").includes("..")) return { path: file, bytes };
  } catch {
    // The error below says it in our words.
  }
  throw new DomainError("backup_unusable", { what: "The history of the strategies in this backup cannot be read." });
}
