/** Runs each service of docker-compose.yml as a process here, started in its order and restarted like a container. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv, promisify } from "node:util";
import pg from "pg";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { processPart, type Part } from "../../lab/part.ts";
import { postgresDir } from "../../lab/lab-settings.ts";
import { postgresPassword, postgresUrl } from "../../lab/postgres-access.ts";
import { postgresPart } from "../../lab/postgres-part.ts";
import { sandboxParts } from "../../lab/sandbox-parts.ts";
import type { Supervisor } from "../../lab/supervisor.ts";
import { greet } from "../../src/temporal/greet.ts";
import { until } from "../../lab/until.ts";
import { missingPollers } from "../../src/temporal/pollers.ts";
import type { Compose, Service } from "./compose.ts";
import { environmentOf, onThisMachine, type Places } from "./places.ts";

const run = promisify(execFile);

export interface Stack {
  readonly root: string;
  readonly compose: Compose;
  readonly places: Places;
  readonly supervisor: Supervisor;
}

/** The operator's settings. Quick polling shortens the run. Everything else is as the compose file has it. */
const SETTINGS = "KTRDR_POLL_INTERVAL_MS=1000\n";
/** Makes a training long enough to kill things meanwhile. */
const EPOCH_DELAY_MS = "700";
const READY_WITHIN_MS = 60_000;

const serviceOf = ({ compose }: Stack, name: string): Service => {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
};

/** Links the programs under the names that they have in their images. */
export async function linkPrograms(places: Places, found: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(places.programs, { recursive: true });
  for (const [name, target] of Object.entries(found)) await symlink(target, path.join(places.programs, name));
}

/**
 * Runs scripts/make-secrets.sh as it is and writes settings.env, both in the run's folder. Then starts PostgreSQL with
 * the account that the image would make.
 */
export async function startDatabase(stack: Stack): Promise<void> {
  const { places, root, supervisor } = stack;
  await mkdir(path.join(places.dir, "scripts"), { recursive: true });
  const script = path.join(places.dir, "scripts/make-secrets.sh");
  await copyFile(path.join(root, "scripts/make-secrets.sh"), script);
  await run("sh", [script]);
  await writeFile(path.join(places.dir, "settings.env"), SETTINGS);
  const url = path.join(places.secrets, "database_url");
  const there = onThisMachine(await readFile(url, "utf8"), places, root);
  await writeFile(`${url}_here`, there);
  const dir = postgresDir(places.dir);
  await supervisor.start(postgresPart({ dir, port: places.ports.postgres, fsync: true }));
  const admin = new pg.Client({
    connectionString: postgresUrl(await postgresPassword(dir), places.ports.postgres, "postgres"),
  });
  await admin.connect();
  try {
    const user = admin.escapeIdentifier(serviceOf(stack, "postgres").environment["POSTGRES_USER"] ?? "");
    const password = admin.escapeLiteral(decodeURIComponent(new URL(there).password));
    await admin.query(`create role ${user} superuser login password ${password}`);
  } finally {
    await admin.end();
  }
}

/** Runs a one-shot service with its own entrypoint and command. @returns the last line that it printed */
export async function runToItsEnd(stack: Stack, name: string): Promise<string> {
  const service = serviceOf(stack, name);
  const [program = "", ...words] = commandOf(stack, service);
  const { stdout, stderr } = await run(program, words, { env: environmentFor(stack, service), cwd: stack.places.dir });
  return (stdout.trim() === "" ? stderr : stdout).trim().split("\n").at(-1) ?? "";
}

/** The image's entrypoint is the launcher, unless the service has its own. */
function commandOf({ places, root }: Stack, service: Service): readonly string[] {
  const words = [...(service.entrypoint ?? ["/app/bin/ktrdr-mcp"]), ...service.command];
  return words.map((word) => onThisMachine(word, places, root));
}

function environmentFor({ places, root }: Stack, service: Service): Record<string, string> {
  const settings = service.env_file.map((file) => readFileSync(path.join(places.dir, file.path), "utf8"));
  const env = { ...parseEnv(settings.join("\n")), ...environmentOf(service, places, root) } as Record<string, string>;
  // This is the one secret that names a container.
  if (env["DATABASE_URL_FILE"] !== undefined) env["DATABASE_URL_FILE"] += "_here";
  return env;
}

