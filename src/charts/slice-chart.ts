import type { TopLevelSpec } from "vega-lite";

/** Validation losses by the value of one dimension. */
export interface SliceChart {
  readonly name: string;
  /** Bounds of a range of numbers, or the values of a choice in words, in their order. */
  readonly range:
    | { readonly kind: "int" | "float" | "log"; readonly from: number; readonly to: number }
    | { readonly kind: "choice"; readonly labels: readonly string[] };
  /** What the rungs are called, the lowest first. */
  readonly rungs: readonly string[];
  /** One plot below the other, each with a scale of its own: losses of different plots cannot be compared. */
  readonly plots: readonly SlicePlot[];
}

export interface SlicePlot {
  /** Null for a single one. */
  readonly title: string | null;
  readonly dots: readonly SliceDot[];
}

export interface SliceDot {
  /** A number, or one of the labels. */
  readonly value: number | string;
  readonly loss: number;
  /** Index in `rungs`. */
  readonly rung: number;
  readonly suggested: boolean;
}

/** Told apart by colour and by shape: grey, blue and orange differ for every kind of eye, on white and on black. */
const COLORS = ["#7a808a", "#3b7dd8", "#d9822b"];
const SHAPES = ["circle", "square", "triangle-up"];
/** Around what was suggested. */
const RING = "#b0489b";

const WIDTH = 460;
const HEIGHT = { alone: 200, several: 130 } as const;

export function sliceChart({ name, range, rungs, plots }: SliceChart): TopLevelSpec {
  return { vconcat: plots.map((plot) => plotOf({ name, range, rungs }, plot, plots.length > 1)) };
}

function plotOf({ name, range, rungs }: Omit<SliceChart, "plots">, { title, dots }: SlicePlot, several: boolean) {
  const loss = lossAxis(dots);
  const places =
    range.kind === "choice"
      ? {
          y: {
            field: "value",
            type: "nominal" as const,
            title: null,
            sort: null,
            scale: { domain: [...range.labels] },
          },
          x: loss,
        }
      : { x: valueAxis(name, range), y: loss };
  const seen = dots.map(({ value, loss: height, rung, suggested }) => ({
    value,
    loss: height,
    rung: rungs[rung] ?? "",
    suggested,
  }));
  // Beside a few values there is no room for the name of an axis.
  const head = range.kind === "choice" ? [title, name].filter((text) => text !== null).join(": ") : title;
  return {
    ...(head === null ? {} : { title: { text: head, anchor: "start" as const, fontWeight: "normal" as const } }),
    width: WIDTH,
    height: range.kind === "choice" ? { step: 26 } : several ? HEIGHT.several : HEIGHT.alone,
    layer: [
      {
        data: { values: seen },
        mark: { type: "point" as const, filled: true, size: 42, opacity: 0.75 },
        encoding: {
          ...places,
          color: {
            field: "rung",
            type: "nominal" as const,
            title: null,
            scale: scaleOf(rungs, COLORS),
            legend: LEGEND,
          },
          shape: {
            field: "rung",
            type: "nominal" as const,
            title: null,
            scale: scaleOf(rungs, SHAPES),
            legend: LEGEND,
          },
        },
      },
      {
        data: { values: seen.filter(({ suggested }) => suggested) },
        mark: { type: "point" as const, filled: false, size: 150, strokeWidth: 1.5, color: RING },
        encoding: places,
      },
    ],
  };
}

const LEGEND = { orient: "bottom" as const };

const scaleOf = (rungs: readonly string[], range: readonly string[]) => ({
  domain: [...rungs],
  range: range.slice(-rungs.length),
});

const valueAxis = (
  name: string,
  { kind, from, to }: { readonly kind: string; readonly from: number; readonly to: number },
) => ({
  field: "value",
  type: "quantitative" as const,
  title: name,
  axis: { tickCount: 5, ...(kind === "int" ? { format: "d", tickMinStep: 1 } : { format: "~g" }) },
  scale: { type: kind === "log" ? ("log" as const) : ("linear" as const), domain: [from, to], nice: false, padding: 8 },
});

const lossAxis = (dots: readonly SliceDot[]) => ({
  field: "loss",
  type: "quantitative" as const,
  title: "validation loss",
  axis: { tickCount: 5 },
  scale: { zero: false, clamp: true, padding: 8, ...boundsOf(dots) },
});

/** Few trainings come to nothing at all: their losses would press all others into one line. They stand at the edge. */
function boundsOf(dots: readonly SliceDot[]): { domainMax?: number } {
  const most = farLoss(dots.map(({ loss }) => loss));
  return most === null ? {} : { domainMax: most };
}

/** Above this a loss is far from the others: three ranges of the middle half above it. Null when none is. */
function farLoss(losses: readonly number[]): number | null {
  const sorted = losses.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [0.25, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  const most = high + 3 * (high - low);
  return high > low && (sorted.at(-1) ?? 0) > most ? most : null;
}
