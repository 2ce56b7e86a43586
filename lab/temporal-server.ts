import path from "node:path";
import { openLazily } from "../src/temporal/open-connection.ts";
import { searchAttributesThere, SEARCH_ATTRIBUTES } from "../src/temporal/search-attributes.ts";
import { processPart, type Part } from "./part.ts";
import { mayBeListening } from "../src/machine/port-holder.ts";
import { greet } from "../src/temporal/greet.ts";
import { until } from "./until.ts";

export interface TemporalServerOptions {
  readonly binary: string;
  /** Folder of the database file. */
  readonly dir: string;
  readonly port: number;
  /** Port of the Web UI; without one there is no UI. */
  readonly uiPort?: number;
  readonly namespace: string;
  /** Dynamic configuration, as the server's own arguments. */
  readonly dynamicConfig: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Switched off only in tests, where the data may be lost when the machine fails. Default true. */
  readonly fsync?: boolean;
}

/** The server's database file in the lab's folder. */
export const TEMPORAL_DATABASE = "temporal.db";

const READY_WITHIN_MS = 120_000;

/** Temporal's dev server with its state in a file, so that workflows survive any end of the server. */
export function temporalServer(options: TemporalServerOptions): Part {
  const { binary, dir, port, uiPort, namespace, env } = options;
  return processPart({
    name: "temporal",
    command: binary,
    args: [
      "server",
      "start-dev",
      "--ip=127.0.0.1",
      `--port=${port}`,
      ...(uiPort === undefined ? ["--headless"] : [`--ui-port=${uiPort}`, "--ui-disable-news-fetch"]),
      `--db-filename=${path.join(dir, TEMPORAL_DATABASE)}`,
      ...(options.fsync === false ? ["--sqlite-pragma=synchronous=OFF"] : []),
      `--namespace=${namespace}`,
      "--log-level=warn",
      "--log-format=json",
      ...SEARCH_ATTRIBUTES.flatMap((name) => ["--search-attribute", `${name}=Keyword`]),
      ...options.dynamicConfig,
    ],
    // The server must not get the settings for clients (TEMPORAL_*).
    env: { PATH: env["PATH"], HOME: env["HOME"], GOGC: env["GOGC"] },
    ready: (signal, pid) => waitForTemporal({ port, namespace, pid }, signal),
    answers: () => serverInfo(`127.0.0.1:${port}`),
  });
}

/** Asks through a new connection: one that has met no server waits longer with each retry. */
async function serverInfo(address: string): Promise<void> {
  const connection = openLazily({ address });
  try {
    await connection.withDeadline(Date.now() + 20_000, () => connection.workflowService.getSystemInfo({}));
  } finally {
    await connection.close();
  }
}

/** Waits until the server answers for its namespace and knows our search attributes. */
async function waitForTemporal(
  server: { readonly port: number; readonly namespace: string; readonly pid: number },
  signal: AbortSignal,
): Promise<void> {
  const address = `127.0.0.1:${server.port}`;
  const connection = openLazily({ address });
  const serving = async () => {
    // gRPC waits longer after each refusal, so it is asked only when something listens.
    await greet(address);
    const { missing } = await searchAttributesThere(connection, server.namespace);
    return missing.length === 0 && mayBeListening(server.pid, server.port);
  };
  try {
    await until(serving, { what: `the Temporal server at ${address}`, timeoutMs: READY_WITHIN_MS, signal });
  } finally {
    await connection.close();
  }
}
