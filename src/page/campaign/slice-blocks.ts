/** Where low validation losses lie, dimension by dimension: a plot of each, and in words what it shows. */
import type { Dimension, Point } from "../../domain/campaign/dimension.ts";
import { narrowed } from "../../domain/campaign/orders.ts";
import { rangeText } from "../../domain/campaign/inside.ts";
import {
  lossesOfChoice,
  lowValues,
  seenPoints,
  slicedDimensions,
  type LabelSetting,
  type SeenPoint,
} from "../../domain/campaign/slices.ts";
import { labelDimensions, nameOf, rangeOf } from "../../domain/campaign/space.ts";
import { lossText } from "../../domain/kinds/words.ts";
import { oneLine } from "../../domain/plain-text.ts";
import type { SeenCampaign } from "../../research/results/seen-campaign.ts";
import { slicePicture } from "../places.ts";
import { note, paragraph, type Block } from "../view.ts";
import { counted } from "../words.ts";
import { valueText } from "./leaderboard.ts";

const HOW_TO_READ =
  "Each dot is a point: its value, and its median validation loss on the highest rung that it reached, which colour and shape tell. Only low losses went on, and longer trainings lower a loss: compare dots of one rung. A ring marks what somebody suggested. A loss far above the others stands at the edge. Words tell the first rung, on which all were trained alike. Draws of one point differ too: this is a hint, no proof.";

export function sliceBlocks(seen: SeenCampaign): Block[] {
  const { request, record, job } = seen;
  const settings = seenPoints({ ...record, request });
  if (settings.length === 0) return [paragraph("No point has left a model yet."), ...spaceOf(seen)];
  const now = new Map(narrowed(request.dimensions, record.orders).map((one) => [nameOf(one), one]));
  return [
    ...labelsOf(request.dimensions),
    ...slicedDimensions(request.dimensions).map((dimension, at): Block => {
      const present = now.get(nameOf(dimension)) ?? dimension;
      const searched = `${titleOf(dimension)}, ${oneLine(rangeText(present), MOST_CHARS)}`;
      const told = settings.map((setting) => settingSays(dimension, setting, settings.length > 1));
      return { kind: "picture", src: slicePicture(job.jobId, at), says: `${searched}. ${told.join(" ")}` };
    }),
    note(HOW_TO_READ),
  ];
}

const MOST_CHARS = 200;
const MOST_OF_A_NAME = 60;

export const titleOf = (dimension: Dimension): string => oneLine(nameOf(dimension), MOST_OF_A_NAME);

/** What is searched, before anything can be drawn. */
const spaceOf = ({ request, record }: SeenCampaign): Block[] => [
  {
    kind: "list",
    lines: narrowed(request.dimensions, record.orders).map((one) =>
      oneLine(`${nameOf(one)}: ${rangeText(one)}`, MOST_CHARS),
    ),
  },
];

/** Dimensions that have no plot, and why. */
function labelsOf(dimensions: readonly Dimension[]): Block[] {
  const labels = labelDimensions(dimensions).map(titleOf);
  if (labels.length === 0) return [];
  const what = `${labels.join(", ")} ${labels.length === 1 ? "changes" : "change"} what a loss measures`;
  return [
    paragraph(
      `${what}: losses of its settings cannot be compared. Each setting has a plot of its own, with its own scale, and no plot holds the settings against each other.`,
    ),
  ];
}

/** A label setting in words. */
export const settingText = (setting: Point): string =>
  Object.entries(setting)
    .map(([name, value]) => `${oneLine(name, MOST_OF_A_NAME)} ${valueText(value)}`)
    .join(", ");

function settingSays(dimension: Dimension, { setting, points }: LabelSetting, several: boolean): string {
  const of = several ? ` of ${settingText(setting)}` : "";
  const best = lowestOf(points);
  const where = best === null ? "" : ` ${best(nameOf(dimension))}`;
  const range = rangeOf(dimension);
  if (range.kind === "choice") {
    const each = lossesOfChoice(nameOf(dimension), range.values, points).map(
      ({ value, points: count, loss }) => `${valueText(value)} ${lossText(loss)} (${count})`,
    );
    return `Median loss of ${counted(points.length, "point")}${of} by value, with how many: ${each.join("; ")}.${where}`;
  }
  const { points: low, middle, from, to } = lowValues(nameOf(dimension), points);
  return `Of ${counted(points.length, "point")}${of} the ${low} with the lowest losses have ${middle} in the middle, half of them ${from} to ${to}.${where}`;
}

/** The lowest loss on the highest rung that any point reached. */
function lowestOf(points: readonly SeenPoint[]): ((name: string) => string) | null {
  const highest = Math.max(...points.map(({ losses }) => losses.length));
  const [best] = points
    .filter(({ losses }) => losses.length === highest)
    .toSorted((a, b) => (a.losses.at(-1) ?? 0) - (b.losses.at(-1) ?? 0));
  if (best === undefined) return null;
  const loss = lossText(best.losses.at(-1) ?? null);
  return (name) => `The lowest on rung ${highest} is ${loss}, at ${valueText(best.values[name] ?? null)}.`;
}
