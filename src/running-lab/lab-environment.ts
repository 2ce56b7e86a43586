import { devNull } from "node:os";
import path from "node:path";
import { ROOT } from "../root.ts";
import { isSameServer } from "../machine/loopback.ts";
import { readLabFile } from "./lab-file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The lab's folder: LAB_DIR as seen from the working folder, else `.lab` of the repository, wherever the process was
 * started (an MCP client starts its servers where it likes).
 */
export function labDirOf(env: Environment): string {
  const given = env["LAB_DIR"] ?? "";
  return given === "" ? path.join(ROOT, ".lab") : path.resolve(given);
}

/** The lab's own Temporal server is used without a profile of the user's. */
export const WITHOUT_PROFILE = { TEMPORAL_CONFIG_FILE: devNull };

/**
 * An environment without profile, TLS and API key of its TEMPORAL_* variables, which are for other servers than the
 * lab's.
 */
export const withoutProfile = (env: Environment): Environment =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^TEMPORAL_(?!(ADDRESS|NAMESPACE|UI_URL|CLI_PATH)$)/.test(name)),
  );

/** Excludes this machine from proxies, because some clients do not do that by themselves. */
export function withLoopbackDirect(env: Environment): Environment {
  const { no_proxy: lower = "", NO_PROXY: upper = "" } = env;
  const completed = (list: string) => [list, "localhost,127.0.0.1,::1"].filter((part) => part !== "").join(",");
  return { ...env, no_proxy: completed(lower || upper), NO_PROXY: completed(upper || lower) };
}

/**
 * The environment, completed with the variables of a running lab. Variables that are set stay. So a process of
 * ktrdr-mcp finds a lab on the same machine without any configuration. Variables about other Temporal servers are left
 * out for a lab that has its own.
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

/** The lab's variables without its namespace and Web UI, which do not fit another Temporal server. */
function exceptTemporal(lab: Environment): Environment {
  const { TEMPORAL_NAMESPACE: _namespace, TEMPORAL_UI_URL: _ui, TEMPORAL_CONFIG_FILE: _file, ...rest } = lab;
  return rest;
}
