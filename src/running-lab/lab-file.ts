import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { isRunning } from "../machine/process-identity.ts";

/** What a running lab tells other processes, in `<LAB_DIR>/lab.json`. The file is written when everything is ready. */
const LabFileSchema = z.object({
  pid: z.int(),
  /** When the process `pid` started (see process-identity.ts). */
  started: z.string(),
  addresses: z.object({
    ktrdr: z.string(),
    database: z.string(),
    temporal: z.string(),
    temporalUi: z.string().optional(),
    page: z.string().optional(),
  }),
  /** Environment that makes any process of ktrdr-mcp use this lab. */
  env: z.record(z.string(), z.string()),
});

export type LabFile = z.infer<typeof LabFileSchema>;

const fileOf = (dir: string) => path.join(dir, "lab.json");

/**
 * The lab that runs in a folder.
 * @returns undefined when none is running there (a file left by a killed lab does not count).
 */
export async function readLabFile(dir: string): Promise<LabFile | undefined> {
  try {
    const lab = LabFileSchema.parse(JSON.parse(await readFile(fileOf(dir), "utf8")));
    return (await isRunning(lab)) ? lab : undefined;
  } catch {
    return undefined;
  }
}

/** Readable by this user only: it contains the address of the database. */
export async function writeLabFile(dir: string, lab: LabFile): Promise<void> {
  const fresh = `${fileOf(dir)}.new`;
  await writeFile(fresh, `${JSON.stringify(lab, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, fileOf(dir));
}

export async function removeLabFile(dir: string): Promise<void> {
  await rm(fileOf(dir), { force: true });
}
