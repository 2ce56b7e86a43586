/** A campaign's figures as an answer tells them. The leaderboard has luck beside it, and so is told elsewhere. */
import { compact, rounded, type Facts } from "../facts.ts";
import type { CampaignResult } from "../kinds/campaign.ts";
import type { Standing } from "./standing.ts";

export const campaignFacts = (result: CampaignResult): Facts =>
  compact({
    ...funnelFacts(result),
    ended: result.ended.says,
    overfitting: rounded(result.overfitting?.probability ?? null),
    choice_loses: rounded(result.overfitting?.loses ?? null),
    overfitting_blocks: result.overfitting?.blocks ?? null,
  });

/** From what was proposed to what was tested. */
export const funnelFacts = ({ points, refused, rungs, finalists, used, searchEnded, brackets }: Standing): Facts =>
  compact({
    points,
    refused: refused === 0 ? null : refused,
    brackets,
    rungs: rungs.map(({ epochs, draws, points: on, trainings, failed }) =>
      compact({ epochs, draws, points: on, trainings, failed: failed === 0 ? null : failed }),
    ),
    finalists: finalists.length,
    trainings: used.trainings,
    trials: used.trials,
    hours: Math.round(used.hours * 1_000) / 1_000,
    search_ended: searchEnded?.says ?? null,
  });
