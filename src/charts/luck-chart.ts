import type { TopLevelSpec } from "vega-lite";

/** What the luck chart shows. Sharpe ratios are annual; trials are counted from 1. */
export interface LuckChart {
  readonly symbol: string;
  /** Trials as dots; `counts` is false of one that proves nothing. */
  readonly trials: readonly { readonly n: number; readonly sharpe: number; readonly counts: boolean }[];
  /** The best so far and the bar over its days, from this trial on. */
  readonly steps: readonly { readonly n: number; readonly best: number; readonly bar: number }[];
}

const BEST = "best so far";
const BAR = "what luck reaches in 1 of 20 such searches";
/** Blue and orange of one strength: they differ for every kind of eye, on white and on black. */
const COLORS = { range: ["#3b7dd8", "#d9822b"], domain: [BEST, BAR] };

/** Two strokes: the library's own cross cannot be told from a circle when it is small. */
const CROSS = "M-1.3,-1.3L1.3,1.3M1.3,-1.3L-1.3,1.3";

export function luckChart({ symbol, trials, steps }: LuckChart): TopLevelSpec {
  const x = { field: "n", type: "quantitative" as const, title: `backtests tried on ${symbol}`, axis: { format: "d" } };
  const y = { type: "quantitative" as const, title: "Sharpe ratio, per year" };
  const lines = steps.flatMap(({ n, best, bar }) => [
    { n, sharpe: best, line: BEST },
    { n, sharpe: bar, line: BAR },
  ]);
  return {
    width: 560,
    height: 260,
    layer: [
      {
        data: { values: trials.map(({ n, sharpe, counts }) => ({ n, sharpe, counts })) },
        mark: { type: "point", size: 24, strokeWidth: 1.2, color: "#7a808a" },
        encoding: {
          x,
          y: { ...y, field: "sharpe" },
          shape: {
            field: "counts",
            type: "nominal",
            legend: null,
            scale: { domain: [true, false], range: ["circle", CROSS] },
          },
        },
      },
      {
        data: { values: lines },
        mark: { type: "line", interpolate: "step-after", strokeWidth: 2 },
        encoding: {
          x,
          y: { ...y, field: "sharpe" },
          color: {
            field: "line",
            type: "nominal",
            title: null,
            scale: COLORS,
            legend: { orient: "bottom", columns: 1, labelLimit: 500 },
          },
          strokeDash: {
            field: "line",
            type: "nominal",
            title: null,
            scale: {
              domain: [BEST, BAR],
              range: [
                [1, 0],
                [6, 4],
              ],
            },
          },
        },
      },
    ],
  };
}
