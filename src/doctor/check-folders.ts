import { randomUUID } from "node:crypto";
import { access, constants, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { errorText } from "../error-text.ts";
import { fine, found, type Ailment, type Finding } from "./finding.ts";
import { within } from "../within.ts";

interface Folders {
  readonly KTRDR_STRATEGIES_DIR?: string | undefined;
  readonly KTRDR_DATA_DIR?: string | undefined;
  readonly KTRDR_MODELS_DIR?: string | undefined;
}

/** KTRDR's folders as this machine sees them: strategies writable, the others readable where they are set. */
export async function checkFolders(folders: Folders, patienceMs: number): Promise<readonly Finding[]> {
  return [
    await checkStrategies(folders.KTRDR_STRATEGIES_DIR, patienceMs),
    ...(await checkReadable(DATA, folders.KTRDR_DATA_DIR, patienceMs)),
    ...(await checkReadable(MODELS, folders.KTRDR_MODELS_DIR, patienceMs)),
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

interface Readable {
  readonly part: string;
  readonly code: Ailment;
  readonly variable: string;
}

const DATA: Readable = { part: "Data folder", code: "data_unreadable", variable: "KTRDR_DATA_DIR" };
const MODELS: Readable = { part: "Models folder", code: "models_unreadable", variable: "KTRDR_MODELS_DIR" };

async function checkReadable(
  { part, code, variable }: Readable,
  dir: string | undefined,
  patienceMs: number,
): Promise<readonly Finding[]> {
  if (dir === undefined) return [];
  try {
    const names = await within(readdir(dir), patienceMs);
    const first = names[0];
    // In a folder that can be listed, files may still be unreadable.
    if (first !== undefined) await access(path.join(dir, first), constants.R_OK);
    return [fine(part, `${dir} is readable`)];
  } catch (error) {
    const note = `Or unset ${variable}, or mount KTRDR's folder there, readable by this user.`;
    return [found(part, code, errorText(error), { fix: "make lab", note })];
  }
}
