import type { Random } from "./random.ts";

/** A fully connected layer; `weights[o * inputs + i]` leads from input i to output o. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** A layer with weights drawn uniformly from +/- 1/sqrt(inputs), as torch does by default. */
export function createLayer(inputs: number, outputs: number, random: Random): Layer {
  const bound = 1 / Math.sqrt(Math.max(1, inputs));
  const draw = (length: number): Float64Array => Float64Array.from({ length }, () => (2 * random() - 1) * bound);
  return { inputs, outputs, weights: draw(inputs * outputs), biases: draw(outputs) };
}

/** Bias plus weighted inputs of output `o`. */
export function weightedSum(layer: Layer, input: Float64Array, o: number): number {
  let total = layer.biases[o] ?? 0;
  const row = o * layer.inputs;
  for (let i = 0; i < layer.inputs; i++) total += (layer.weights[row + i] ?? 0) * (input[i] ?? 0);
  return total;
}

/** Adds one sample's slopes to `gradients` (weights, biases) and to `below`, the slopes by the layer's inputs. */
export function backward(
  layer: Layer,
  input: Float64Array,
  slopes: Float64Array,
  gradients: { readonly weights: Float64Array; readonly biases: Float64Array },
  below?: Float64Array,
): void {
  const { weights, biases } = gradients;
  for (let o = 0; o < layer.outputs; o++) {
    const slope = slopes[o] ?? 0;
    if (slope === 0) continue;
    biases[o] = (biases[o] ?? 0) + slope;
    const row = o * layer.inputs;
    for (let i = 0; i < layer.inputs; i++) {
      weights[row + i] = (weights[row + i] ?? 0) + slope * (input[i] ?? 0);
      if (below) below[i] = (below[i] ?? 0) + slope * (layer.weights[row + i] ?? 0);
    }
  }
}

/** Inverted dropout: what a value is multiplied with, 0 or 1/(1 - share). 1 without `random`. */
export function dropoutFactor(share: number, random: Random | undefined): number {
  if (random === undefined || share <= 0) return 1;
  return random() >= share ? 1 / (1 - share) : 0;
}
