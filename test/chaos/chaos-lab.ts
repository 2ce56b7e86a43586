import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@temporalio/client";
import { openLazily } from "../../src/temporal/open-connection.ts";
import { FaultStore } from "../../sandbox/faults.ts";
import { openStateFolder } from "../../sandbox/state/folder.ts";
import { loadConfig } from "../../src/config.ts";
import { ROOT } from "../../src/root.ts";
import type { Addresses } from "../../lab/lab-settings.ts";
import { isPolled } from "../../src/temporal/pollers.ts";
import { startLab, type Lab } from "../../lab/lab.ts";
import { until } from "../../lab/until.ts";
import { migrate } from "../../src/store/migrate.ts";
import { ANY_PORTS } from "../support/ports.ts";
import { Proxy } from "../support/proxy.ts";
import { strategyText } from "../support/strategy-text.ts";
import type { SmallDisk } from "../support/small-disk.ts";
import type { Part, Wire } from "./scenario.ts";
import { SecondWorker } from "./second-worker.ts";

/** KTRDR's timers run ten times as fast as in reality, so our own time limits are shortened with them. */
const SETTINGS = {
  SANDBOX_TIME_SCALE: "0.1",
  KTRDR_POLL_INTERVAL_MS: "250",
  // The tests ask for statuses far more often than Claude does.
  LIMIT_CALLS_PER_MINUTE: "0",
  KTRDR_REQUEST_TIMEOUT_MS: "3000",
  KTRDR_NOT_FOUND_GRACE_MS: "3000",
  KTRDR_DEAD_GRACE_MS: "3000",
  KTRDR_START_IN_FLIGHT_MS: "4000",
  JOB_STALL_AFTER_MS: "20000",
  JOB_STALL_FAIL_AFTER_MS: "60000",
  LOG_LEVEL: "info",
};

/** Variables of the machine that runs the tests must not replace parts of the lab. */
const FOREIGN = /^(KTRDR_|DATABASE_URL$|TEMPORAL_(?!CLI_PATH$)|LAB_|SANDBOX_|LOG_LEVEL$)/;

export const STRATEGY = "probe";
/** KTRDR keeps a checkpoint every ten epochs. A training that dies late has one; one that dies early has none. */
const EPOCHS = 40;

export interface ChaosLabOptions {
  /** Stops a start that is under way. */
  readonly signal?: AbortSignal;
  /** Everything that the lab writes goes there, KTRDR's files included. Whoever mounted the disk removes it. */
  readonly disk?: SmallDisk | null;
}

/** A process of the lab that ended. `atMs` is a moment after the real end, in milliseconds since the epoch. */
export interface Death {
  readonly part: string;
  readonly pid: number;
  readonly atMs: number;
}

/** The whole lab as real processes, with a proxy on each wire between us and KTRDR, PostgreSQL and Temporal. */
export class ChaosLab {
  readonly lab: Lab;
  readonly wires: Readonly<Record<Wire, Proxy>>;
  readonly faults: FaultStore;
  readonly deaths: Death[];
  /** Called with each part that is ready, for the first time or again. */
  onReady: (part: string) => void = () => undefined;
  /** The small disk that the lab lies on; null when it has none of its own. */
  readonly disk: SmallDisk | null;
  #guest: SecondWorker | null = null;
  #ended = false;

  private constructor(lab: Lab, wires: Readonly<Record<Wire, Proxy>>, deaths: Death[], disk: SmallDisk | null) {
    this.lab = lab;
    this.disk = disk;
    this.wires = wires;
    this.deaths = deaths;
    this.faults = new FaultStore(openStateFolder(this.ktrdrDir), "api");
  }

  static async start({ signal, disk = null }: ChaosLabOptions = {}): Promise<ChaosLab> {
    const dir = disk === null ? await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-chaos-")) : path.join(disk.dir, "lab");
    if (disk !== null) await keepLogElsewhere(disk, dir);
    // oxlint-disable-next-line node/no-process-env
    const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
    const env = { ...Object.fromEntries(own), ...SETTINGS, LAB_DIR: dir };
    const wires = { ktrdr: await Proxy.listen(), postgres: await Proxy.listen(), temporal: await Proxy.listen() };
    const deaths: Death[] = [];
    const ready = { tell: (_part: string): void => undefined };
    const lab = await startLab({
      config: loadConfig(env),
      env,
      root: ROOT,
      execPath: process.execPath,
      pid: process.pid,
      migrate,
      preferredPorts: ANY_PORTS,
      fsync: false,
      ...(signal === undefined ? {} : { signal }),
      onEvent: (event) => {
        if (event.type === "started") ready.tell(event.name);
        if (event.type === "died") deaths.push({ part: event.name, pid: event.pid, atMs: Date.now() });
      },
      route: async (direct) => routed(direct, wires),
    }).catch(async (error: unknown) => {
      await rm(dir, { recursive: true, force: true });
      throw error;
    });
    await mkdir(path.join(dir, "ktrdr", "strategies"), { recursive: true });
    await writeFile(path.join(dir, "ktrdr", "strategies", `${STRATEGY}.yaml`), strategyText(STRATEGY, EPOCHS));
    const chaos = new ChaosLab(lab, wires, deaths, disk);
    ready.tell = (part) => chaos.onReady(part);
    return chaos;
  }

