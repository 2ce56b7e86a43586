/**
 * Gives each of KTRDR's workers to one job at a time: KTRDR itself lets concurrent starts pile up in one worker and
 * then reports one of them as failed (docs/ktrdr.md §0.8). One keeper per kind serves all our worker processes. It runs
 * while a job holds or wants a slot, and starts a new run of itself before its history grows long.
 *
 * Starts are granted one at a time: the next only when the last one computes. So a start whose answer was lost can be
 * resolved: at most one new operation of ours can have appeared.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { SlotKind } from "../domain/kinds/index.ts";
import type { SlotClaim, SlotNews } from "../domain/slots.ts";
import { keeperDetails } from "../domain/workflow-details.ts";
import { claimSlotSignal, releaseSlotSignal, slotGrantedSignal, slotInUseSignal, slotStateQuery } from "./messages.ts";
import { settleAbandoned, watchSlots } from "./policies.ts";
import { Settlements } from "./settlements.ts";

interface Holder extends SlotClaim {
  readonly inUse: boolean;
}

export interface KeeperState {
  readonly queue: readonly SlotClaim[];
  readonly held: readonly Holder[];
  /** Jobs that closed without giving back their slots and are not settled yet; absent in a state of an older version. */
  readonly settling?: readonly string[];
}

/** Far below what the server suggests (4,096): replaying a keeper after a crash must be quick. */
const MAX_HISTORY_EVENTS = 1_000;

/**
 * A watch gets only the head of the queue: all of a long queue, sent again with each change, would fill the history.
 * The warden finds closed jobs further back.
 */
const WATCHED_OF_QUEUE = 50;

class SlotKeeper {
  private queue: SlotClaim[];
  private held: Holder[];
  /** Counts the changes that the running watch does not know of. */
  private changes = 0;
  /** What the last watch said; empty while nothing is known. */
  private waitingFor = "";
  private readonly kind: SlotKind;
  private readonly settlements: Settlements;

  constructor(kind: SlotKind, state: KeeperState) {
    this.kind = kind;
    this.queue = [...state.queue];
    this.held = [...state.held];
    this.settlements = new Settlements((jobId) => this.release(jobId));
    state.settling?.forEach((jobId) => this.settlements.begin(jobId));
    setHandler(claimSlotSignal, (claim) => this.claim(claim));
    setHandler(slotInUseSignal, (jobId) => this.markInUse(jobId));
    setHandler(releaseSlotSignal, (jobId) => this.release(jobId));
    setHandler(slotStateQuery, () => ({
      kind: this.kind,
      held: this.held.map((holder) => holder.jobId),
      queue: this.queue.map((claim) => claim.jobId),
      waitingFor: this.reason(),
    }));
  }

  async run(): Promise<void> {
    while (this.queue.length > 0 || this.held.length > 0 || this.settlements.jobIds.length > 0) {
      if (workflowInfo().historyLength > MAX_HISTORY_EVENTS) await this.beginNewRun();
      const news = await this.watch();
      if (news === null) continue;
      this.waitingFor = news.waitingFor;
      for (const jobId of news.closed) await this.settle(jobId);
      if (news.free) await this.grantNext();
    }
  }

  private async beginNewRun(): Promise<never> {
    await this.settlements.halt();
    const { queue, held } = this;
    return await continueAsNew<typeof slotKeeper>(this.kind, { queue, held, settling: this.settlements.jobIds });
  }

  /** Why the head of the queue waits; empty when nothing waits. */
  private reason(): string {
    if (this.queue.length === 0) return "";
    if (!this.everyStartDone()) return "the job before it is starting";
    return this.waitingFor === "" ? "checking whether a worker of KTRDR is free" : this.waitingFor;
  }

  private everyStartDone(): boolean {
    return this.held.every((holder) => holder.inUse);
  }

