/** Has a decision carried out that a human wrote down, and sees what became of it. */
import { setTimeout as delay } from "node:timers/promises";
import type { Decision } from "../../domain/registry/stage.ts";
import type { Approvals, Granted } from "../../store/approvals.ts";
import type { Candidate } from "../../store/candidate-row.ts";
import type { Registry } from "../../store/registry.ts";
import type { CandidateWaits } from "../../temporal/candidate-waits.ts";
import { tellWait } from "./propose.ts";

export interface DecidingParts {
  readonly approvals: Approvals;
  readonly registry: Registry;
  readonly waits: CandidateWaits;
}

const LOOK_EVERY_MS = 150;
/** A worker needs a moment. Whoever waits for an answer waits no longer than this. */
const PATIENCE_MS = 20_000;

export interface CarriedOut {
  readonly candidate: Candidate;
  /** False while no worker has come to it; the warden sees to that. */
  readonly done: boolean;
}

/** @throws DomainError `database_unavailable` */
export async function carryOut(parts: DecidingParts, granted: Granted, decision: Decision): Promise<CarriedOut> {
  const { approvals, registry, waits } = parts;
  const before = await registry.get(granted.jobId);
  if (before.stage === "waiting") await tellWait(waits, before, decision);
  const until = performance.now() + PATIENCE_MS;
  let done = await approvals.carriedOut(granted);
  while (!done && performance.now() < until) {
    await delay(LOOK_EVERY_MS);
    done = await approvals.carriedOut(granted);
  }
  return { candidate: await registry.get(granted.jobId), done };
}

/** What became of a decision, for the human who made it. */
export function outcomeText({ candidate, done }: CarriedOut, decision: Decision): string {
  const { jobId, strategy, symbol, timeframe, stage, lastReason } = candidate;
  const wish = decision === "approve" ? "approval" : "rejection";
  if (!done) return `Your ${wish} of ${jobId} is written down. It is carried out as soon as a worker runs.`;
  if (stage === "champion") return `${strategy} is the champion of ${symbol} ${timeframe}.`;
  if (stage === "demoted") return `${strategy} is no longer the champion of ${symbol} ${timeframe}.`;
  if (stage === "rejected") return `${jobId} is rejected.`;
  if (stage === "waiting")
    return `Your ${wish} was refused, and ${jobId} waits on: ${lastReason ?? "it was too late"}.`;
  return `${jobId} is ${stage}: your ${wish} came too late.`;
}
