/** What became of a campaign's points: proposed, trained on each rung, tested, examined. */
import { oneLine } from "../../domain/plain-text.ts";
import type { Finalist } from "../../domain/kinds/campaign.ts";
import type { SeenCampaign } from "../../research/results/seen-campaign.ts";
import { funnelPicture } from "../places.ts";
import { note, paragraph, table, type Block } from "../view.ts";
import { counted } from "../words.ts";

interface Step {
  readonly name: string;
  /** What is done on a rung, else empty. */
  readonly what: string;
  readonly points: number;
  /** Of these points, those that are no valid strategy. */
  readonly refused: number;
  /** Null for steps without trainings of their own. */
  readonly trainings: number | null;
  readonly failed: number;
}

/** Each step with the points that came so far. */
export function funnelOf({ standing, chosen, request }: SeenCampaign): readonly Step[] {
  const { points, refused, rungs, finalists } = standing;
  const step = (name: string, count: number, invalid = 0): Step => ({
    name,
    what: "",
    points: count,
    refused: invalid,
    trainings: null,
    failed: 0,
  });
  return [
    step("proposed", points, refused),
    ...rungs.map(({ epochs, draws, points: on, trainings, failed }, at) => ({
      ...step(`rung ${at + 1}`, on),
      what: `${counted(epochs, "epoch")}, ${counted(draws, "draw")}`,
      trainings,
      failed,
    })),
    step("finalists", chosen),
    step("backtested", finalists.length),
    step(
      request.walk === null ? "examined" : "walked forward",
      finalists.filter(isExamined(request.walk !== null)).length,
    ),
  ];
}

/** The last thing that is done with a finalist has ended. */
const isExamined =
  (walks: boolean) =>
  ({ costs, walk, measured }: Finalist): boolean =>
    walks ? walk !== null : costs !== null || measured !== null;

export function funnelBlocks(seen: SeenCampaign): Block[] {
  const { standing, job } = seen;
  if (standing.points === 0) return [paragraph("No point was proposed yet.")];
  return [
    {
      kind: "picture",
      src: funnelPicture(job.jobId),
      says: `How many of ${counted(standing.points, "point")} in ${counted(standing.brackets, "bracket")} came how far. The figures stand in the table.`,
    },
    table({
      caption: "Steps of the campaign, and the points that came so far",
      columns: [
        { title: "step" },
        { title: "points", figures: true },
        { title: "no valid strategy", figures: true },
        { title: "trainings", figures: true },
        { title: "failed", figures: true },
      ],
      rows: funnelOf(seen).map(({ name, what, points, refused, trainings, failed }) => ({
        cells: [
          what === "" ? name : `${name}: ${what}`,
          String(points),
          refused === 0 ? "" : String(refused),
          trainings === null ? "" : String(trainings),
          trainings === null ? "" : String(failed),
        ],
      })),
      empty: "There are none.",
    }),
    note(
      "All points of a bracket are trained briefly; the best third by validation loss goes on to the next rung. Trainings of the last rung are also those that draw the best points again. No rung is a trial.",
    ),
    ...refusals(seen),
  ];
}

const MOST_REASONS = 5;
const MOST_CHARS = 200;

/** Why points were no valid strategy, the most frequent reason first. */
function refusals({ record }: SeenCampaign): Block[] {
  const reasons = Map.groupBy(
    record.points.flatMap(({ refused }) => refused ?? []),
    (reason) => oneLine(reason, MOST_CHARS),
  );
  const frequent = [...reasons].toSorted(([, a], [, b]) => b.length - a.length);
  if (frequent.length === 0) return [];
  const others = frequent.length - MOST_REASONS;
  const lines = frequent.slice(0, MOST_REASONS).map(([reason, all]) => `${counted(all.length, "point")}: ${reason}`);
  return [
    paragraph("Why points were no valid strategy:"),
    { kind: "list", lines: others > 0 ? [...lines, counted(others, "other reason")] : lines },
  ];
}
