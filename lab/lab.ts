import path from "node:path";
import { isDomainError } from "../src/domain/errors.ts";
import { startGuard } from "./guard.ts";
import { keepNamespace } from "./keep-namespace.ts";
import { labDirOf } from "../src/running-lab/lab-environment.ts";
import { removeLabFile, writeLabFile } from "../src/running-lab/lab-file.ts";
import { lockLab } from "./lab-lock.ts";
import { labNamespace } from "./lab-namespace.ts";
import {
  addressesOf,
  environmentOf,
  neededPorts,
  postgresDir,
  replacedParts,
  type Addresses,
  type LabSettings,
} from "./lab-settings.ts";
import { labSteps, type Step } from "./lab-steps.ts";
import { postgresPassword } from "./postgres-access.ts";
import { isFree } from "../src/machine/free-port.ts";
import { choosePorts, PREFERRED_PORTS, readPorts } from "./ports.ts";
import { startOf } from "../src/machine/process-identity.ts";
import { ownFolder } from "./own-folder.ts";
import { createRunFolder, stopLeftovers } from "./run-folder.ts";
import { Supervisor, type PartState } from "./supervisor.ts";

export interface Lab {
  readonly dir: string;
  readonly addresses: Addresses;
  /** The Temporal namespace that is this lab's. */
  readonly namespace: string;
  /** Environment for mcp and every other process that is to use this lab. */
  readonly env: Readonly<Record<string, string>>;
  parts(): readonly PartState[];
  /** Stops everything the lab started and waits for its end. Running jobs go on with the next start. */
  stop(): Promise<void>;
}

/** Runs steps in order; a caller may show them as it likes. */
export type StepRunner = (steps: readonly Step[]) => Promise<void>;

export const runSilently: StepRunner = async (steps) => {
  for (const step of steps) await step.run(() => undefined);
};

/** How long parts get to stop by themselves (seconds). */
const GRACE_S = 15;

/** How often a start is tried when another process takes a port between choosing and using it. */
const ATTEMPTS = 3;

/**
 * Brings up PostgreSQL, Temporal, the sandbox KTRDR and a worker, each unless the environment names a real one, and
 * keeps them running. All state lies in one folder; what an earlier lab left running there is stopped first.
 * @throws DomainError `task_conflict` when another lab uses the folder; otherwise the error of the part that did not
 *   start. Nothing is left running then.
 */
export async function startLab(settings: LabSettings, runSteps: StepRunner = runSilently): Promise<Lab> {
  const dir = labDirOf(settings.env);
  await ownFolder(dir);
  const unlock = await lockLab(dir, settings.pid);
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await attemptStart(settings, runSteps, { dir, unlock });
      } catch (error) {
        const lostPort =
          !isDomainError(error, "invalid_input") && (saysTaken(error) || (await anyTaken(dir, settings)));
        if (!lostPort || attempt === ATTEMPTS || settings.signal?.aborted === true) throw error;
      }
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The port may be free again by now, so the part's last output tells whether it was taken. */
const saysTaken = (error: unknown): boolean =>
  isDomainError(error, "internal") && /EADDRINUSE|address already in use/i.test(error.why ?? "");

async function anyTaken(dir: string, { env, page = false }: LabSettings): Promise<boolean> {
  const ports = await readPorts(dir);
  const states = await Promise.all(neededPorts(replacedParts(env), page).map((name) => isFree(ports[name] ?? 0)));
  return states.includes(false);
}

async function attemptStart(
  settings: LabSettings,
  runSteps: StepRunner,
  { dir, unlock }: { readonly dir: string; readonly unlock: () => void },
): Promise<Lab> {
  const runs = path.join(dir, "run");
  const replaced = replacedParts(settings.env);
  const leftovers = await stopLeftovers(runs, GRACE_S * 1_000);
  const notes = leftovers.map(({ name, pid }) => `Stopped ${name} (pid ${pid}) that an earlier lab had left running.`);
  const ports = await choosePorts({
    dir,
    names: neededPorts(replaced, settings.page ?? false),
    preferred: settings.preferredPorts ?? PREFERRED_PORTS,
    onNote: (note) => notes.push(note),
  });
  const addresses = addressesOf(settings, ports, replaced, await postgresPassword(postgresDir(dir)));
  const namespace = await labNamespace(dir, settings, replaced);
  const routed = (await settings.route?.(addresses)) ?? addresses;
  const env = environmentOf(settings, { addresses: routed, namespace, replaced });
  const run = await createRunFolder(runs);
  const guard = startGuard(run.dir, GRACE_S);
  const supervisor = new Supervisor({
    logDir: path.join(dir, "logs"),
    run,
    onEvent: settings.onEvent,
    ...(settings.hangsAfterMs === undefined ? {} : { hangsAfterMs: settings.hangsAfterMs }),
  });
  let letNamespaceGo = async (): Promise<void> => undefined;
  const stop = once(async () => {
    await letNamespaceGo();
    await removeLabFile(dir);
    await supervisor.stop();
    await guard.release();
    await run.remove();
  });
  const onAbort = () => void stop();
  settings.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    settings.signal?.throwIfAborted();
    await runSteps(labSteps({ settings, dir, ports, addresses, namespace, env, replaced, supervisor, notes }));
    settings.signal?.throwIfAborted();
    if (!replaced.temporal) {
      const pid = () => supervisor.parts().find(({ name }) => name === "temporal")?.pid;
      letNamespaceGo = keepNamespace(ports.temporal, namespace, pid);
    }
    const started = (await startOf(settings.pid)) ?? "";
    await writeLabFile(dir, { pid: settings.pid, started, addresses, env });
  } catch (error) {
    await stop();
    throw error;
  } finally {
    settings.signal?.removeEventListener("abort", onAbort);
  }
  return { dir, addresses, namespace, env, parts: () => supervisor.parts(), stop: once(() => stop().finally(unlock)) };
}

/** Runs `run` once; all callers get its outcome. */
function once(run: () => Promise<void>): () => Promise<void> {
  let outcome: Promise<void> | undefined;
  return () => (outcome ??= run());
}
