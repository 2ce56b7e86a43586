import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "./state/folder.ts";
import type { StateFolder } from "./state/folder.ts";

/** Every fault that can be switched on, and what a client then sees. */
export const FAULTS = {
  completed_turned_failed:
    "A finished operation is answered as failed with the orphan text, progress 100 and its result (docs/ktrdr.md §3.5).",
  completed_turned_cancelled:
    "A finished operation is answered as cancelled with its result kept; /results then says 400 (docs/ktrdr.md §9.1, §9.14).",
  frozen_progress:
    "The API forgets which worker computes the operation: running, 0 %, no metrics, as after its restart; the false failure follows.",
  stuck_resuming: "The API answers `resuming` for ever; the worker knows better (docs/ktrdr.md §3.5).",
  cancel_not_forwarded: "DELETE marks the operation cancelled without telling the worker: remote_cancelled is false.",
  lost_operation: "The start is answered 200, but the operation never comes to exist: 404 (docs/ktrdr.md §9.9).",
  start_answer_lost: "The start is carried out, then the connection is cut before the answer.",
  start_hangs: "The start is carried out, but its answer never comes and the connection stays open.",
  slow: "The answer comes `delayMs` later (default 1000).",
  hang: "The request is not carried out and never answered.",
  reset: "The connection is cut before the request is carried out.",
  http_500: "500 `Internal server error` in shape E3.",
  http_502: "502 with an HTML body, as from a proxy in front.",
  http_503: "503 in shape E3.",
  http_503_no_workers: "503 in shape E4, as when no worker is free.",
  http_400_outage: "400 OPERATIONS-…/CHECKPOINTS-… in shape E2, as when the database is away (docs/ktrdr.md §1.3).",
  garbage_answer:
    "200 with nonsense; `variant`: html, nan, huge, wrong_types, truncated or empty (default html). `bytes` sizes huge.",
  database_down: "Every access to the database fails in the API and in the workers (recording 16).",
  training_error_in_completed: "A training ends completed with training_metrics {error} only (docs/ktrdr.md §6.3).",
  computing_fails: "The computing fails with `message`.",
  slow_computing:
    "Waits epochDelayMs between epochs, barDelayMs for each bar, stepDelayMs for each step of a download.",
  computing_stalls: "The computing stops getting on from `percent` (default 0) on; the worker stays healthy.",
  worker_dies: "The worker process kills itself once the operation reaches `percent` (default 0).",
  worker_hangs: "The worker's HTTP accepts connections and never answers; its computing goes on.",
  worker_ignores_cancel: "The worker says cancelled, but computes on to the end and then writes completed.",
} as const;

export type FaultName = keyof typeof FAULTS;

/** A switched-on fault. Without selectors it holds for everything it can apply to. */
export interface Fault {
  id: string;
  fault: FaultName;
  /** Only for this operation (from the path, or `task_id` of a start). */
  operationId?: string;
  /** Only for this kind of operation. */
  kind?: "training" | "backtesting" | "data_load";
  /** Only for request paths that begin with this; `*` stands for anything. */
  path?: string;
  method?: string;
  /** Only in this process. Without it, faults of connections apply to `api`. */
  on?: "api" | "worker";
  /** Switches itself off after so many effects, counted over all processes. */
  times?: number;
  delayMs?: number;
  epochDelayMs?: number;
  barDelayMs?: number;
  stepDelayMs?: number;
  percent?: number;
  message?: string;
  variant?: "html" | "nan" | "huge" | "wrong_types" | "truncated" | "empty";
  bytes?: number;
}

/** What is known at the place where a fault could strike. */
export interface FaultPlace {
  readonly operationId?: string | undefined;
  readonly kind?: string | undefined;
  readonly path?: string | undefined;
  readonly method?: string | undefined;
}

function pathMatches(pattern: string, path: string): boolean {
  const source = pattern
    .split("*")
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(".*");
  return new RegExp(`^${source}`).test(path);
}

function strikes(fault: Fault, place: FaultPlace): boolean {
  if (fault.operationId !== undefined && fault.operationId !== place.operationId) return false;
  if (fault.kind !== undefined && fault.kind !== place.kind) return false;
  if (fault.method !== undefined && fault.method.toUpperCase() !== place.method) return false;
  return fault.path === undefined || (place.path !== undefined && pathMatches(fault.path, place.path));
}

/**
 * The list of faults in a file of the state folder: every process of the sandbox sees a change at once, and
 * restarts keep it.
 */
export class FaultStore {
  readonly #folder: StateFolder;
  readonly #process: "api" | "worker";
  #seen = "";
  #faults: readonly Fault[] = [];

  constructor(folder: StateFolder, process: "api" | "worker") {
    this.#folder = folder;
    this.#process = process;
  }

  list(): readonly Fault[] {
    const stat = statSync(this.#folder.faults, { throwIfNoEntry: false, bigint: true });
    const seen = stat === undefined ? "" : `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
    if (seen !== this.#seen) {
      this.#faults = stat === undefined ? [] : (JSON.parse(readFileSync(this.#folder.faults, "utf8")) as Fault[]);
      this.#seen = seen;
    }
    return this.#faults;
  }

  /** Replaces the whole list; uses counted so far are forgotten. */
  replace(faults: readonly Fault[]): void {
    rmSync(this.#folder.faultUses, { recursive: true, force: true });
    mkdirSync(this.#folder.faultUses, { recursive: true });
    replaceFile(this.#folder.faults, JSON.stringify(faults));
  }

  /** Adds one, or replaces the one with the same id and counts its uses afresh. */
  add(fault: Fault): void {
    this.#forgetUses(fault.id);
    replaceFile(this.#folder.faults, JSON.stringify([...this.list().filter((one) => one.id !== fault.id), fault]));
  }

  remove(id: string): void {
    replaceFile(this.#folder.faults, JSON.stringify(this.list().filter((one) => one.id !== id)));
  }

  /** How often a fault with `times` has struck. */
  uses(id: string): number {
    return this.#useFiles(id).length;
  }

  #useFiles(id: string): string[] {
    const prefix = `${encodeURIComponent(id)}.`;
    return readdirSync(this.#folder.faultUses).filter((name) => name.startsWith(prefix));
  }

  #forgetUses(id: string): void {
    for (const name of this.#useFiles(id)) rmSync(join(this.#folder.faultUses, name), { force: true });
  }

  /**
   * The first fault of this name that strikes here; asking uses up one of its `times`.
   * @param home process that a fault without `on` belongs to; left out: every process.
   */
  find(name: FaultName, place: FaultPlace, home?: "api" | "worker"): Fault | undefined {
    return this.list().find((fault) => {
      const owner = fault.on ?? home ?? this.#process;
      return fault.fault === name && owner === this.#process && this.#take(fault, place);
    });
  }

  #take(fault: Fault, place: FaultPlace): boolean {
    if (!strikes(fault, place)) return false;
    if (fault.times === undefined) return true;
    for (let use = 1; use <= fault.times; use += 1) {
      try {
        writeFileSync(join(this.#folder.faultUses, `${encodeURIComponent(fault.id)}.${use}`), "", { flag: "wx" });
        return true;
      } catch {
        // Used before, maybe by another process: try the next number.
      }
    }
    return false;
  }
}
