/** The operator's orders, a pause and a budget, and what they mean for jobs. Pure; the store keeps them. */
import { DomainError } from "./errors.ts";

export interface Pause {
  /** The operator's words; null when none were given. */
  readonly reason: string | null;
  /** ISO-8601 UTC. */
  readonly since: string;
}

export interface Budget {
  /** Hours of computing allowed from midnight to midnight UTC. */
  readonly hours: number;
  /** Hours that computations ran since the last midnight, running ones until now. */
  readonly usedHours: number;
  /** The next midnight UTC, ISO-8601. */
  readonly renewsAt: string;
}

export interface ResearchControl {
  readonly pause: Pause | null;
  /** Null: no budget is set. */
  readonly budget: Budget | null;
}

/** Why no queued job may start now, in one line that stays the same while the order lasts; null when jobs may. */
export function holdOf({ pause, budget }: ResearchControl): string | null {
  if (pause !== null) return `research is paused by the operator${pause.reason === null ? "" : `: ${pause.reason}`}`;
  if (budget === null || budget.usedHours < budget.hours) return null;
  return `today's computing budget of ${hoursText(budget.hours)} is used up; it renews at ${minuteText(budget.renewsAt)}`;
}

/**
 * Refuses new jobs while no queued one may start anyway.
 * @throws DomainError `research_paused` or `budget_exhausted`
 */
export function assertMayStart({ pause, budget }: ResearchControl): void {
  if (pause !== null) {
    throw new DomainError("research_paused", {
      what: `Research is paused by the operator since ${minuteText(pause.since)}: no new job is taken.`,
      why: pause.reason ?? "the operator gave no reason",
      next: "running jobs go on, and tools that only read still answer; ask the operator for `bin/ktrdr-mcp resume-research`, then repeat the call",
    });
  }
  if (budget === null || budget.usedHours < budget.hours) return;
  throw new DomainError("budget_exhausted", {
    what: `The computing budget of today (${hoursText(budget.hours)}, UTC day) is used up: no new job is taken.`,
    why: `${hoursText(budget.usedHours)} of computing ran since midnight UTC`,
    next: `repeat the call after ${minuteText(budget.renewsAt)}, or ask the operator for a larger one (\`bin/ktrdr-mcp budget HOURS\`)`,
  });
}

/** At most two decimals: `8 h`, `0.25 h`. */
export const hoursText = (hours: number): string => `${Number(hours.toFixed(2))} h`;

/** `2026-11-27 00:00 UTC` */
export const minuteText = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