  /** Another worker of ours beside the lab's own. It ends with the lab at the latest. */
  async invite(): Promise<SecondWorker> {
    const guest = SecondWorker.spawn(this.lab);
    this.#guest = guest;
    await guest.working();
    if (this.#ended) throw new Error("the lab has ended");
    return guest;
  }

  get ktrdrDir(): string {
    return path.join(this.lab.dir, "ktrdr");
  }

  /** Pid of a part, undefined while it is down. */
  pid(part: Exclude<Part, "mcp">): number | undefined {
    return this.lab.parts().find(({ name }) => name === part)?.pid;
  }

  /** Signals a part; false when it is down already. */
  signal(part: Exclude<Part, "mcp">, name: NodeJS.Signals): boolean {
    const pid = this.pid(part);
    if (pid === undefined) return false;
    try {
      process.kill(pid, name);
      return true;
    } catch {
      return false; // it ended this very moment
    }
  }

  /** Everything runs, nothing is disturbed, KTRDR's workers are registered and idle. */
  async calm(): Promise<void> {
    this.faults.replace([]);
    for (const wire of Object.values(this.wires)) {
      wire.mode = { kind: "pass" };
      wire.witness = () => undefined;
    }
    await until(async () => this.lab.parts().every(({ pid }) => pid !== undefined), {
      what: "every part running",
      timeoutMs: 120_000,
      everyMs: 20,
    });
    await until(async () => (await this.#idleWorkers()) === 2, {
      what: "KTRDR's two workers being idle",
      timeoutMs: 120_000,
      everyMs: 50,
    });
    await until(async () => await this.#polled(), {
      what: "our worker being in touch with Temporal",
      timeoutMs: 120_000,
      everyMs: 100,
    });
  }

  /** Whether our worker polls Temporal. After a restart the server knows no worker until the worker has found it. */
  async #polled(): Promise<boolean> {
    const connection = openLazily({ address: this.lab.addresses.temporal });
    try {
      return await isPolled(new Client({ connection, namespace: this.lab.namespace }));
    } finally {
      await connection.close();
    }
  }

  async #idleWorkers(): Promise<number> {
    const answer = await fetch(`${this.lab.addresses.ktrdr}/api/v1/workers`, { signal: AbortSignal.timeout(2_000) });
    const workers = (await answer.json()) as { status: string; health_check_failures: number }[];
    return workers.filter((one) => one.status === "available" && one.health_check_failures === 0).length;
  }

  /** Processes that still belong to the lab: their command line or environment names its folder. */
  async processes(): Promise<string[]> {
    const found: string[] = [];
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      const read = async (file: string) => await readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      const [command, environment] = await Promise.all([read("cmdline"), read("environ")]);
      if (command.includes(this.lab.dir) || environment.includes(this.lab.dir)) {
        found.push(`${pid} ${command.replaceAll("\0", " ").slice(0, 120)}`);
      }
    }
    return found;
  }

  /** Stops everything. @returns processes that were left behind. */
  async end(): Promise<string[]> {
    this.#ended = true;
    await this.#guest?.leave("SIGKILL");
    await this.lab.stop();
    for (const wire of Object.values(this.wires)) await wire.close();
    const left = await this.processes();
    await rm(this.lab.dir, { recursive: true, force: true });
    return left;
  }
}

/** Everything is judged by KTRDR's log of computing, so a full disk must not cut it short. */
async function keepLogElsewhere(disk: SmallDisk, dir: string): Promise<void> {
  const log = `${disk.dir}.jsonl`;
  await writeFile(log, "");
  await mkdir(path.join(dir, "ktrdr"), { recursive: true });
  await symlink(log, path.join(dir, "ktrdr", "computations.jsonl"));
}

async function routed(direct: Addresses, wires: Readonly<Record<Wire, Proxy>>): Promise<Addresses> {
  const aim = (proxy: Proxy, url: URL) => {
    proxy.target = { host: url.hostname, port: Number(url.port) };
    url.port = String(proxy.port);
    url.hostname = "127.0.0.1";
    return url;
  };
  const temporal = aim(wires.temporal, new URL(`http://${direct.temporal}`));
  return {
    ...direct,
    ktrdr: aim(wires.ktrdr, new URL(direct.ktrdr)).origin,
    database: aim(wires.postgres, new URL(direct.database)).href,
    temporal: temporal.host,
  };
}
