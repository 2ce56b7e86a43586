/** The drawings of a campaign's view. Each is null for what is no campaign, or has nothing to draw. */
import type { Picture } from "../../charts/draw.ts";
import type { Dimension } from "../../domain/campaign/dimension.ts";
import { ladderFor } from "../../domain/campaign/reckoning.ts";
import { seenPoints, slicedDimensions, type SeenPoint } from "../../domain/campaign/slices.ts";
import { canonical, nameOf, rangeOf } from "../../domain/campaign/space.ts";
import type { Deps } from "../../research/ports.ts";
import { seenCampaign } from "../../research/results/seen-campaign.ts";
import { funnelOf } from "./funnel.ts";
import { valueText } from "./leaderboard.ts";
import { settingText, titleOf } from "./slice-blocks.ts";

export async function funnelDrawn(deps: Deps, jobId: string): Promise<Picture | null> {
  const seen = await seenCampaign(deps, jobId);
  return seen === null || seen.standing.points === 0 ? null : deps.charts.funnel(funnelOf(seen));
}

/** Draws of each finalist, the leader on top. Names of strategies begin alike, and a telephone shows only beginnings. */
export async function finalistsDrawn(deps: Deps, jobId: string): Promise<Picture | null> {
  const seen = await seenCampaign(deps, jobId);
  const groups = (seen?.standing.finalists ?? []).flatMap(({ point, sharpes, median, error }) => {
    const values = sharpes.map((sharpe) => sharpe ?? 0);
    return median === null ? [] : [{ name: `point ${point}`, values, median, error }];
  });
  return groups.length === 0 ? null : deps.charts.comparison("Sharpe ratio, per year", groups, false);
}

/** @param id of the job, a dot, and the 0-based place of the dimension */
export async function sliceDrawn(deps: Deps, id: string): Promise<Picture | null> {
  const dot = id.lastIndexOf(".");
  const seen = dot < 0 ? null : await seenCampaign(deps, id.slice(0, dot));
  if (seen === null) return null;
  const { request, record } = seen;
  const dimension = slicedDimensions(request.dimensions)[Number(id.slice(dot + 1))];
  const settings = seenPoints({ ...record, request });
  if (dimension === undefined || settings.length === 0) return null;
  const rungs = ladderFor(request).map((_, at) => `rung ${at + 1}`);
  const { range, valueOf } = drawnRange(dimension);
  const plots = settings.map(({ setting, points }) => ({
    title: settings.length === 1 ? null : settingText(setting),
    dots: points.map((point) => ({
      value: valueOf(point),
      loss: point.losses.at(-1) ?? 0,
      rung: point.losses.length - 1,
      suggested: point.suggested,
    })),
  }));
  return deps.charts.slice({ name: titleOf(dimension), range, rungs, plots });
}

/** Values of a choice are drawn by their words; numbers in front keep words apart that are alike. */
function drawnRange(dimension: Dimension) {
  const range = rangeOf(dimension);
  const name = nameOf(dimension);
  if (range.kind !== "choice") return { range, valueOf: ({ values }: SeenPoint) => Number(values[name]) };
  const words = range.values.map(valueText);
  const alike = new Set(words).size < words.length;
  const labels = alike ? words.map((text, at) => `${at + 1}. ${text}`) : words;
  const keys = range.values.map(canonical);
  const valueOf = ({ values }: SeenPoint) => labels[keys.indexOf(canonical(values[name] ?? null))] ?? "";
  return { range: { kind: "choice" as const, labels }, valueOf };
}
