import path from "node:path";
import { processPart, type Part, type ProcessPart } from "./part.ts";
import { mayBeListening } from "../src/machine/port-holder.ts";
import { until } from "./until.ts";

export interface SandboxOptions {
  readonly execPath: string;
  /** Folder of the repository; the sandbox lies beside the sources. */
  readonly root: string;
  /** KTRDR's shared folder: data, strategies, models, checkpoints. */
  readonly stateDir: string;
  readonly ports: { readonly ktrdr: number; readonly ktrdrTraining: number; readonly ktrdrBacktesting: number };
  readonly env: Readonly<Record<string, string | undefined>>;
}

const READY_WITHIN_MS = 120_000;

/** The sandbox KTRDR with the real one's processes: an API and one worker of each kind. */
export function sandboxParts(options: SandboxOptions): readonly [api: Part, ...workers: Part[]] {
  const { ports } = options;
  const api = `http://127.0.0.1:${ports.ktrdr}`;
  // The sandbox gets only its own variables, not our database or keys.
  const concerns = /^(PATH|HOME|TZ|LANG|NODE_OPTIONS|NODE_COMPILE_CACHE|SANDBOX_.*)$/;
  const env = Object.fromEntries(Object.entries(options.env).filter(([name]) => concerns.test(name)));
  const part = (name: string, file: string, args: readonly string[], port: number, ready: ProcessPart["ready"]) =>
    processPart({
      name,
      command: options.execPath,
      args: [path.join(options.root, "sandbox/bin", file), ...args, "--state", options.stateDir],
      env,
      ready,
      answers: (signal) => fetch(`http://127.0.0.1:${port}/api/v1/operations`, { signal }),
    });
  const worker = (type: "training" | "backtesting", port: number) => {
    const id = `${type}-1`;
    const args = ["--type", type, "--id", id, "--port", String(port), "--api-url", api];
    return part(`ktrdr-${type}`, "worker.ts", args, port, (signal, pid) =>
      waitForKtrdrWorker(api, { id, port, pid }, signal),
    );
  };
  return [
    part("ktrdr-api", "api.ts", ["--port", String(ports.ktrdr)], ports.ktrdr, async (signal, pid) => {
      await until(async () => (await healthy(api)) && mayBeListening(pid, ports.ktrdr), {
        what: `the sandbox at ${api}`,
        timeoutMs: READY_WITHIN_MS,
        signal,
      });
    }),
    worker("training", ports.ktrdrTraining),
    worker("backtesting", ports.ktrdrBacktesting),
  ];
}

/** Waits until a KTRDR API answers its health check. */
export async function waitForKtrdr(api: string, signal?: AbortSignal, timeoutMs = READY_WITHIN_MS): Promise<void> {
  await until(() => healthy(api), { what: `KTRDR at ${api}`, timeoutMs, signal });
}

const healthy = async (api: string) => (await ask(`${api}/api/v1/health`)).ok;

/** Asks the worker itself too, because KTRDR keeps a dead worker in its registry for a while. */
async function waitForKtrdrWorker(
  api: string,
  worker: { id: string; port: number; pid: number },
  signal: AbortSignal,
): Promise<void> {
  const registered = async () => {
    if (!(await mayBeListening(worker.pid, worker.port))) return false;
    if (!(await ask(`http://127.0.0.1:${worker.port}/api/v1/operations`)).ok) return false;
    const body: unknown = await (await ask(`${api}/api/v1/workers`)).json();
    return Array.isArray(body) && body.some((each: { worker_id?: unknown }) => each.worker_id === worker.id);
  };
  await until(registered, { what: `${worker.id} in KTRDR's registry`, timeoutMs: READY_WITHIN_MS, signal });
}

const ask = (address: string) => fetch(address, { signal: AbortSignal.timeout(2_000) });
