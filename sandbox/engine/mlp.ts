import type { Random } from "./random.ts";

/** A fully connected layer; `weights[o * inputs + i]` leads from input i to output o. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** A multi-layer perceptron; the last layer is linear (logits or a forecast), the others pass the activation. */
export interface Mlp {
  readonly activation: string;
  readonly dropout: number;
  readonly layers: readonly Layer[];
}

/** A network with weights drawn uniformly from +/- 1/sqrt(inputs), as torch does by default. */
export function createMlp(sizes: readonly number[], activation: string, dropout: number, random: Random): Mlp {
  const layers = sizes.slice(1).map((outputs, index): Layer => {
    const inputs = sizes[index] ?? 0;
    const bound = 1 / Math.sqrt(Math.max(1, inputs));
    const draw = (length: number): Float64Array => Float64Array.from({ length }, () => (2 * random() - 1) * bound);
    return { inputs, outputs, weights: draw(inputs * outputs), biases: draw(outputs) };
  });
  return { activation, dropout, layers };
}

/** Number of weights and biases. */
export function parameterCount(mlp: Mlp): number {
  return mlp.layers.reduce((total, layer) => total + layer.weights.length + layer.biases.length, 0);
}

/** An independent copy. */
export function copyMlp(mlp: Mlp): Mlp {
  return {
    ...mlp,
    layers: mlp.layers.map((layer) => ({ ...layer, weights: layer.weights.slice(), biases: layer.biases.slice() })),
  };
}

/** Value of the activation; an unknown name is relu. */
export function activate(name: string, x: number): number {
  switch (name) {
    case "tanh":
      return Math.tanh(x);
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "leaky_relu":
      return x > 0 ? x : 0.01 * x;
    default:
      return x > 0 ? x : 0;
  }
}

/** Slope of the activation where it has the value `y`. */
export function activationSlope(name: string, y: number): number {
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

/** Places for the outputs of every layer, the input row first. */
export function outputBuffers(mlp: Mlp): Float64Array[] {
  return [new Float64Array(mlp.layers[0]?.inputs ?? 0), ...mlp.layers.map((layer) => new Float64Array(layer.outputs))];
}

/** Runs one row (already in `buffers[0]`) through the network without dropout and returns the last layer's output. */
export function forward(mlp: Mlp, buffers: readonly Float64Array[]): Float64Array {
  let input = buffers[0] ?? new Float64Array(0);
  for (const [index, layer] of mlp.layers.entries()) {
    const output = buffers[index + 1] ?? new Float64Array(layer.outputs);
    const last = index === mlp.layers.length - 1;
    for (let o = 0; o < layer.outputs; o++) {
      const total = weightedSum(layer, input, o);
      output[o] = last ? total : activate(mlp.activation, total);
    }
    input = output;
  }
  return input;
}

/** Bias plus weighted inputs of output `o`. */
export function weightedSum(layer: Layer, input: Float64Array, o: number): number {
  let total = layer.biases[o] ?? 0;
  const row = o * layer.inputs;
  for (let i = 0; i < layer.inputs; i++) total += (layer.weights[row + i] ?? 0) * (input[i] ?? 0);
  return total;
}

/** Probabilities out of logits, written over `out`. */
export function softmax(logits: Float64Array, out: Float64Array): Float64Array {
  let top = -Infinity;
  for (const logit of logits) top = Math.max(top, logit);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += out[i] = Math.exp((logits[i] ?? 0) - top);
  for (let i = 0; i < logits.length; i++) out[i] = (out[i] ?? 0) / total;
  return out;
}

/** Place of the largest value. */
export function argmax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}

/** The network as JSON text, exact to the last bit. */
export function formatMlp(mlp: Mlp): string {
  const layers = mlp.layers.map((layer) => ({
    ...layer,
    weights: Array.from(layer.weights),
    biases: Array.from(layer.biases),
  }));
  return JSON.stringify({ engine: "sandbox", activation: mlp.activation, dropout: mlp.dropout, layers });
}

/** A network out of `formatMlp`'s text. */
export function parseMlp(text: string): Mlp {
  const stored = JSON.parse(text) as {
    activation: string;
    dropout: number;
    layers: { inputs: number; outputs: number; weights: number[]; biases: number[] }[];
  };
  return {
    activation: stored.activation,
    dropout: stored.dropout,
    layers: stored.layers.map((layer) => ({
      inputs: layer.inputs,
      outputs: layer.outputs,
      weights: Float64Array.from(layer.weights),
      biases: Float64Array.from(layer.biases),
    })),
  };
}
