/**
 * Jobs that closed without letting go, being ended beside the keeper's other work: a computing that cannot be shown to
 * be over (its worker hangs) is waited for as long as it takes, and must hold up nobody else.
 */
import { CancellationScope, condition, isCancellation, log } from "@temporalio/workflow";
import { settleAbandoned } from "./policies.ts";

/** Each costs KTRDR a few requests a second; more of them wait for their turn. */
const AT_ONCE = 5;

export class Settlements {
  private readonly open = new Set<string>();
  private readonly runs = new Set<Promise<void>>();
  private readonly scope = new CancellationScope();
  private active = 0;
  private readonly onSettled: (jobId: string) => void;

  /** @param onSettled told of a job whose computing is over and whose record is closed. */
  constructor(onSettled: (jobId: string) => void) {
    this.onSettled = onSettled;
  }

  /** Oldest first. One that failed for good stays here, so that it keeps its slot; the warden tries it again. */
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

  /** The job lives again (its workflow was reset): what it holds from now on is its own. */
  disown(jobId: string): void {
    this.open.delete(jobId);
  }

  /** Ends the activities and returns once none runs any more, so that the next run can begin them again, once each. */
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
