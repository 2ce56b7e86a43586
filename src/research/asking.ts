import type { Identity } from "../domain/identity.ts";
import type { Deps, RecordsPort } from "./ports.ts";

export interface JobWish {
  readonly jobId: string;
  /** What KTRDR is to compute for it: the jobs of a batch that are open at once, else 1. */
  readonly computations: number;
}

/** Takes the claim back: the job was not started. */
export type Unclaim = () => void;

/** Whether a new job is taken. */
export interface JobAdmission {
  /**
   * Asked before a job that does not exist yet is started.
   * @returns to be called when it was not started after all.
   * @throws DomainError `overloaded`, `research_paused`, `budget_exhausted` or `too_many_jobs`
   */
  job(records: Pick<RecordsPort, "research" | "work">, client: string, wish: JobWish): Promise<Unclaim>;
}

/** Whoever wants something done, and with what it is done. */
export interface Asking {
  readonly deps: Deps;
  /** Aborts when nobody waits for the answer any more. A job is never cancelled because of it. */
  readonly signal: AbortSignal;
  readonly caller: Identity;
  readonly admission: JobAdmission;
}
