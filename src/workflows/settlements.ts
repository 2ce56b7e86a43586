/**
 * Settles jobs that closed without giving back their slots, beside the keeper's other work: stopping one whose worker
 * hangs may take for ever, and must not hold up the others.
 */
import { CancellationScope, condition, isCancellation, log } from "@temporalio/workflow";
import { settleAbandoned } from "./policies.ts";

/** Settling one job costs KTRDR a few requests a second; further jobs wait. */
const AT_ONCE = 5;

export class Settlements {
  private readonly open = new Set<string>();
  private readonly runs = new Set<Promise<void>>();
  private readonly scope = new CancellationScope();
  private active = 0;
  private readonly onSettled: (jobId: string) => void;

  /** @param onSettled called for each job whose computing is over and whose record is closed */
  constructor(onSettled: (jobId: string) => void) {
    this.onSettled = onSettled;
  }

  /** Oldest first. A job that cannot be settled stays here and keeps its slot; the warden tries it again. */
  get jobIds(): readonly string[] {
    return [...this.open];
  }

  has(jobId: string): boolean {
    return this.open.has(jobId);
  }

  begin(jobId: string): void {
    if (this.open.has(jobId)) return;
    this.open.add(jobId);
    const run = this.settle(jobId).finally(() => this.runs.delete(run));
    this.runs.add(run);
  }

  /** The job's workflow was reset and runs again, so the job is settled no more. */
  disown(jobId: string): void {
    this.open.delete(jobId);
  }

  /** Ends the activities and returns when none runs any more: the next run of the keeper begins each again, once. */
  async halt(): Promise<void> {
    this.scope.cancel();
    await Promise.all(this.runs);
  }

  private async settle(jobId: string): Promise<void> {
    try {
      await this.scope.run(() => this.inTurn(jobId));
    } catch (error) {
      if (!isCancellation(error)) log.warn("a closed job cannot be settled", { jobId, error });
      return;
    }
    if (this.open.delete(jobId)) this.onSettled(jobId);
  }

  private async inTurn(jobId: string): Promise<void> {
    while (this.active >= AT_ONCE) await condition(() => this.active < AT_ONCE);
    this.active += 1;
    try {
      await settleAbandoned(jobId);
    } finally {
      this.active -= 1;
    }
  }
}
