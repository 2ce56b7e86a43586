/** When KTRDR cannot fetch a strategy's context data, its error names no source: the strategy tells which they are. */
import type { JobFailure } from "../domain/outcome.ts";
import { remoteSources } from "../domain/strategy/check-context.ts";
import type { ActivityDeps } from "./deps.ts";

const ABOUT_A_NETWORK =
  /name or service|name resolution|errno|connect|timed? ?out|unreachable|ssl|certificate|\b[45]\d\d\b|stlouisfed|cftc|api key/i;

/** The failure, with the strategy's sources added when its text is about a network. */
export async function namingSource(
  { jobs }: Pick<ActivityDeps, "jobs">,
  jobId: string,
  failure: JobFailure,
): Promise<JobFailure> {
  if (failure.code !== "computation_failed" || !ABOUT_A_NETWORK.test(failure.why ?? "")) return failure;
  const text = await jobs.strategyText(jobId);
  const sources = text === null ? [] : remoteSources(text);
  if (sources.length === 0) return failure;
  return {
    ...failure,
    why: `${failure.why ?? ""} The strategy has context_data, which KTRDR fetches in this order: ${sources.join(", ")}. The first source that KTRDR had not cached failed.`,
    next: "Ask whoever runs KTRDR for that network (and the key, for FRED), or leave the source out of the strategy.",
  };
}
