import { existsSync } from "node:fs";
import { devNull, platform } from "node:os";
import path from "node:path";
import type { ConnectionOptions } from "@temporalio/client";
import { loadClientConnectConfig } from "@temporalio/envconfig";
import { DomainError } from "../domain/errors.ts";
import { errorText } from "../error-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface TemporalSettings {
  readonly connection: ConnectionOptions;
  readonly namespace: string;
}

/**
 * Address, namespace, TLS and API key from the TEMPORAL_* variables or a `temporal.toml` profile, by the SDK's own
 * rules. TEMPORAL_CONFIG_FILE=/dev/null means no profile.
 * @param env comes before the profile; `address` and `namespace` are used when neither names one
 * @throws DomainError `invalid_input` that names the file or the variable which cannot be used
 */
export function temporalSettings(
  env: Environment,
  fallback: { readonly address: string; readonly namespace: string },
): TemporalSettings {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""),
  );
  const { connectionOptions, namespace } = load(overrideEnvVars);
  const address = connectionOptions.address ?? fallback.address;
  assertAddress(address, overrideEnvVars);
  return { connection: { ...connectionOptions, address }, namespace: namespace ?? fallback.namespace };
}

function load(env: Readonly<Record<string, string>>): ReturnType<typeof loadClientConnectConfig> {
  const file = env["TEMPORAL_CONFIG_FILE"];
  const disableFile = file === devNull;
  // The SDK would silently go on without it.
  if (file !== undefined && !disableFile && !existsSync(file)) {
    throw unusable(`${file} does not exist.`, "Correct or unset TEMPORAL_CONFIG_FILE.");
  }
  try {
    return loadClientConnectConfig({ overrideEnvVars: env, disableFile });
  } catch (cause) {
    throw explained(cause, env);
  }
}

/** What is wrong with the profile, or with a file that a setting names. */
function explained(cause: unknown, env: Readonly<Record<string, string>>): DomainError {
  const file = fileOf(env);
  const profile = env["TEMPORAL_PROFILE"];
  const message = errorText(cause);
  const { code, path: missing = file } = cause as { readonly code?: unknown; readonly path?: string };
  if (typeof code === "string") {
    const variable = Object.keys(env).find((name) => name.startsWith("TEMPORAL_") && env[name] === missing);
    const where = variable === undefined ? `in ${file}` : `in ${variable}`;
    return unusable(`${missing} cannot be read (${code}).`, `Make it readable, or correct its path ${where}.`, cause);
  }
  if (profile !== undefined && /^Profile .* not found/.test(message)) {
    return unusable(`${file} has no profile "${profile}".`, "Correct or unset TEMPORAL_PROFILE.", cause);
  }
  const why =
    cause instanceof TypeError ? "It holds no [profile.<name>] of the expected form." : (message.split("\n")[0] ?? "");
  return unusable(
    `${file}: ${why}`,
    `Mend ${file}, or set TEMPORAL_CONFIG_FILE=${devNull} to go without a profile.`,
    cause,
  );
}

/** Where the SDK looks for a profile. */
function fileOf(env: Readonly<Record<string, string>>): string {
  const { TEMPORAL_CONFIG_FILE, HOME = "", XDG_CONFIG_HOME, APPDATA = "" } = env;
  if (TEMPORAL_CONFIG_FILE !== undefined) return TEMPORAL_CONFIG_FILE;
  const folders: Partial<Record<NodeJS.Platform, string>> = {
    win32: APPDATA,
    darwin: path.join(HOME, "Library", "Application Support"),
  };
  return path.join(folders[platform()] ?? XDG_CONFIG_HOME ?? path.join(HOME, ".config"), "temporalio", "temporal.toml");
}

function assertAddress(address: string, env: Readonly<Record<string, string>>): void {
  const url = URL.parse(`tcp://${address}`);
  if (url !== null && url.hostname !== "" && url.host === address.toLowerCase()) return;
  const source = env["TEMPORAL_ADDRESS"] === undefined ? `The address in ${fileOf(env)}` : "TEMPORAL_ADDRESS";
  const bare = URL.parse(address)?.host ?? "";
  throw unusable(
    `${source} is "${address}": it takes a host and a port, and nothing else.`,
    bare === "" ? "Write it like 127.0.0.1:7233." : `Write ${bare}; TLS is switched on by TEMPORAL_TLS=true.`,
  );
}

const unusable = (why: string, next: string, cause?: unknown): DomainError =>
  new DomainError("invalid_input", { what: "The settings for Temporal cannot be used.", why, next, cause });
