import type { FeatureMatrix } from "./features.ts";
import { createMlp, mlpPass, type Mlp } from "./mlp.ts";
import type { Random } from "./random.ts";
import { createRecurrent, recurrentPass, type Recurrent } from "./recurrent.ts";
import type { Strategy } from "./strategy-model.ts";

/** A network of one of the three kinds that KTRDR builds. Its weights are plain numbers. */
export type Network = Mlp | Recurrent;

/** A network with the arrays it computes in. It answers one row at a time: every answer overwrites the one before. */
export interface Pass {
  /** All weights and biases, in the order of the optimiser's memory. */
  readonly parameters: readonly Float64Array[];
  /** Slopes summed up by `learn`, one array for each of `parameters`. */
  readonly gradients: readonly Float64Array[];
  /** Logits or a forecast for a row of features; with `random`, dropout included. */
  readonly answer: (features: FeatureMatrix, row: number, random?: Random) => Float64Array;
  /** Adds the slopes of the last answer's loss to `gradients`. */
  readonly learn: (slopes: Float64Array) => void;
}

/** Number of rows that an answer reads: the row itself and, for a recurrent network, the ones before it. */
export function windowOf(network: Network): number {
  return network.kind === "mlp" ? 1 : network.window;
}

/** A fresh network as a strategy's `model` section says. */
export function createNetwork(strategy: Strategy, inputs: number, outputs: number, random: Random): Network {
  const { hiddenLayers, activation, dropout } = strategy.network;
  if (strategy.network.kind === "mlp")
    return createMlp([inputs, ...hiddenLayers, outputs], activation, dropout, random);
  return createRecurrent(strategy.network, inputs, outputs, random);
}

/** The arrays to compute in, for one run of one network. */
export function passOf(network: Network): Pass {
  return network.kind === "mlp" ? mlpPass(network) : recurrentPass(network);
}

/** Number of weights and biases. */
export function parameterCount(network: Network): number {
  return passOf(network).parameters.reduce((total, one) => total + one.length, 0);
}

/** The network as JSON text, exact to the last bit. */
export function formatNetwork(network: Network): string {
  return JSON.stringify({ engine: "sandbox", ...network }, (_key, value: unknown) =>
    value instanceof Float64Array ? Array.from(value) : value,
  );
}

/** A network out of `formatNetwork`'s text. */
export function parseNetwork(text: string): Network {
  return JSON.parse(text, (_key, value: unknown) =>
    Array.isArray(value) && typeof value[0] === "number" ? Float64Array.from(value as number[]) : value,
  ) as Network;
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
