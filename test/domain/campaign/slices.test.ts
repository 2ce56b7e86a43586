import { expect, test } from "vitest";
import type { Dimension, Point } from "../../../src/domain/campaign/dimension.ts";
import { lossesOfChoice, lowValues, seenPoints, slicedDimensions } from "../../../src/domain/campaign/slices.ts";
import type { CampaignRun, NewPoint } from "../../../src/domain/campaign/state.ts";
import type { CampaignRequest } from "../../../src/domain/kinds/campaign.ts";
import { TRAINING } from "../../support/job-inputs.ts";

const DIMENSIONS: readonly Dimension[] = [
  { op: "set_parameter", target: "dip.period", int: [1, 9] },
  { op: "set_labels", target: "zigzag_threshold", choice: [0.02, 0.03] },
];
const REQUEST = { dimensions: DIMENSIONS, epochs: 81 } as unknown as CampaignRequest;

const point = (n: number, values: Point, origin: NewPoint["origin"] = "spread"): NewPoint => ({
  n,
  bracket: 0,
  origin,
  values,
  refused: null,
});

const trained = (n: number, of: number, rung: number, loss: number | null): CampaignRun => ({
  n,
  step: rung,
  point: of,
  role: "train",
  rung,
  draw: 1,
  request: TRAINING,
  jobId: `train-${n}`,
  status: loss === null ? "failed" : "completed",
  seconds: 1,
  figures:
    loss === null
      ? null
      : {
          loss,
          modelPath: "m",
          sharpe: null,
          totalReturn: null,
          maxDrawdown: null,
          trades: null,
          excessSharpe: null,
          t: null,
          windows: null,
          positive: null,
          worst: null,
          agrees: null,
        },
});

const at = (period: number, threshold: number): Point => ({
  "dip.period": period,
  "labels.zigzag_threshold": threshold,
});

test("points have the median loss of each rung that they reached, label settings apart", () => {
  const points = [
    point(0, at(3, 0.02)),
    point(1, at(5, 0.03), "suggested"),
    point(2, at(7, 0.02)),
    point(3, at(9, 0.02)),
  ];
  const runs = [
    trained(0, 0, 0, 1),
    trained(1, 1, 0, 2),
    trained(2, 2, 0, null),
    trained(3, 0, 1, 0.7),
    trained(4, 0, 1, 0.9),
    trained(5, 3, 0, 3),
  ];
  const seen = seenPoints({ request: REQUEST, points, runs });
  expect(seen.map(({ setting }) => setting)).toEqual([
    { "labels.zigzag_threshold": 0.02 },
    { "labels.zigzag_threshold": 0.03 },
  ]);
  expect(seen[0]?.points.map(({ n, losses }) => [n, losses])).toEqual([
    [0, [1, 0.8]],
    [3, [3]],
  ]);
  expect(seen[1]?.points).toMatchObject([{ n: 1, suggested: true, losses: [2] }]);
});

test("a dimension that changes the labels has no slice", () => {
  expect(slicedDimensions(DIMENSIONS)).toEqual([DIMENSIONS[0]]);
});

test("low values are those of the best third on the first rung, however low a longer training came", () => {
  const points = Array.from({ length: 9 }, (_, n) => ({
    n,
    values: at(n + 1, 0.02),
    suggested: false,
    losses: n === 8 ? [9, 0.1] : [n + 1],
  }));
  expect(lowValues("dip.period", points)).toEqual({ points: 3, middle: 2, from: 1, to: 3 });
});

test("a choice tells the median loss of each value that was tried", () => {
  const points = [1, 2, 3].map((loss, n) => ({
    n,
    values: { layers: n < 2 ? [16] : [8] },
    suggested: false,
    losses: [loss],
  }));
  expect(lossesOfChoice("layers", [[8], [16], [32]], points)).toEqual([
    { value: [8], points: 1, loss: 3 },
    { value: [16], points: 2, loss: 1.5 },
  ]);
});
