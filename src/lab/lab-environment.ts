import path from "node:path";
import { fileURLToPath } from "node:url";
import { readLabFile } from "./lab-file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Folder of the repository, from the sources and from the build. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The lab's folder: LAB_DIR as seen from the working folder, else `.lab` of the repository, wherever the process was
 * started (an MCP client starts its servers where it likes).
 */
export function labDirOf(env: Environment): string {
  const given = env["LAB_DIR"] ?? "";
  return given === "" ? path.join(ROOT, ".lab") : path.resolve(given);
}

/**
 * The environment completed by the running lab, if there is one: what was set explicitly stays, what was not is the
 * lab's. So a process of ktrdr-mcp finds a lab on the same machine without any configuration.
 */
export async function labEnvironment(env: Environment): Promise<Environment> {
  const lab = await readLabFile(labDirOf(env));
  if (lab === undefined) return env;
  const given = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
  return { ...fitting(lab.env, env), ...Object.fromEntries(given) };
}

/** Of another Temporal server than the lab's, the lab's namespace and Web UI say nothing. */
function fitting(lab: Readonly<Record<string, string>>, env: Environment): Readonly<Record<string, string>> {
  const address = env["TEMPORAL_ADDRESS"] ?? "";
  if (address === "" || address === lab["TEMPORAL_ADDRESS"]) return lab;
  const { TEMPORAL_NAMESPACE: _namespace, TEMPORAL_UI_URL: _ui, ...rest } = lab;
  return rest;
}
