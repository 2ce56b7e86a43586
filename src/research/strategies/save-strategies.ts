import { DomainError } from "../../domain/errors.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import type { NewStrategy } from "../../strategies/strategy-library.ts";
import type { Will } from "./clearance.ts";
import type { Asking } from "../asking.ts";

interface Why extends Will {
  readonly reason?: string | undefined;
  readonly experiment_id?: string | undefined;
}

/** How many digits of a version's id are shown. */
const SHOWN_DIGITS = 12;

export const shortVersion = (commit: string): string => commit.slice(0, SHOWN_DIGITS);

/**
 * Saves strategies as one version, in the name of whoever calls.
 * @throws DomainError `experiment_not_found`, and those of the strategies folder
 */
export async function saveStrategies(strategies: readonly NewStrategy[], why: Why, { deps, caller }: Asking) {
  const { experiment_id: experimentId = null } = why;
  if (experimentId !== null) await deps.records.experiments.get(experimentId);
  const { files, version, trouble } = await deps.strategies.save(strategies, {
    author: caller.name,
    reason: reasonOf(why),
    experimentId,
  });
  const warnings =
    trouble === null
      ? []
      : [{ what: `It is saved, but not as a version: ${trouble}.`, fix: "Tell the operator; the log says why." }];
  return { files, version: version === null ? null : shortVersion(version), warnings };
}

/**
 * Checks that the caller has seen the text that is to be replaced.
 * @param expected the sha256 that the caller gave
 * @throws DomainError `invalid_input`, `strategy_changed`
 */
export function assertReplaces(known: StrategyFile, expected: string | undefined): void {
  if (expected === known.sha256) return;
  const missing = expected === undefined;
  throw new DomainError(missing ? "invalid_input" : "strategy_changed", {
    what: missing
      ? `Replacing ${known.name} needs replaces_sha256, so that nothing unseen is replaced.`
      : `${known.name} is not the text you mean to replace.`,
    why: `${known.name} has the sha256 ${known.sha256} now`,
    next: "look at it with get_strategy, then repeat with the sha256 it tells, or with another name",
  });
}

/** The reason kept with a version, including why it was saved in spite of errors. */
function reasonOf({ reason, insist_reason: insisted, accept_look_ahead: accepted }: Why): string | null {
  const parts = [
    reason,
    insisted === undefined ? undefined : `Saved with errors: ${insisted}`,
    accepted === undefined ? undefined : `Looks ahead: ${accepted}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? null : parts.join(" ");
}
