import { createConnection } from "node:net";
import type { Connection } from "@temporalio/client";
import { openLazily } from "../temporal/open-connection.ts";
import { temporalSettings } from "../temporal/settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A connection that is made when it is first used, with everything the TEMPORAL_* variables and the profile say (TLS, API
 * key). An address of the lab's own server is given plainly: no profile is meant for it.
 */
export function lazyConnection(address: string, env: Environment): Connection {
  const given = (env["TEMPORAL_ADDRESS"] ?? "") !== "";
  const options = given ? temporalSettings(env, { address, namespace: "" }).connection : {};
  return openLazily({ ...options, address });
}

/** The namespace that the TEMPORAL_* variables or the profile name, else the given one. */
export const configuredNamespace = (env: Environment, namespace: string): string =>
  temporalSettings(env, { address: "", namespace }).namespace;

/** Resolves when something listens at `host:port`; rejects after 3 s, or at once when refused. */
export function greet(address: string): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: hostname, port: Number(port || "7233"), timeout: 3_000 });
    socket.once("connect", () => resolve());
    socket.once("timeout", () => reject(new Error(`${address} does not answer`)));
    socket.once("error", reject);
    const done = () => socket.destroy();
    for (const event of ["connect", "timeout", "error"]) socket.once(event, done);
  });
}
