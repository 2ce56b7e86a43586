import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface SandboxOptions {
  readonly stateDir: string;
  /** Port of the API; 0 or left out: a free one. It stays the same over restarts. */
  readonly port?: number;
  /** 1 gives KTRDR's own timers. */
  readonly timeScale?: number;
  readonly trainingWorkers?: number;
  readonly backtestWorkers?: number;
  /** Added to the environment of every part, e.g. SANDBOX_SEED, SANDBOX_EPOCH_DELAY_MS, SANDBOX_BAR_DELAY_MS. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Node that runs the parts. It must strip types. */
  readonly execPath?: string;
  /** Gets what the parts write to stderr. */
  readonly onStderr?: (text: string) => void;
  /** How long the parts may take to be ready, ms (default 30,000). */
  readonly readyTimeoutMs?: number;
}

/** One process of the sandbox. */
export interface SandboxPart {
  readonly name: string;
  readonly url: string;
  /** Process id of the running process, or of the last one. */
  readonly pid: number;
  /** Resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the process again on the same port; kills it first when it still runs. */
  restart(): Promise<void>;
}

export interface Sandbox {
  /** Address of the API, without `/api/v1`. */
  readonly url: string;
  readonly stateDir: string;
  readonly api: SandboxPart;
  readonly workers: readonly SandboxPart[];
  /** Resolves when as many workers as were started are registered as available. */
  workersReady(): Promise<void>;
  stop(): Promise<void>;
}

interface Ready {
  readonly port: number;
  readonly pid: number;
}

const scriptPath = (name: string): string => fileURLToPath(new URL(`bin/${name}.ts`, import.meta.url));

/** Resolves with the one line that a part prints when it listens; rejects when it ends before. */
async function readyLine(child: ChildProcess, name: string, timeoutMs: number): Promise<Ready> {
  if (child.stdout === null) throw new Error(`${name} has no stdout`);
  const lines = createInterface({ input: child.stdout });
  const signal = AbortSignal.timeout(timeoutMs);
  const ended = once(child, "exit", { signal }).then(([code, cause]) => {
    throw new Error(`${name} ended before it was ready (${String(code ?? cause)})`);
  });
  const line = once(lines, "line", { signal }).then(([text]) => JSON.parse(String(text)) as Ready);
  ended.catch(() => undefined);
  return Promise.race([line, ended]);
}

class Part implements SandboxPart {
  readonly name: string;
  readonly #options: SandboxOptions;
  readonly #script: string;
  readonly #args: readonly string[];
  #port: number;
  #child: ChildProcess | undefined;
  #pid = 0;

  constructor(name: string, options: SandboxOptions, script: string, port: number, args: readonly string[]) {
    this.name = name;
    this.#options = options;
    this.#script = scriptPath(script);
    this.#port = port;
    this.#args = args;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<void> {
    const options = this.#options;
    const scale = String(options.timeScale ?? 1);
    const common = ["--port", String(this.#port), "--state", options.stateDir, "--time-scale", scale];
    const args = [this.#script, ...common, "--exit-with-parent", ...this.#args];
    const child = spawn(options.execPath ?? process.execPath, args, {
      stdio: ["pipe", "pipe", "pipe"],
      // oxlint-disable-next-line node/no-process-env -- the parts inherit PATH and locale
      env: { ...process.env, ...options.env },
    });
    this.#child = child;
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = `${stderr}${text}`.slice(-4_000);
      options.onStderr?.(text);
    });
    try {
      const ready = await readyLine(child, this.name, options.readyTimeoutMs ?? 120_000);
      this.#port = ready.port;
      this.#pid = ready.pid;
    } catch (error) {
      await this.kill("SIGKILL");
      throw new Error(`${this.name} did not start: ${stderr}`, { cause: error });
    }
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async restart(): Promise<void> {
    await this.kill("SIGKILL");
    await this.start();
  }
}

async function waitForWorkers(url: string, expected: number, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let available = -1;
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`${url}/api/v1/workers?status=available`);
      available = ((await response.json()) as unknown[]).length;
      if (available >= expected) return;
    } catch {
      // Not listening yet.
    }
    await wait(25);
  }
  throw new Error(`sandbox: ${available} of ${expected} workers available after ${timeoutMs} ms`);
}

/**
 * Starts the API and the workers as processes of their own and waits until all workers are registered. All of them end
 * with the caller, even when it is killed. `stop` ends them and waits.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const api = new Part("sandbox-api", options, "api", options.port ?? 0, []);
  await api.start();
  const worker = (type: "training" | "backtesting", id: string): Part =>
    new Part(id, options, "worker", 0, ["--type", type, "--id", id, "--api-url", api.url]);
  const numbered = (count: number, prefix: string): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
  const workers = [
    ...numbered(options.trainingWorkers ?? 1, "train").map((id) => worker("training", id)),
    ...numbered(options.backtestWorkers ?? 1, "bt").map((id) => worker("backtesting", id)),
  ];
  const stop = async (): Promise<void> => {
    await Promise.all([api, ...workers].map((part) => part.kill("SIGKILL")));
  };
  const workersReady = (): Promise<void> => waitForWorkers(api.url, workers.length, options.readyTimeoutMs ?? 120_000);
  try {
    await Promise.all(workers.map((part) => part.start()));
    await workersReady();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: api.url, stateDir: options.stateDir, api, workers, workersReady, stop };
}
