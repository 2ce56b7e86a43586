import { isDomainError } from "../../domain/errors.ts";
import { caveatsOfCampaign } from "../../domain/campaign/caveats.ts";
import { standingOf, type Standing } from "../../domain/campaign/standing.ts";
import type { CampaignResult } from "../../domain/kinds/campaign.ts";
import { compareMeasured, isSound, type MeasuredRun } from "../../domain/measured/compare-measured.ts";
import type { ActivityDeps } from "../deps.ts";
import { askedText } from "./asked-text.ts";
import { defineWork } from "./define-work.ts";

export const campaign = defineWork("campaign", {
  strategyText: askedText,
  computed: null,
  result: async (deps, { jobId, request, engine }) => {
    const record = await deps.campaigns.record(jobId);
    const standing = standingOf({ ...record, jobId, request });
    const overfitting = await overfittingOf(deps, standing);
    const { strategy, symbol, timeframe, startDate, endDate, method } = request;
    const ended = record.steps.at(-1)?.stop ?? { reason: "finished", says: "It is over." };
    const head = { strategy, symbol, timeframe, startDate, endDate, method };
    return () => ({
      kind: "campaign",
      ...head,
      ...standing,
      ended,
      overfitting,
      caveats: caveatsOfCampaign(request, standing, ended, overfitting),
      engine,
    });
  },
});

/** Over the finalists whose model is proven to be the one on record and looks not ahead; null for fewer than two of them. */
async function overfittingOf(
  { results }: Pick<ActivityDeps, "results">,
  { finalists }: Standing,
): Promise<CampaignResult["overfitting"]> {
  const found = await Promise.all(
    finalists.map(async ({ measured }): Promise<MeasuredRun[]> => {
      const result = measured === null ? null : await results.get(measured.jobId);
      return measured === null || result?.kind !== "measurement" ? [] : [{ jobId: measured.jobId, result }];
    }),
  );
  try {
    const { overfitting, blocks } = compareMeasured(found.flat().filter(isSound));
    const { probability, loses, splits } = overfitting;
    return { probability, loses, splits, blocks };
  } catch (error) {
    // They cannot be held against each other, and the caveats say that it is not known.
    if (isDomainError(error, "invalid_input")) return null;
    throw error;
  }
}
