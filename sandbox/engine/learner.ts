import type { FeatureMatrix } from "./features.ts";
import type { Loss } from "./loss.ts";
import { activate, activationSlope, argmax, forward, outputBuffers, weightedSum, type Mlp } from "./mlp.ts";
import type { Random } from "./random.ts";

/** Samples: features of every bar and the target of every bar. */
export interface Samples {
  readonly features: FeatureMatrix;
  readonly targets: Float64Array;
  /** Number of classes; 1 is a regression. */
  readonly classes: number;
}

/** Sums over samples; `loss / weight` is the mean loss, `hits / count` the accuracy. */
export interface Score {
  loss: number;
  weight: number;
  hits: number;
  count: number;
}

/** Adam's memory (Kingma and Ba 2015), one number per parameter in layer order, weights before biases. */
export interface AdamState {
  step: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** An empty Adam memory for `count` parameters. */
export function freshAdam(count: number): AdamState {
  return { step: 0, first: new Float64Array(count), second: new Float64Array(count) };
}

/** A right answer: the likeliest class, or the sign of a forecast. */
export function isHit(outputs: Float64Array, target: number, classes: number): boolean {
  return classes > 1 ? argmax(outputs) === target : Math.sign(outputs[0] ?? 0) === Math.sign(target);
}

/** Scores the network on rows without dropout; `each` sees every answer. */
export function score(
  mlp: Mlp,
  samples: Samples,
  rows: Uint32Array,
  loss: Loss,
  each?: (outputs: Float64Array, target: number) => void,
): Score {
  const buffers = outputBuffers(mlp);
  const slopes = new Float64Array(samples.classes);
  const total: Score = { loss: 0, weight: 0, hits: 0, count: 0 };
  for (const row of rows) {
    loadRow(samples.features, row, buffers[0]);
    const outputs = forward(mlp, buffers);
    addScore(total, outputs, samples.targets[row] ?? 0, samples.classes, loss, slopes);
    each?.(outputs, samples.targets[row] ?? 0);
  }
  return total;
}

/** Copies the features of one bar into a buffer. */
export function loadRow(features: FeatureMatrix, row: number, into: Float64Array | undefined): void {
  into?.set(features.values.subarray(row * features.width, (row + 1) * features.width));
}

function addScore(
  total: Score,
  outputs: Float64Array,
  target: number,
  classes: number,
  loss: Loss,
  slopes: Float64Array,
): void {
  total.loss += loss.of(outputs, target, slopes);
  total.weight += loss.weight(target);
  total.hits += isHit(outputs, target, classes) ? 1 : 0;
  total.count += 1;
}

/** Teaches a network batch by batch with Adam (betas 0.9 and 0.999) and inverted dropout on the hidden layers. */
export class Learner {
  private readonly buffers: Float64Array[];
  private readonly masks: Float64Array[];
  private readonly deltas: Float64Array[];
  private readonly gradients: Float64Array[];

  private readonly mlp: Mlp;
  private readonly loss: Loss;
  private readonly rate: number;
  private readonly random: Random;
  readonly adam: AdamState;

  constructor(mlp: Mlp, loss: Loss, rate: number, random: Random, adam: AdamState) {
    this.mlp = mlp;
    this.loss = loss;
    this.rate = rate;
    this.random = random;
    this.adam = adam;
    this.buffers = outputBuffers(mlp);
    this.masks = mlp.layers.map((layer) => new Float64Array(layer.outputs).fill(1));
    this.deltas = mlp.layers.map((layer) => new Float64Array(layer.outputs));
    this.gradients = mlp.layers.flatMap((layer) => [
      new Float64Array(layer.weights.length),
      new Float64Array(layer.biases.length),
    ]);
  }

  /** One step on the given rows; adds to `total` what the network answered before the step, dropout included. */
  teach(samples: Samples, rows: Uint32Array, total: Score): void {
    for (const gradient of this.gradients) gradient.fill(0);
    const before = total.weight;
    const last = this.deltas.at(-1) ?? new Float64Array(0);
    for (const row of rows) {
      loadRow(samples.features, row, this.buffers[0]);
      const outputs = this.forwardWithDropout();
      addScore(total, outputs, samples.targets[row] ?? 0, samples.classes, this.loss, last);
      this.backward();
    }
    this.step(total.weight - before);
  }

  private forwardWithDropout(): Float64Array {
    const { layers, activation, dropout } = this.mlp;
    let input = this.buffers[0] ?? new Float64Array(0);
    for (const [index, layer] of layers.entries()) {
      const output = this.buffers[index + 1] ?? input;
      const mask = this.masks[index] ?? output;
      const hidden = index < layers.length - 1;
      for (let o = 0; o < layer.outputs; o++) {
        const total = weightedSum(layer, input, o);
        if (hidden) {
          const kept = dropout <= 0 || this.random() >= dropout ? 1 / (1 - Math.max(0, dropout)) : 0;
          mask[o] = kept;
          output[o] = kept * activate(activation, total);
        } else output[o] = total;
      }
      input = output;
    }
    return input;
  }

  private backward(): void {
    const { layers, activation } = this.mlp;
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = layers[index];
      const input = this.buffers[index];
      const delta = this.deltas[index];
      const weights = this.gradients[2 * index];
      const biases = this.gradients[2 * index + 1];
      if (!layer || !input || !delta || !weights || !biases) continue;
      const below = this.deltas[index - 1];
      below?.fill(0);
      for (let o = 0; o < layer.outputs; o++) {
        const slope = delta[o] ?? 0;
        if (slope === 0) continue;
        biases[o] = (biases[o] ?? 0) + slope;
        const row = o * layer.inputs;
        for (let i = 0; i < layer.inputs; i++) {
          weights[row + i] = (weights[row + i] ?? 0) + slope * (input[i] ?? 0);
          if (below) below[i] = (below[i] ?? 0) + slope * (layer.weights[row + i] ?? 0);
        }
      }
      const mask = this.masks[index - 1];
      if (!below || !mask) continue;
      for (let i = 0; i < below.length; i++) {
        const kept = mask[i] ?? 0;
        const value = kept === 0 ? 0 : (input[i] ?? 0) / kept;
        below[i] = kept === 0 ? 0 : (below[i] ?? 0) * kept * activationSlope(activation, value);
      }
    }
  }

  private step(weight: number): void {
    const { adam } = this;
    adam.step += 1;
    const early = 1 - 0.9 ** adam.step;
    const late = 1 - 0.999 ** adam.step;
    let place = 0;
    for (const [index, layer] of this.mlp.layers.entries()) {
      for (const [part, values] of [layer.weights, layer.biases].entries()) {
        const gradient = this.gradients[2 * index + part] ?? new Float64Array(0);
        for (let i = 0; i < values.length; i++, place++) {
          const slope = (gradient[i] ?? 0) / weight;
          const first = 0.9 * (adam.first[place] ?? 0) + 0.1 * slope;
          const second = 0.999 * (adam.second[place] ?? 0) + 0.001 * slope * slope;
          adam.first[place] = first;
          adam.second[place] = second;
          values[i] = (values[i] ?? 0) - (this.rate * (first / early)) / (Math.sqrt(second / late) + 1e-8);
        }
      }
    }
  }
}
