import type { NewStrategy } from "../ktrdr/strategy-library.ts";
import type { ToolContext } from "./define-tool.ts";

interface Why {
  readonly reason?: string | undefined;
  readonly experiment_id?: string | undefined;
}

/** The digits of a version's id that are shown; more than enough to tell one from another. */
const SHOWN_DIGITS = 12;

export const shortVersion = (commit: string): string => commit.slice(0, SHOWN_DIGITS);

/**
 * Saves strategies as one version, in the name of whoever calls.
 * @throws DomainError `experiment_not_found`, and those of the strategies folder
 */
export async function saveStrategies(strategies: readonly NewStrategy[], why: Why, { deps, caller }: ToolContext) {
  const { reason = null, experiment_id: experimentId = null } = why;
  if (experimentId !== null) await deps.records.experiments.get(experimentId);
  const { files, version, trouble } = await deps.strategies.save(strategies, {
    author: caller.name,
    reason,
    experimentId,
  });
  const warnings =
    trouble === null
      ? []
      : [{ what: `It is saved, but not as a version: ${trouble}.`, fix: "Tell the operator; the log says why." }];
  return { files, version: version === null ? null : shortVersion(version), warnings };
}
