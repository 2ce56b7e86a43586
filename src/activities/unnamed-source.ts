/** KTRDR's words for data from elsewhere that it could not fetch name no source: the strategy says what it asks for. */
import type { JobInput } from "../domain/job.ts";
import type { JobFailure } from "../domain/outcome.ts";
import { remoteSources } from "../domain/strategy/check-context.ts";
import type { ActivityDeps } from "./deps.ts";

const ABOUT_A_NETWORK =
  /name or service|name resolution|errno|connect|timed? ?out|unreachable|ssl|certificate|\b[45]\d\d\b|stlouisfed|cftc|api key/i;

/** The failure with the sources that may be behind it, where there are any and its words are about a network. */
export async function namingSource(
  { jobs }: Pick<ActivityDeps, "jobs">,
  { jobId, request }: Pick<JobInput, "jobId" | "request">,
  failure: JobFailure,
): Promise<JobFailure> {
  if (request.kind !== "training" && request.kind !== "backtest") return failure;
  if (failure.code !== "computation_failed" || !ABOUT_A_NETWORK.test(failure.why ?? "")) return failure;
  const text = await jobs.strategyText(jobId);
  const sources = text === null ? [] : remoteSources(text);
  if (sources.length === 0) return failure;
  return {
    ...failure,
    why: `${failure.why ?? ""} The strategy has context_data, which KTRDR fetches in this order: ${sources.join(", ")}. The first that it had not kept from before failed.`,
    next: "Ask whoever runs KTRDR for that network (and the key, for FRED), or leave the source out of the strategy.",
  };
}
