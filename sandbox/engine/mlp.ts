import { backward, createLayer, dropoutFactor, weightedSum, type Layer } from "./layer.ts";
import type { Pass } from "./network.ts";
import type { Random } from "./random.ts";

/** A multi-layer perceptron; the last layer is linear (logits or a forecast), the others pass the activation. */
export interface Mlp {
  readonly kind: "mlp";
  readonly activation: string;
  readonly dropout: number;
  readonly layers: readonly Layer[];
}

/** A network of layers of these sizes, the inputs first. */
export function createMlp(sizes: readonly number[], activation: string, dropout: number, random: Random): Mlp {
  const layers = sizes.slice(1).map((outputs, index) => createLayer(sizes[index] ?? 0, outputs, random));
  return { kind: "mlp", activation, dropout, layers };
}

/** Value of the activation; an unknown name is relu. */
function activate(name: string, x: number): number {
  switch (name) {
    case "tanh":
      return Math.tanh(x);
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "leaky_relu":
      return x > 0 ? x : 0.01 * x;
    default:
      // NaN stays NaN, as in torch.
      return x <= 0 ? 0 : x;
  }
}

/** Slope of the activation where it has the value `y`. */
function activationSlope(name: string, y: number): number {
  switch (name) {
    case "tanh":
      return 1 - y * y;
    case "sigmoid":
      return y * (1 - y);
    case "leaky_relu":
      return y > 0 ? 1 : 0.01;
    default:
      return y > 0 ? 1 : 0;
  }
}

/** The arrays for one run of the network. Dropout follows every hidden layer. */
export function mlpPass(mlp: Mlp): Pass {
  const { layers, activation, dropout } = mlp;
  const buffers = [new Float64Array(layers[0]?.inputs ?? 0), ...layers.map((one) => new Float64Array(one.outputs))];
  const masks = layers.map((layer) => new Float64Array(layer.outputs));
  const deltas = layers.map((layer) => new Float64Array(layer.outputs));
  const gradients = layers.map((layer) => ({
    weights: new Float64Array(layer.weights.length),
    biases: new Float64Array(layer.biases.length),
  }));
  return {
    parameters: layers.flatMap((layer) => [layer.weights, layer.biases]),
    gradients: gradients.flatMap((one) => [one.weights, one.biases]),
    answer(features, row, random) {
      buffers[0]?.set(features.values.subarray(row * features.width, (row + 1) * features.width));
      for (const [index, layer] of layers.entries()) {
        const [input, output, mask] = [buffers[index], buffers[index + 1], masks[index]];
        if (!input || !output || !mask) continue;
        const isHidden = index < layers.length - 1;
        for (let o = 0; o < layer.outputs; o++) {
          const total = weightedSum(layer, input, o);
          const kept = (mask[o] = isHidden ? dropoutFactor(dropout, random) : 1);
          output[o] = isHidden ? kept * activate(activation, total) : total;
        }
      }
      return buffers.at(-1) ?? new Float64Array(0);
    },
    learn(slopes) {
      deltas.at(-1)?.set(slopes);
      for (let index = layers.length - 1; index >= 0; index--) {
        const [layer, input, delta, gradient] = [layers[index], buffers[index], deltas[index], gradients[index]];
        if (!layer || !input || !delta || !gradient) continue;
        const [below, mask] = [deltas[index - 1], masks[index - 1]];
        below?.fill(0);
        backward(layer, input, delta, gradient, below);
        if (!below || !mask) continue;
        for (let i = 0; i < below.length; i++) {
          const kept = mask[i] ?? 0;
          const value = kept === 0 ? 0 : (input[i] ?? 0) / kept;
          below[i] = kept === 0 ? 0 : (below[i] ?? 0) * kept * activationSlope(activation, value);
        }
      }
    },
  };
}