  private show(): void {
    const { kind } = this;
    const held = this.held.map(({ jobId }) => jobId).filter((jobId) => !this.settlements.has(jobId));
    const queue = this.queue.map(({ jobId }) => jobId);
    const settling = this.settlements.jobIds;
    setCurrentDetails(keeperDetails({ kind, held, settling, queue, waitingFor: this.reason() }));
  }

  /** Null when something changed here, so that a new watch has to begin. */
  private async watch(): Promise<SlotNews | null> {
    this.show();
    const seen = this.changes;
    const scope = new CancellationScope();
    const holders = this.held.map((holder) => holder.jobId);
    const watching = scope.run(() =>
      watchSlots({
        kind: this.kind,
        held: holders.filter((jobId) => !this.settlements.has(jobId)),
        settling: holders.filter((jobId) => this.settlements.has(jobId)),
        queued: this.queue.slice(0, WATCHED_OF_QUEUE).map((claim) => claim.jobId),
        mayGrant: this.queue.length > 0 && this.everyStartDone(),
        knownReason: this.waitingFor,
      }),
    );
    const outdated = condition(() => this.changes !== seen).then(() => null);
    try {
      return await Promise.race([watching, outdated]);
    } finally {
      scope.cancel();
      await watching.catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
    }
  }

  private async grantNext(): Promise<void> {
    const next = this.queue.shift();
    if (next === undefined) return;
    this.held.push({ ...next, inUse: false });
    await this.signalGrant(next.jobId);
  }

  private async signalGrant(jobId: string): Promise<void> {
    try {
      await getExternalWorkflowHandle(jobId).signal(slotGrantedSignal);
    } catch {
      await this.settle(jobId); // closed in the meantime
    }
  }

  /** Stops the computing of a job that closed without giving back its slot, and closes its record. Then the slot is free. */
  private async settle(jobId: string): Promise<void> {
    if (patched("settle-beside")) {
      this.settlements.begin(jobId);
      this.queue = this.queue.filter((claim) => claim.jobId !== jobId);
      return;
    }
    await settleAbandoned(jobId);
    this.forget(jobId);
  }

  private claim(claim: SlotClaim): void {
    this.settlements.disown(claim.jobId);
    const holder = this.held.find(({ jobId }) => jobId === claim.jobId);
    if (holder?.computation === claim.computation) {
      void this.signalGrant(claim.jobId); // a workflow that was reset asks again
      return;
    }
    const stands = claim.slot === "granted" || claim.slot === "in_use";
    // A slow admission is repeated: the job must keep its place.
    if (!stands && this.queue.some((queued) => isSameClaim(queued, claim))) return;
    this.forget(claim.jobId);
    if (stands) {
      this.held.push({ ...claim, inUse: claim.slot === "in_use" });
      this.changes += 1;
      return;
    }
    const place = this.queue.findIndex((queued) => comesBefore(claim, queued));
    if (place === -1) this.queue.push(claim);
    else this.queue.splice(place, 0, claim);
    this.changes += 1;
  }

  private markInUse(jobId: string): void {
    this.held = this.held.map((holder) => (holder.jobId === jobId ? { ...holder, inUse: true } : holder));
    this.changes += 1;
  }

  private release(jobId: string): void {
    this.forget(jobId);
    this.changes += 1;
  }

  private forget(jobId: string): void {
    this.queue = this.queue.filter((claim) => claim.jobId !== jobId);
    this.held = this.held.filter((holder) => holder.jobId !== jobId);
  }
}

function isSameClaim(queued: SlotClaim, claim: SlotClaim): boolean {
  return queued.jobId === claim.jobId && queued.computation === claim.computation && queued.priority === claim.priority;
}

/** By priority. Within one priority jobs that lost a computation go first, then first in, first out. */
function comesBefore(claim: SlotClaim, queued: SlotClaim): boolean {
  if (claim.priority !== queued.priority) return claim.priority < queued.priority;
  return claim.computation > 1 && queued.computation === 1;
}

export async function slotKeeper(kind: SlotKind, state: KeeperState = { queue: [], held: [] }): Promise<void> {
  await new SlotKeeper(kind, state).run();
}
