import { randomUUID } from "node:crypto";
import { access, constants, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { errorText } from "../error-text.ts";
import type { Config } from "../config.ts";
import { fine, found, type Finding } from "./finding.ts";
import { within } from "../within.ts";

type Folders = Pick<Config, "KTRDR_STRATEGIES_DIR" | "KTRDR_DATA_DIR" | "KTRDR_MODELS_DIR">;

/** KTRDR's folders as this machine sees them: strategies writable, the others readable where they are set. */
export async function checkFolders(folders: Folders, patienceMs: number): Promise<readonly Finding[]> {
  return [
    await checkStrategies(folders.KTRDR_STRATEGIES_DIR, patienceMs),
    ...(await checkReadable("KTRDR_DATA_DIR", folders, patienceMs)),
    ...(await checkReadable("KTRDR_MODELS_DIR", folders, patienceMs)),
  ];
}

async function checkStrategies(dir: string | undefined, patienceMs: number): Promise<Finding> {
  const part = "Strategies folder";
  const note = "Or set KTRDR_STRATEGIES_DIR to KTRDR's strategies folder, writable by this user.";
  if (dir === undefined)
    return found(part, "strategies_unset", "KTRDR_STRATEGIES_DIR is not set", { fix: "make lab", note });
  const probe = path.join(dir, `.doctor-${randomUUID()}`);
  try {
    await within(writeFile(probe, ""), patienceMs);
    await rm(probe);
    return fine(part, `${dir} is writable`);
  } catch (error) {
    return found(part, "strategies_unwritable", errorText(error), { fix: "make lab", note });
  }
}

const READABLE = {
  KTRDR_DATA_DIR: { part: "Data folder", code: "data_unreadable" },
  KTRDR_MODELS_DIR: { part: "Models folder", code: "models_unreadable" },
} as const;

async function checkReadable(variable: keyof typeof READABLE, { [variable]: dir }: Folders, patienceMs: number) {
  const { part, code } = READABLE[variable];
  if (dir === undefined) return [];
  try {
    const [first] = await within(readdir(dir), patienceMs);
    // In a folder that can be listed, files may still be unreadable.
    if (first !== undefined) await access(path.join(dir, first), constants.R_OK);
    return [fine(part, `${dir} is readable`)];
  } catch (error) {
    const note = `Or unset ${variable}, or mount KTRDR's folder there, readable by this user.`;
    return [found(part, code, errorText(error), { fix: "make lab", note })];
  }
}
