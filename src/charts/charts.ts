/** Charts: the course of a training or a search, how far results lie apart, and equity over time. */
import type { TopLevelSpec } from "vega-lite";
import type { Group } from "../domain/comparison.ts";
import type { LearningCurve } from "../domain/result.ts";
import { createDraw, NARROW, type Picture } from "./draw.ts";
import { funnelChart, type FunnelStep } from "./funnel-chart.ts";
import { luckChart, type LuckChart } from "./luck-chart.ts";
import { sliceChart, type SliceChart } from "./slice-chart.ts";

export interface Charts {
  /** Losses of a training by epoch; accuracies below, when there are any. */
  learningCurve(curve: LearningCurve): Picture;
  /**
   * Values of each group as dots, the median as a tick, two standard errors as a bar; the best on top.
   * @param explained whether the drawing itself says what is what
   */
  comparison(figure: string, groups: readonly Compared[], explained?: boolean): Picture;
  /** Each line under its name, with a dot where it was measured. All begin at 1. */
  equity(lines: readonly EquityLine[]): Picture;
  /** The best figure so far as steps, against the bar that rises with every trial. */
  luck(course: LuckChart): Picture;
  /** How many points of a search came how far. */
  funnel(steps: readonly FunnelStep[]): Picture;
  /** Losses by the value of one dimension: colour and shape say the rung, a ring what was suggested. */
  slice(slice: SliceChart): Picture;
}

/** A group as it is drawn: only its figures and its name are needed. */
type Compared = Pick<Group, "median" | "error" | "values"> & { readonly name: string };

/** Values are multiples of the beginning, days YYYY-MM-DD. */
export interface EquityLine {
  readonly name: string;
  readonly points: readonly { readonly day: string; readonly value: number }[];
}

const WIDTH = 460;
/** What names take more than figures, beside a drawing on a telephone. */
const NAMES = 75;

/** Charts that remember what they drew lately. */
export function createCharts(): Charts {
  const draw = createDraw();
  return {
    luck: (course) => draw(luckChart(course)),
    funnel: (steps) => draw(funnelChart(steps), NARROW - NAMES),
    slice: (slice) => draw(sliceChart(slice), slice.range.kind === "choice" ? NARROW - NAMES : NARROW),
    learningCurve: (curve) => draw(learningCurve(curve)),
    equity: (lines) => draw(equity(lines)),
    comparison: (figure, groups, explained = true) => draw(comparison(figure, groups, explained), NARROW - NAMES),
  };
}

function learningCurve({ trainLoss, valLoss, trainAccuracy, valAccuracy }: LearningCurve): TopLevelSpec {
  const parts = [
    { of: "loss", series: { training: trainLoss, validation: valLoss } },
    { of: "accuracy", series: { training: trainAccuracy, validation: valAccuracy } },
  ].filter(({ series }) => series.training.length + series.validation.length > 0);
  return {
    vconcat: parts.map(({ of, series }) => ({
      width: WIDTH,
      height: 150,
      data: {
        values: Object.entries(series).flatMap(([set, values]) =>
          values.map((value, at) => ({ epoch: at + 1, value, set })),
        ),
      },
      mark: { type: "line" as const },
      encoding: {
        x: { field: "epoch", type: "quantitative" as const },
        y: { field: "value", type: "quantitative" as const, title: of, scale: { zero: false } },
        color: { field: "set", type: "nominal" as const, title: null },
      },
    })),
  };
}

function equity(lines: readonly EquityLine[]): TopLevelSpec {
  return {
    width: WIDTH,
    height: 220,
    data: { values: lines.flatMap(({ name, points }) => points.map(({ day, value }) => ({ day, value, name }))) },
    mark: { type: "line", point: { size: 12 } },
    encoding: {
      x: { field: "day", type: "temporal", title: null, scale: { type: "utc" }, axis: { format: "%b %Y" } },
      y: {
        field: "value",
        type: "quantitative",
        title: "equity, 1 at the beginning",
        scale: { zero: false },
      },
      color: {
        field: "name",
        type: "nominal",
        title: null,
        sort: null,
        legend: { orient: "bottom", columns: 1, labelLimit: 500 },
      },
    },
  };
}

function comparison(figure: string, groups: readonly Compared[], explained: boolean): TopLevelSpec {
  const rows = groups.map(({ name, median, error, values }, at) => {
    const label = `${at + 1}. ${name}`;
    return { label, median, low: median - 2 * (error ?? 0), high: median + 2 * (error ?? 0), values };
  });
  const y = { field: "label", type: "nominal" as const, title: null, sort: null };
  const x = {
    type: "quantitative" as const,
    title: explained ? `${figure} (dots: runs; tick: median; bar: two standard errors)` : figure,
  };
  return {
    width: WIDTH,
    height: { step: 26 },
    data: { values: rows },
    layer: [
      { mark: { type: "rule", color: "#999" }, encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } } },
      { mark: { type: "tick", thickness: 3 }, encoding: { y, x: { ...x, field: "median" } } },
      {
        transform: [{ flatten: ["values"] }],
        mark: { type: "point", filled: true, opacity: 0.6 },
        encoding: { y, x: { ...x, field: "values" } },
      },
    ],
  };
}