/** The server with the environment of the compose file; only its ports are this machine's. */
export function temporalPart(stack: Stack): Part {
  const { places } = stack;
  const { ports } = places;
  const address = `127.0.0.1:${ports.temporal}`;
  return processPart({
    name: "temporal",
    command: path.join(places.programs, "temporal-server"),
    args: ["start"],
    cwd: places.dir,
    env: {
      ...environmentFor(stack, serviceOf(stack, "temporal")),
      // A container has its addresses for itself. On this machine others share them.
      BIND_ON_IP: "127.0.0.1",
      // As its entrypoint in the compose file does.
      POSTGRES_PWD: readFileSync(path.join(places.secrets, "database_password"), "utf8").trim(),
      FRONTEND_GRPC_PORT: String(ports.temporal),
      FRONTEND_MEMBERSHIP_PORT: String(ports.temporalMembership),
      FRONTEND_HTTP_PORT: String(ports.temporalHttp),
      HISTORY_GRPC_PORT: String(ports.history),
      HISTORY_MEMBERSHIP_PORT: String(ports.historyMembership),
      MATCHING_GRPC_PORT: String(ports.matching),
      MATCHING_MEMBERSHIP_PORT: String(ports.matchingMembership),
      WORKER_GRPC_PORT: String(ports.temporalWorker),
      WORKER_MEMBERSHIP_PORT: String(ports.temporalWorkerMembership),
    },
    ready: async (signal) => {
      const connection = openLazily({ address });
      const serving = async () => {
        await greet(address);
        const asked = () => connection.workflowService.listNamespaces({ pageSize: 1 });
        await connection.withDeadline(Date.now() + 2_000, asked);
        return true;
      };
      try {
        await until(serving, { what: `the Temporal server at ${address}`, timeoutMs: READY_WITHIN_MS, signal });
      } finally {
        await connection.close();
      }
    },
  });
}

export async function startSandbox({ places, supervisor }: Stack): Promise<void> {
  const env = { PATH: process.env["PATH"], HOME: places.dir, SANDBOX_EPOCH_DELAY_MS: EPOCH_DELAY_MS };
  const parts = sandboxParts({
    execPath: process.execPath,
    root: places.sandbox,
    stateDir: places.ktrdr,
    ports: places.ports,
    env,
  });
  for (const part of parts) await supervisor.start(part);
}

/** What the compose file gives a worker, with the addresses and folders of this machine. */
export const workerEnvironment = (stack: Stack): Record<string, string> =>
  environmentFor(stack, serviceOf(stack, "worker"));

/**
 * One of several workers. The name tells them apart, and everything else is the same.
 * @param settings those that differ from the compose file's
 */
export function workerOf(stack: Stack, name: string, settings: Readonly<Record<string, string>> = {}): Part {
  const service = serviceOf(stack, "worker");
  const env: Record<string, string> = { ...workerEnvironment(stack), ...settings };
  const [command = "", ...args] = commandOf(stack, service);
  return processPart({
    name,
    command,
    args,
    env,
    graceMs: 50_000,
    ready: async (signal, pid) => {
      const connection = openLazily({ address: env["TEMPORAL_ADDRESS"] ?? "" });
      const since = Number.POSITIVE_INFINITY; // this very process, not one that polled a moment ago
      const polling = async () =>
        (await missingPollers(connection, env["TEMPORAL_NAMESPACE"] ?? "", { pid, since })).length === 0;
      try {
        await until(polling, { what: `${name} polling`, timeoutMs: READY_WITHIN_MS, signal });
      } finally {
        await connection.close();
      }
    },
  });
}

export function mcpPart(stack: Stack): Part {
  const service = serviceOf(stack, "mcp");
  const [command = "", ...args] = commandOf(stack, service);
  const health = `http://127.0.0.1:${stack.places.ports.mcp}/health`;
  return processPart({
    name: "mcp",
    command,
    args,
    env: environmentFor(stack, service),
    ready: (signal) =>
      until(async () => (await fetch(health)).ok, { what: health, timeoutMs: READY_WITHIN_MS, signal }),
  });
}

/** The health check of a service, as Docker would run it in its container. */
export async function healthOf(stack: Stack, name: string): Promise<void> {
  const service = serviceOf(stack, name);
  const [program = "", ...words] = (service.healthcheck?.test ?? [])
    .slice(1)
    .map((word) => onThisMachine(word, stack.places, stack.root));
  const port = name === "mcp" ? ["--port", String(stack.places.ports.mcp)] : [];
  await run(program, [...words, ...port], { env: environmentFor(stack, service) });
}

/** A token as an operator makes it. */
export async function newToken(stack: Stack): Promise<string> {
  const service = serviceOf(stack, "token");
  const [program = "", ...words] = commandOf(stack, { ...service, command: [] });
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const asked = ["new", "--name", "verifier", "--scope", "research", "--expires", tomorrow];
  const { stdout } = await run(program, [...words, ...asked], { env: environmentFor(stack, service) });
  return stdout.trim();
}
