import type { TopLevelSpec } from "vega-lite";

/** One step of a search: how many points came so far, and how many of them are no valid strategy. */
export interface FunnelStep {
  readonly name: string;
  readonly points: number;
  readonly refused: number;
}

const VALID = "valid";
const REFUSED = "no valid strategy";
/** Blue and orange of one strength, as on the luck chart. */
const COLORS = { range: ["#3b7dd8", "#d9822b"], domain: [VALID, REFUSED] };

/** Names beside bars, the first step on top. */
export function funnelChart(steps: readonly FunnelStep[]): TopLevelSpec {
  const bars = steps.flatMap(({ name, points, refused }) => [
    { name, points: points - refused, part: VALID },
    ...(refused === 0 ? [] : [{ name, points: refused, part: REFUSED }]),
  ]);
  const invalid = steps.some(({ refused }) => refused > 0);
  return {
    width: 460,
    height: { step: 24 },
    data: { values: bars },
    mark: { type: "bar" },
    encoding: {
      y: { field: "name", type: "nominal", title: null, sort: null },
      x: {
        field: "points",
        type: "quantitative",
        title: "points",
        stack: "zero",
        axis: { format: "d", tickMinStep: 1 },
      },
      color: {
        field: "part",
        type: "nominal",
        title: null,
        scale: COLORS,
        legend: invalid ? { orient: "bottom" } : null,
      },
    },
  };
}
