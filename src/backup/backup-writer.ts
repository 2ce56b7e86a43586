import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { DomainError } from "../domain/errors.ts";
import { codeOfFile, folderError } from "./folder-error.ts";
import { CHECKSUMS_FILE, MANIFEST_FILE, type Manifest } from "./manifest.ts";

/**
 * A backup that is being written, beside its final place and under another name. The manifest is written last, so that
 * an interrupted one is never taken for a backup.
 */
export interface BackupWriter {
  addLines(file: string, lines: AsyncIterable<string>): Promise<void>;
  addFile(file: string, bytes: Uint8Array): Promise<void>;
  /** Writes the manifest and the checksums, syncs everything to the disk, and gives the folder its final name. */
  seal(manifest: Manifest): Promise<void>;
  discard(): Promise<void>;
}

/**
 * @param target a folder that does not exist, or is empty
 * @throws DomainError `place_not_empty`, `folder_unavailable`
 */
export async function beginBackup(target: string): Promise<BackupWriter> {
  const dir = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(4).toString("hex")}.partial`);
  const sums = new Map<string, string>();
  try {
    await refuseFull(target);
    await mkdir(path.dirname(target), { recursive: true });
    for (const folder of [dir, path.join(dir, "database"), path.join(dir, "strategies")]) {
      await mkdir(folder, { mode: 0o700 });
    }
  } catch (error) {
    throw folderError(target, error);
  }

  async function add(file: string, source: AsyncIterable<string | Uint8Array>, pack: boolean): Promise<void> {
    try {
      const handle = await open(path.join(dir, file), "wx", 0o600);
      sums.set(file, await writeHashed(handle, source, pack));
    } catch (error) {
      throw folderError(dir, error);
    }
  }
  const addFile = (file: string, bytes: Uint8Array) => add(file, Readable.from([bytes]), false);

  return {
    addLines: (file, lines) => add(file, lines, true),
    addFile,
    async seal(manifest) {
      await addFile(MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
      const list = [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([file, sum]) => `${sum}  ${file}\n`);
      await addFile(CHECKSUMS_FILE, Buffer.from(list.join("")));
      try {
        for (const folder of ["database", "strategies", "."]) await syncFolder(path.join(dir, folder));
        await rename(dir, target); // replaces an empty folder, and refuses any other
        await syncFolder(path.dirname(target));
      } catch (error) {
        throw codeOfFile(error) === "ENOTEMPTY" ? notEmpty(target) : folderError(target, error);
      }
    },
    discard: () => rm(dir, { recursive: true, force: true }),
  };
}

async function writeHashed(handle: FileHandle, source: AsyncIterable<string | Uint8Array>, pack: boolean) {
  const hash = createHash("sha256");
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  // `flush` has the file synced before it is closed.
  const file = handle.createWriteStream({ flush: true });
  await (pack ? pipeline(source, createGzip(), hashed, file) : pipeline(source, hashed, file));
  return hash.digest("hex");
}

async function refuseFull(target: string): Promise<void> {
  const entries = await listed(target);
  if (entries.length > 0) throw notEmpty(target);
}

async function listed(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOfFile(error) === "ENOENT") return [];
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  // Some network file systems refuse to sync a folder; the files in it are synced already.
  await handle.sync().catch(() => undefined);
}

const notEmpty = (target: string) =>
  new DomainError("place_not_empty", {
    what: `${target} exists and is not empty.`,
    next: "Give each backup a folder of its own, for example by its date.",
  });
