import { watch, type FSWatcher } from "node:fs";
import { closeSync, openSync, readSync } from "node:fs";
import type { ComputationEvent } from "../../sandbox/state/computation-log.ts";
import type { Proxy } from "../support/proxy.ts";
import type { Step } from "./scenario.ts";

type Act = () => Promise<void>;

/** The steps that were reached. Whoever reports a step waits until everything planned for it has been done. */
export class Steps {
  readonly reached = new Map<Step, number>();
  readonly #planned = new Map<Step, Act[]>();

  /** Plans what is done when the step is reached for the first time. */
  plan(step: Step, act: Act): void {
    this.#planned.set(step, [...(this.#planned.get(step) ?? []), act]);
  }

  async report(step: Step): Promise<void> {
    if (this.reached.has(step)) return;
    this.reached.set(step, Date.now());
    for (const act of this.#planned.get(step) ?? []) await act();
  }
}

const TASK_ID = /\b(?:train|backtest|load)-\w+-[\da-f]{8}\b/;

/**
 * Recognises steps in the bytes on the wires. The bytes that mark a step wait until everything planned for it has been
 * done, so that a fault strikes exactly between what came before and what comes after.
 */
export function readWires(
  wires: { readonly ktrdr: Proxy; readonly postgres: Proxy },
  steps: Steps,
  isOurs: (text: string) => boolean,
  onAdmission: (taskId: string) => void,
): void {
  const starting = new WeakSet();
  wires.ktrdr.witness = async (piece, direction, link) => {
    if (direction === "down") {
      if (starting.delete(link)) await steps.report("posted");
      return;
    }
    const text = piece.toString("latin1", 0, 200);
    if (/^POST \/api\/v1\/(trainings\/start|backtests\/start|data\/acquire\/download)/.test(text)) {
      starting.add(link);
      await steps.report("before_post");
    }
    if (text.startsWith("DELETE /api/v1/operations/")) await steps.report("cancelling");
  };
  wires.postgres.witness = async (piece, direction) => {
    if (direction === "down") return;
    const text = piece.toString("latin1");
    if (text.includes("insert into jobs") && isOurs(text)) {
      const [taskId] = TASK_ID.exec(text) ?? [];
      if (taskId !== undefined) onAdmission(taskId);
      await steps.report("admission");
    }
    if (text.includes("update jobs set status") && isOurs(text)) await steps.report("recording");
  };
}

/** Follows KTRDR's own log of computing, line by line as it is written. */
export class LogTail {
  readonly #file: number;
  readonly #watcher: FSWatcher;
  readonly #again: NodeJS.Timeout;
  readonly #tell: (event: ComputationEvent) => void;
  #rest = "";

  /** @param tell called with each new line, but not with those that are there already */
  constructor(path: string, tell: (event: ComputationEvent) => void) {
    this.#tell = () => undefined;
    this.#file = openSync(path, "a+");
    this.#read();
    this.#tell = tell;
    this.#watcher = watch(path, () => this.#read());
    // The system may merge notices of changes, and some file systems give none.
    this.#again = setInterval(() => this.#read(), 50);
  }

  close(): void {
    clearInterval(this.#again);
    this.#watcher.close();
    closeSync(this.#file);
  }

  #read(): void {
    const buffer = Buffer.alloc(65_536);
    for (let got = readSync(this.#file, buffer); got > 0; got = readSync(this.#file, buffer)) {
      const lines = (this.#rest + buffer.toString("utf8", 0, got)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#tell(JSON.parse(line) as ComputationEvent);
    }
  }
}
