/** Insights as Claude reads them: what holds comes before what it superseded, and what the cited runs lack stands beside. */
import type { Insight } from "../../domain/insight.ts";
import { compact } from "../../domain/facts.ts";
import type { Deps } from "../ports.ts";
import { citedCaveats } from "./cited-runs.ts";

/** An insight, and how its text is shown. */
export interface ShownInsight {
  readonly insight: Insight;
  readonly text: { readonly text: string } | { readonly snippet: string };
}

const MOST_CAVEATS = 3;

/**
 * Rows for answers. The insight that holds instead of a superseded one comes directly before it, also when the search did
 * not find it.
 * @throws DomainError `database_unavailable`
 */
export async function insightRows(deps: Deps, found: readonly ShownInsight[]) {
  const successors = await deps.records.insights.successors(found.map(({ insight }) => insight.insightId));
  const shown = successorsFirst(found, successors);
  const caveats = await citedCaveats(
    deps,
    shown.flatMap(({ insight }) => insight.jobIds),
  );
  return shown.map(({ insight, text }) => ({
    ...factsOf(insight),
    ...supersededFacts(successors.get(insight.insightId)),
    ...compact({ caveats: caveatsOf(insight, caveats) }),
    ...text,
  }));
}

function successorsFirst(
  found: readonly ShownInsight[],
  successors: ReadonlyMap<string, Insight>,
): readonly ShownInsight[] {
  const byId = new Map(found.map((one) => [one.insight.insightId, one]));
  const inOrder = found.flatMap((one) => {
    const successor = successors.get(one.insight.insightId);
    if (successor === undefined) return [one];
    return [byId.get(successor.insightId) ?? { insight: successor, text: { text: successor.body } }, one];
  });
  return [...new Map(inOrder.map((one) => [one.insight.insightId, one])).values()];
}

const factsOf = ({ insightId, category, importance, tags, savedAt, client, jobIds, supersedes }: Insight) => ({
  insight_id: insightId,
  category,
  importance,
  tags,
  saved_at: savedAt,
  by: client,
  task_ids: jobIds,
  ...(supersedes.length === 0 ? {} : { supersedes }),
});

const supersededFacts = (successor: Insight | undefined) =>
  successor === undefined ? {} : { superseded_by: successor.insightId };

/**
 * What must be read with an insight; null when nothing is known against it.
 * @param known what is known against the runs it cites, from `citedCaveats`
 */
export function caveatsOf({ category, jobIds }: Insight, known: ReadonlyMap<string, string>): string[] | null {
  if (jobIds.length === 0) return category === "success" ? [NO_RUN] : null;
  const caveats = jobIds.flatMap((jobId) => known.get(jobId) ?? []);
  if (caveats.length === 0) return null;
  const more = caveats.length - MOST_CAVEATS;
  return more > 0 ? [...caveats.slice(0, MOST_CAVEATS), `and ${more} more of its runs have caveats`] : caveats;
}

const NO_RUN = "It cites no run: nothing on record supports it.";
