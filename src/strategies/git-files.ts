/** The file system for isomorphic-git, with writes that are complete or not there. */
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file in one step. The library would write an object directly to its place and never again: a process killed
 * in the middle would leave half an object for ever.
 */
async function writeFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await fs.writeFile(temporary, data, { flag: "wx", flush: true });
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.unlink(temporary).catch(() => undefined);
    throw error;
  }
}

export const gitFiles = { promises: { ...fs, writeFile } };
