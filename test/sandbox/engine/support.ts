import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { barsFrom, type Bars } from "../../../sandbox/engine/bars.ts";

/** A folder that is removed at the end of `await using`. */
export async function temporaryFolder(): Promise<{ path: string; [Symbol.asyncDispose]: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "engine-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Daily bars with the given closes; each opens at the previous close and reaches half a point beyond both. */
export function barsOfCloses(closes: readonly number[]): Bars {
  return barsFrom(
    closes.map((close, i) => {
      const open = closes[i - 1] ?? close;
      return {
        time: Date.UTC(2020, 0, 1 + i),
        open,
        high: Math.max(open, close) + 0.5,
        low: Math.min(open, close) - 0.5,
        close,
        volume: 1000 + 10 * i,
      };
    }),
  );
}

/** A strategy with features for the synthetic series. `labels` is a YAML flow mapping, `training` the inside of one. */
export function probeStrategy(options: {
  labels: string;
  training?: string;
  decisions?: string;
  timeframe?: string;
}): string {
  return `name: probe
training_data:
  symbols: {mode: single, symbol: SYNTREND}
  timeframes: {mode: single, timeframe: ${options.timeframe ?? "1d"}}
indicators:
  osc: {type: rsi, period: 5}
  slow: {type: rsi, period: 14}
fuzzy_sets:
  zone:
    indicator: osc
    low: {type: trapezoidal, parameters: [-1, 0, 20, 50]}
    middle: [25, 50, 75]
    high: {type: trapezoidal, parameters: [50, 80, 100, 101]}
  wide:
    indicator: slow
    low: {type: trapezoidal, parameters: [-1, 0, 20, 50]}
    high: {type: trapezoidal, parameters: [50, 80, 100, 101]}
nn_inputs:
  - {fuzzy_set: zone, timeframes: all}
  - {fuzzy_set: wide, timeframes: all}
model: {type: mlp, architecture: {hidden_layers: [16, 8], dropout: 0, activation: relu}}
decisions: {output_format: classification, confidence_threshold: 0.4${options.decisions ?? ""}}
training: {${options.training ?? "epochs: 12, batch_size: 32, learning_rate: 0.005"}, labels: ${options.labels}}
`;
}
