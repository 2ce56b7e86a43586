import type { Connection } from "@temporalio/client";
import { openLazily } from "../src/temporal/open-connection.ts";
import { temporalSettings } from "../src/temporal/settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A connection that is made at its first use, with the TLS and API key of the TEMPORAL_* variables and the profile. The
 * lab's own server is used without them.
 */
export function lazyConnection(address: string, env: Environment): Connection {
  const given = (env["TEMPORAL_ADDRESS"] ?? "") !== "";
  const options = given ? temporalSettings(env, { address, namespace: "" }).connection : {};
  return openLazily({ ...options, address });
}

/** The namespace that the TEMPORAL_* variables or the profile name, else the given one. */
export const configuredNamespace = (env: Environment, namespace: string): string =>
  temporalSettings(env, { address: "", namespace }).namespace;
