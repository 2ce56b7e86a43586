import type { Identity } from "../domain/identity.ts";
import type { Deps, RecordsPort } from "./ports.ts";

export interface JobWish {
  readonly jobId: string;
  /** How many computations KTRDR gets from it at once: those of a batch, else 1. */
  readonly computations: number;
}

/** Gives the job's place back, because it was not started. */
export type Unclaim = () => void;

/** Decides whether a new job is accepted. */
export interface JobAdmission {
  /**
   * Called before a job that does not exist yet is started.
   * @returns a function to call when the job was not started after all
   * @throws DomainError `overloaded`, `research_paused`, `budget_exhausted` or `too_many_jobs`
   */
  job(records: Pick<RecordsPort, "research" | "work">, client: string, wish: JobWish): Promise<Unclaim>;
}

/** A caller, and the parts that serve the call. */
export interface Asking {
  readonly deps: Deps;
  /** Aborts when nobody waits for the answer any more. It never cancels a job. */
  readonly signal: AbortSignal;
  readonly caller: Identity;
  readonly admission: JobAdmission;
}
