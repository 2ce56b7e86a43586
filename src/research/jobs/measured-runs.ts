import { compareMeasured, incomparable, type MeasuredComparison } from "../../domain/measured/compare-measured.ts";
import type { MeasurementRequest } from "../../domain/kinds/measurement.ts";
import type { Deps } from "../ports.ts";
import { recordedResult } from "./recorded-result.ts";

/**
 * The comparison of these jobs as measurements; null when none of them is one.
 * @throws DomainError `task_not_finished`, or `invalid_input` with the reason why they cannot be compared
 */
export async function comparedMeasurements(deps: Deps, jobIds: readonly string[]): Promise<MeasuredComparison | null> {
  const jobs = await Promise.all(jobIds.map(async (jobId) => await deps.records.jobs.get(jobId)));
  if (jobs.every((job) => job?.kind !== "measurement")) return null;
  const all = await Promise.all(jobIds.map(async (jobId) => await recordedResult(deps, jobId)));
  const conditions = new Set<string>();
  const runs = all.map(({ job, result }) => {
    if (job.request.kind !== "measurement" || result.kind !== "measurement") {
      throw incomparable(`${job.jobId} is a ${job.kind}, and others are measurements`);
    }
    conditions.add(conditionOf(job.request, result.engine.name));
    return { jobId: job.jobId, result };
  });
  if (conditions.size > 1) throw incomparable(`they differ in their conditions: ${[...conditions].join("; ")}`);
  return compareMeasured(runs);
}

const conditionOf = ({ initialCapital, commission, slippage }: MeasurementRequest, engine: string): string =>
  `capital ${initialCapital}, commission ${commission}, slippage ${slippage}, ${engine}`;
