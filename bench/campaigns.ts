/** Campaigns as the measurements start them, on made markets of a lab. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { Status } from "../demo/answers.ts";
import type { Claude } from "../demo/claude.ts";
import { ktrdrDir } from "../lab/lab-settings.ts";

/** Seven years to train on, eight to test on. */
export const PERIODS = { train: ["2000-01-03", "2006-12-29"], test: ["2007-01-02", "2014-12-31"] } as const;

export const DIMENSIONS = [
  { op: "set_parameter", target: "osc.period", int: [5, 25] },
  { op: "widen_membership", target: "zone", float: [0.7, 1.4] },
  { op: "set_training", target: "learning_rate", log: [0.001, 0.02] },
] as const;

/** Gives a lab the strategy that a campaign varies. */
export async function addStrategy(labDir: string, name: string, symbol: string, epochs: number): Promise<void> {
  await writeFile(path.join(ktrdrDir(labDir), "strategies", `${name}.yaml`), strategyText(name, symbol, epochs));
}

/** Waits for the end of a campaign. */
export async function finished(claude: Claude, taskId: string): Promise<void> {
  for (;;) {
    const { final } = await claude.call("get_task_status", { task_id: taskId, wait_seconds: 45 }, Status);
    if (final) return;
  }
}

const strategyText = (name: string, symbol: string, epochs: number): string => `name: ${name}
description: swings of a made market
version: "3.0"
training_data:
  symbols: {mode: single, symbol: ${symbol}}
  timeframes: {mode: single, timeframe: 1d}
  history_required: 100
indicators:
  osc: {type: rsi, period: 12}
fuzzy_sets:
  zone:
    indicator: osc
    low: [0, 20, 45]
    mid: [30, 50, 70]
    high: [55, 80, 100]
nn_inputs:
  - {fuzzy_set: zone, timeframes: all}
model:
  type: mlp
  architecture: {hidden_layers: [8], dropout: 0.0, activation: relu}
decisions:
  output_format: classification
  confidence_threshold: 0.4
  filters: {min_signal_separation: 4}
training:
  epochs: ${epochs}
  batch_size: 32
  learning_rate: 0.005
  loss: cross_entropy
  labels: {source: zigzag, zigzag_threshold: 0.03, label_lookahead: 20}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
`;
