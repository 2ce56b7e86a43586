import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { codeOfFile, folderError } from "./folder-error.ts";
import { linesIn } from "./lines.ts";
import {
  CHECKSUMS_FILE,
  FORMAT,
  HISTORY_FILE,
  isPlainName,
  MANIFEST_FILE,
  ManifestSchema,
  strategyFile,
  tableFile,
  type Manifest,
} from "./manifest.ts";

/** A backup whose every byte was checked. */
export interface Backup {
  readonly manifest: Manifest;
  /** Bytes of all files together. */
  readonly bytes: number;
  lines(table: string): AsyncIterable<string>;
  strategy(name: string): Promise<Buffer>;
  /** The strategies' history; null when the backup has none. */
  history(): AsyncIterable<string> | null;
}

/**
 * Opens a backup and reads all of it. A file that is missing, added, cut or changed is found before anybody relies on
 * it.
 * @throws DomainError `backup_unusable` saying which file is wrong, `schema_newer` when a newer version wrote it,
 *   `folder_unavailable`
 */
export async function openBackup(folder: string): Promise<Backup> {
  try {
    const sums = await checksumsOf(folder);
    const bytes = await verify(folder, sums);
    const manifest = manifestOf(await readFile(path.join(folder, MANIFEST_FILE), "utf8"));
    const described = [
      MANIFEST_FILE,
      ...manifest.tables.map(({ name }) => tableFile(name)),
      ...(manifest.strategies?.files ?? []).map(strategyFile),
      // Older versions kept no history.
      ...(sums.has(HISTORY_FILE) && manifest.strategies !== null ? [HISTORY_FILE] : []),
    ];
    if (described.toSorted().join("\n") !== [...sums.keys()].toSorted().join("\n")) {
      throw unusable(`${MANIFEST_FILE} and ${CHECKSUMS_FILE} name different files.`);
    }
    return {
      manifest,
      bytes,
      lines: (table) => linesOf(path.join(folder, tableFile(table))),
      history: () => (sums.has(HISTORY_FILE) ? linesOf(path.join(folder, HISTORY_FILE)) : null),
      strategy: (name) => readFile(path.join(folder, strategyFile(name))),
    };
  } catch (error) {
    throw folderError(folder, error);
  }
}

const unusable = (why: string) =>
  new DomainError("backup_unusable", {
    what: "This folder is not a complete backup of ktrdr-mcp; nothing was changed.",
    why,
    next: "Restore another backup, or copy this one again from its source.",
  });

const SUM = /^([0-9a-f]{64}) {2}(?:(manifest\.json|history\.jsonl\.gz)|(database|strategies)\/(.+))$/;

async function checksumsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path.join(folder, CHECKSUMS_FILE), "utf8").catch((error: unknown) => {
    if (codeOfFile(error) === "ENOENT") throw unusable(`There is no ${CHECKSUMS_FILE} in it.`);
    throw error;
  });
  const sums = new Map<string, string>();
  for (const line of text.split("\n").filter((entry) => entry !== "")) {
    const [, sum = "", manifest, inFolder, name = ""] = SUM.exec(line) ?? [];
    // The names are used to open files: none may lead outside the folder.
    if (manifest === undefined && !isPlainName(name))
      throw unusable(`${CHECKSUMS_FILE} has a line that is no checksum.`);
    sums.set(manifest ?? `${inFolder}/${name}`, sum);
  }
  if (!sums.has(MANIFEST_FILE)) throw unusable(`${CHECKSUMS_FILE} does not name ${MANIFEST_FILE}.`);
  return sums;
}

async function verify(folder: string, sums: ReadonlyMap<string, string>): Promise<number> {
  const there = new Set(await filesOf(folder));
  const missing = [...sums.keys()].filter((file) => !there.has(file));
  if (missing.length > 0) throw unusable(`Missing: ${missing.join(", ")}.`);
  const strange = [...there].filter((file) => !sums.has(file) && file !== CHECKSUMS_FILE);
  if (strange.length > 0) throw unusable(`Files that are no part of it: ${strange.join(", ")}.`);
  let bytes = 0;
  for (const [file, expected] of sums) {
    const read = await hashOf(path.join(folder, file));
    if (read.sum !== expected) throw unusable(`${file} is not what was written (its SHA-256 differs).`);
    bytes += read.bytes;
  }
  return bytes;
}

async function filesOf(folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(path.join(folder, below))) {
    const file = path.posix.join(below, name);
    const facts = await lstat(path.join(folder, file));
    if (facts.isDirectory() && below === "") found.push(...(await filesOf(folder, file)));
    else if (facts.isFile()) found.push(file);
    else throw unusable(`${file} is not a plain file.`);
  }
  return found;
}

async function hashOf(file: string): Promise<{ readonly sum: string; readonly bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  await pipeline(handle.createReadStream(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
  });
  return { sum: hash.digest("hex"), bytes };
}

function manifestOf(text: string): Manifest {
  const document = parsed(text);
  const { product, format, version } = z.looseObject({}).catch({}).parse(document);
  if (product === "ktrdr-mcp" && typeof format === "number" && format > FORMAT) {
    throw new DomainError("schema_newer", {
      what: "The backup was made by a newer version of ktrdr-mcp.",
      why: `Its format is ${format} (version ${String(version)}); this version reads up to ${FORMAT}.`,
      next: "Restore it with the version that made it, or a newer one.",
    });
  }
  const manifest = ManifestSchema.safeParse(document);
  if (manifest.success) return manifest.data;
  throw unusable(`${MANIFEST_FILE} is not that of a backup: ${z.prettifyError(manifest.error)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(`${MANIFEST_FILE} is not JSON.`);
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const handle = await open(file);
  const unpacked = createGunzip();
  const reading = pipeline(handle.createReadStream(), unpacked);
  try {
    yield* linesIn(unpacked.setEncoding("utf8") as AsyncIterable<string>);
  } finally {
    await reading;
  }
}
