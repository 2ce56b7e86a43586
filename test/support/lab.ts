import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadConfig } from "../../src/config.ts";
import { ROOT } from "../../src/root.ts";
import { startLab, type Lab } from "../../lab/lab.ts";
import type { LabSettings } from "../../lab/lab-settings.ts";
import type { SupervisorEvent } from "../../lab/supervisor.ts";
import { until } from "../../lab/until.ts";
import { migrate } from "../../src/store/migrate.ts";
import { ANY_PORTS } from "./ports.ts";

export interface TestLab extends Lab {
  /** Everything that happened to the parts so far. */
  readonly events: readonly SupervisorEvent[];
  pid(part: string): number;
  /** SIGKILLs a part. The lab starts it again; wait for that with `back`. */
  kill(part: string): number;
  /** Resolves when the part is ready and runs under another pid than `before`. */
  back(part: string, before: number): Promise<void>;
  /** Stops the lab and keeps its folder. */
  stop(): Promise<void>;
  /** Stops the lab and removes its folder. */
  remove(): Promise<void>;
}

export interface TestLabOptions {
  /** Folder of an earlier test lab, to start it again. */
  readonly dir?: string;
  /** Factor on the sandbox's timers: below 1 they run faster than in reality. */
  readonly timeScale?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly hangsAfterMs?: number;
  /** Runs after PostgreSQL has come up and before Temporal does. */
  readonly beforeTemporal?: () => Promise<void>;
}

/** Variables of the machine that runs the tests must not replace parts of the lab. */
const FOREIGN = /^(KTRDR_|LIMIT_|DATABASE_URL$|TEMPORAL_(?!CLI_PATH$)|LAB_|SANDBOX_|LOG_LEVEL$)/;

/** For labs whose KTRDR is left alone: its clocks run 50 times faster, so that nothing waits for its registry. */
export const QUICK = { SANDBOX_TIME_SCALE: "0.02" };

/** The whole lab as real processes, on free ports, with quick polling and shortened timers in the sandbox. */
export async function startTestLab(options: TestLabOptions = {}): Promise<TestLab> {
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-lab-")));
  const clean = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const env: Record<string, string | undefined> = {
    ...Object.fromEntries(clean),
    KTRDR_POLL_INTERVAL_MS: "250",
    // These grace times are short, because KTRDR's lags are shortened with its timers.
    KTRDR_DEAD_GRACE_MS: "2500",
    KTRDR_NOT_FOUND_GRACE_MS: "3000",
    KTRDR_START_IN_FLIGHT_MS: "5000",
    // A test asks more often than Claude does.
    LIMIT_CALLS_PER_MINUTE: "0",
    SANDBOX_TIME_SCALE: String(options.timeScale ?? 0.1),
    ...options.env,
    LAB_DIR: dir,
  };
  const events: SupervisorEvent[] = [];
  const settings: LabSettings = {
    config: loadConfig(env),
    env,
    root: ROOT,
    execPath: process.execPath,
    pid: process.pid,
    migrate: async (url) => {
      await options.beforeTemporal?.();
      return migrate(url);
    },
    preferredPorts: ANY_PORTS,
    fsync: false,
    ...(options.hangsAfterMs === undefined ? {} : { hangsAfterMs: options.hangsAfterMs }),
    onEvent: (event) => events.push(event),
  };
  const lab = await startLab(settings).catch(async (error: unknown) => {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    throw error;
  });
  const pidNow = (part: string) => lab.parts().find(({ name }) => name === part)?.pid;
  const pid = (part: string) => {
    const found = pidNow(part);
    if (found === undefined) throw new Error(`${part} does not run`);
    return found;
  };
  return {
    ...lab,
    events,
    pid,
    kill(part) {
      const before = pid(part);
      process.kill(before, "SIGKILL");
      return before;
    },
    async back(part, before) {
      const another = async () => pidNow(part) !== undefined && pidNow(part) !== before;
      await until(another, { what: `${part} being back`, timeoutMs: 200_000, everyMs: 20 });
    },
    async remove() {
      await lab.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
