import { hash } from "node:crypto";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, open, readdir, realpath, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DomainError } from "../domain/errors.ts";
import { decode, encode, fileName, notFound, readBounded, STRATEGY_NAME, SUFFIX } from "./strategy-file.ts";

export interface StrategyEntry {
  readonly name: string;
  /** ISO-8601 UTC. */
  readonly modifiedAt: string;
  readonly bytes: number;
}

export interface StrategyFile {
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the file's bytes, lower-case hex. */
  readonly sha256: string;
  /** ISO-8601 UTC. */
  readonly modifiedAt: string;
}

/** KTRDR's strategies folder as this machine sees it: flat, `<name>.yaml` (docs/ktrdr.md §2.6: the API cannot write it). */
export interface StrategyFolder {
  /** Sorted by name. Anything that is not a plain file with a proper name is left out. */
  list(): Promise<StrategyEntry[]>;
  /** @throws DomainError `strategy_not_found`, `strategy_invalid` (too large, not UTF-8) */
  read(name: string): Promise<StrategyFile>;
  /**
   * Readers see the old file or the whole new one, never a part.
   * @throws DomainError `strategy_exists` when it is there and `overwrite` is false
   */
  write(name: string, text: string, how: { readonly overwrite: boolean }): Promise<StrategyFile>;
  exists(name: string): Promise<boolean>;
  /** The strategy's entry as `list` has it; null when it does not exist. */
  entry(name: string): Promise<StrategyEntry | null>;
}

/** Refuses links, and does not wait for the other end of a pipe. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

const unavailable = (why: string, cause?: unknown): DomainError =>
  new DomainError("folder_unavailable", {
    what: "The strategies folder cannot be used.",
    why,
    next: "Set KTRDR_STRATEGIES_DIR to KTRDR's strategies folder, readable and writable here.",
    cause,
  });

/** Makes a finished rename or link survive a power cut, where the file system can. */
async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, constants.O_RDONLY);
    await handle.sync();
  } catch {
    // Some network file systems refuse to sync a folder; the content itself is synced already.
  }
}

/** Gives `temporary` its name only when nothing has it yet. Rejects with EEXIST otherwise. */
async function claim(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error))) throw error;
    // No hard links here: reserve the name, then replace the empty reservation.
    const reservation = await open(target, "wx");
    await reservation.close();
    await rename(temporary, target);
  }
}

async function rootOf(dir: string | undefined): Promise<string> {
  if (dir === undefined) throw unavailable("It is not configured.");
  try {
    const folder = await realpath(dir);
    if ((await stat(folder)).isDirectory()) return folder;
  } catch (error) {
    throw unavailable(`It cannot be opened (${codeOf(error)}).`, error);
  }
  throw unavailable("It is not a folder.");
}

async function readStrategy(folder: string, name: string): Promise<StrategyFile> {
  await using handle = await open(join(folder, fileName(name)), READ_FLAGS).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") throw notFound(name, "No file of that name is in the folder.");
    if (codeOf(error) === "ELOOP") throw notFound(name, "What has that name in the folder is a symbolic link.");
    throw error;
  });
  const { bytes, modifiedAt } = await readBounded(name, handle);
  return { name, text: decode(name, bytes), sha256: hash("sha256", bytes), modifiedAt };
}

/** Creates a new file with content that is on the disk when this returns. Returns its ISO-8601 time. */
async function writeSynced(path: string, bytes: Uint8Array): Promise<string> {
  await writeFile(path, bytes, { flag: "wx", mode: 0o644, flush: true });
  return (await stat(path)).mtime.toISOString();
}

async function writeStrategy(folder: string, name: string, bytes: Uint8Array, overwrite: boolean): Promise<string> {
  const target = join(folder, fileName(name));
  const temporary = join(folder, `.${name}.${randomUUID()}.tmp`);
  try {
    const modifiedAt = await writeSynced(temporary, bytes);
    await (overwrite ? rename(temporary, target) : claim(temporary, target));
    await syncFolder(folder);
    return modifiedAt;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    throw new DomainError("strategy_exists", {
      what: `There is already a strategy called ${name}.`,
      next: "Choose another name, or overwrite it on purpose.",
    });
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function entryOf(folder: string, file: string): Promise<StrategyEntry | null> {
  const name = file.slice(0, -SUFFIX.length);
  if (!file.endsWith(SUFFIX) || !STRATEGY_NAME.test(name)) return null;
  // A file that went away after listing counts as missing.
  const facts = await lstat(join(folder, file)).catch(() => null);
  if (facts === null || !facts.isFile()) return null;
  return { name, modifiedAt: facts.mtime.toISOString(), bytes: facts.size };
}

/** Runs `work` on the folder; file system errors come out as `folder_unavailable`. */
async function inFolder<T>(dir: string | undefined, work: (folder: string) => Promise<T>): Promise<T> {
  try {
    return await work(await rootOf(dir));
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw unavailable(`A file operation failed (${codeOf(error)}).`, error);
  }
}

/** `dir` undefined: not configured; every call then says so. Names and texts are checked before the folder is. */
export function createStrategyFolder(dir: string | undefined): StrategyFolder {
  const entry = async (name: string): Promise<StrategyEntry | null> => {
    const file = fileName(name);
    return await inFolder(dir, async (folder) => await entryOf(folder, file));
  };
  return {
    list: () =>
      inFolder(dir, async (folder) => {
        const files = (await readdir(folder)).toSorted();
        const entries = await Promise.all(files.map((file) => entryOf(folder, file)));
        return entries.filter((entry) => entry !== null);
      }),
    read: async (name) => {
      fileName(name);
      return inFolder(dir, (folder) => readStrategy(folder, name));
    },
    write: async (name, text, { overwrite }) => {
      fileName(name);
      const bytes = encode(text);
      const modifiedAt = await inFolder(dir, (folder) => writeStrategy(folder, name, bytes, overwrite));
      return { name, text, sha256: hash("sha256", bytes), modifiedAt };
    },
    exists: async (name) => (await entry(name)) !== null,
    entry,
  };
}
