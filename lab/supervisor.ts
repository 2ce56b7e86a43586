import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "../src/domain/errors.ts";
import { errorText } from "../src/error-text.ts";
import type { Exit, Part, RunningPart } from "./part.ts";
import { signalProcess, startOf } from "../src/machine/process-identity.ts";
import type { RunFolder } from "./run-folder.ts";

export type SupervisorEvent =
  | { readonly type: "started"; readonly name: string; readonly pid: number; readonly restarts: number }
  | { readonly type: "hangs"; readonly name: string; readonly pid: number; readonly silentMs: number }
  | { readonly type: "died"; readonly name: string; readonly pid: number; readonly exit: Exit }
  | { readonly type: "restart_failed"; readonly name: string; readonly reason: string }
  | { readonly type: "stopped"; readonly name: string };

export interface PartState {
  readonly name: string;
  /** Undefined while the part is down. */
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly logFile: string;
}

export interface SupervisorOptions {
  readonly logDir: string;
  readonly run: RunFolder;
  readonly onEvent?: ((event: SupervisorEvent) => void) | undefined;
  /** Waiting time before a restart (ms): doubles with each restart in a row, from the first value to the second. */
  readonly backoffMs?: readonly [first: number, longest: number];
  /** A part that has not answered for so long is killed and restarted (ms). */
  readonly hangsAfterMs?: number;
}

/** A part that ran this long counts as healthy: its next restart is quick. */
const HEALTHY_AFTER_MS = 10_000;

/** Far longer than a part is silent on a busy machine. */
const HANGS_AFTER_MS = 120_000;

const [yes, no] = [() => true, () => false];

const aborted = (signal: AbortSignal): Promise<false> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(false), { once: true }));

interface Entry {
  readonly part: Part;
  readonly logFile: string;
  running: RunningPart | undefined;
  restarts: number;
  /** The loop that keeps the part alive. */
  keeper: Promise<void>;
}

/** Keeps parts running like a container's restart policy does. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #entries: Entry[] = [];
  readonly #stopping = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts a part and waits until it is ready. From then on it is restarted whenever it ends unasked. */
  async start(part: Part): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    const logFile = path.join(this.#options.logDir, `${part.name}.log`);
    const entry: Entry = { part, logFile, running: undefined, restarts: 0, keeper: Promise.resolve() };
    const starting = this.#launch(entry);
    entry.keeper = starting.then(
      (running) => this.#keep(entry, running),
      () => undefined,
    );
    this.#entries.push(entry);
    await starting;
  }

  parts(): readonly PartState[] {
    return this.#entries.map(({ part, running, restarts, logFile }) => {
      return { name: part.name, pid: running?.pid, restarts, logFile };
    });
  }

  /** Stops all parts in reverse order and waits for their end. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DomainError("internal", { what: "The lab is stopping." }));
    for (const entry of this.#entries.toReversed()) await this.#stopEntry(entry);
  }

  async #launch(entry: Entry): Promise<RunningPart> {
    const { part, logFile } = entry;
    const spawned = (pid: number) => this.#options.run.record(part.name, pid, part.stopSignal);
    const running = await part.start({ logFile, signal: this.#stopping.signal, spawned });
    await spawned(running.pid);
    entry.running = running;
    this.#emit({ type: "started", name: part.name, pid: running.pid, restarts: entry.restarts });
    return running;
  }

  async #keep(entry: Entry, first: RunningPart): Promise<void> {
    const { signal } = this.#stopping;
    let running: RunningPart | undefined = first;
    let inARow = 0;
    while (!signal.aborted) {
      if (running !== undefined) {
        const since = Date.now();
        const watched = new AbortController();
        void this.#watch(entry.part, running.pid, AbortSignal.any([signal, watched.signal]));
        const exit = await running.exited;
        watched.abort();
        entry.running = undefined;
        if (signal.aborted) return;
        this.#emit({ type: "died", name: entry.part.name, pid: running.pid, exit });
        if (Date.now() - since > HEALTHY_AFTER_MS) inARow = 0;
      }
      const [shortest, longest] = this.#options.backoffMs ?? [200, 5_000];
      await delay(Math.min(shortest * 2 ** inARow, longest), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      inARow += 1;
      entry.restarts += 1;
      running = await this.#relaunch(entry);
    }
  }

  /** Kills a process that hangs; its keeper then starts another one. */
  async #watch(part: Part, pid: number, signal: AbortSignal): Promise<void> {
    const { hangsAfterMs = HANGS_AFTER_MS } = this.#options;
    const started = (await startOf(pid)) ?? "";
    let answered = performance.now();
    while (part.answers !== undefined && !signal.aborted) {
      await delay(hangsAfterMs / 12, undefined, { signal }).catch(() => undefined);
      const patience = AbortSignal.any([signal, AbortSignal.timeout(hangsAfterMs / 4)]);
      const answers = await Promise.race([part.answers(patience, pid).then(yes, no), aborted(patience)]);
      if (answers) answered = performance.now();
      const silentMs = performance.now() - answered;
      if (silentMs < hangsAfterMs || signal.aborted) continue;
      this.#emit({ type: "hangs", name: part.name, pid, silentMs });
      await signalProcess({ pid, started }, "SIGKILL");
      return;
    }
  }

  async #relaunch(entry: Entry): Promise<RunningPart | undefined> {
    try {
      return await this.#launch(entry);
    } catch (error) {
      const { name } = entry.part;
      if (!this.#stopping.signal.aborted) this.#emit({ type: "restart_failed", name, reason: errorText(error) });
      return undefined;
    }
  }

  async #stopEntry(entry: Entry): Promise<void> {
    await entry.running?.stop();
    await entry.keeper;
    // A restart that was under way may have started a process after the stop above.
    await entry.running?.stop();
    entry.running = undefined;
    await this.#options.run.forget(entry.part.name);
    this.#emit({ type: "stopped", name: entry.part.name });
  }

  #emit(event: SupervisorEvent): void {
    this.#options.onEvent?.(event);
  }
}
