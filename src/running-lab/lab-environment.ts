import { devNull } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isSameServer } from "../machine/loopback.ts";
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

/** What the lab's own Temporal server is used with: no profile of the user's. */
export const WITHOUT_PROFILE = { TEMPORAL_CONFIG_FILE: devNull };

/** An environment without what its TEMPORAL_* variables say about other servers than the lab's: profile, TLS, API key. */
export const withoutProfile = (env: Environment): Environment =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^TEMPORAL_(?!(ADDRESS|NAMESPACE|UI_URL|CLI_PATH)$)/.test(name)),
  );

/** Proxies are for other machines. Some clients do not know that by themselves. */
export function withLoopbackDirect(env: Environment): Environment {
  const { no_proxy: lower = "", NO_PROXY: upper = "" } = env;
  const completed = (list: string) => [list, "localhost,127.0.0.1,::1"].filter((part) => part !== "").join(",");
  return { ...env, no_proxy: completed(lower || upper), NO_PROXY: completed(upper || lower) };
}

/**
 * The environment completed by the running lab, if there is one: what was set explicitly stays, what was not is the
 * lab's. So a process of ktrdr-mcp finds a lab on the same machine without any configuration. What the environment says
 * about other Temporal servers does not concern a lab that has its own.
 */
export async function labEnvironment(env: Environment): Promise<Environment> {
  const lab = await readLabFile(labDirOf(env));
  if (lab === undefined) return env;
  const elsewhere = isElsewhere(lab.env, env);
  const own = !elsewhere && lab.env["TEMPORAL_CONFIG_FILE"] === devNull;
  const given = Object.entries(own ? withoutProfile(env) : env).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  return { ...(elsewhere ? exceptTemporal(lab.env) : lab.env), ...Object.fromEntries(given) };
}

function isElsewhere(lab: Environment, env: Environment): boolean {
  const address = env["TEMPORAL_ADDRESS"] ?? "";
  return address !== "" && !isSameServer(address, lab["TEMPORAL_ADDRESS"] ?? "");
}

/** Of another Temporal server than the lab's, the lab's namespace and Web UI say nothing. */
function exceptTemporal(lab: Environment): Environment {
  const { TEMPORAL_NAMESPACE: _namespace, TEMPORAL_UI_URL: _ui, TEMPORAL_CONFIG_FILE: _file, ...rest } = lab;
  return rest;
}
