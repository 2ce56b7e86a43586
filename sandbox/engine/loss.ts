import { softmax } from "./network.ts";

/**
 * A loss per sample: returns the value and writes the slope by each output into `slopes`. `weight` is what the sample
 * counts in a mean (class weights make a weighted mean, as in torch).
 */
export interface Loss {
  readonly of: (outputs: Float64Array, target: number, slopes: Float64Array) => number;
  readonly weight: (target: number) => number;
}

/** Weighted cross entropy over logits. */
export function crossEntropy(weights: Float64Array): Loss {
  return {
    weight: (target) => weights[target] ?? 1,
    of(outputs, target, slopes) {
      softmax(outputs, slopes);
      const probability = Math.max(slopes[target] ?? 0, 1e-12);
      const weight = weights[target] ?? 1;
      for (let i = 0; i < slopes.length; i++) slopes[i] = weight * ((slopes[i] ?? 0) - (i === target ? 1 : 0));
      return -weight * Math.log(probability);
    },
  };
}

/** Focal loss (Lin et al. 2017) over logits: (1 - p)^gamma x cross entropy; the batch mean is unweighted. */
export function focal(weights: Float64Array, gamma: number): Loss {
  return {
    weight: () => 1,
    of(outputs, target, slopes) {
      softmax(outputs, slopes);
      const p = Math.min(Math.max(slopes[target] ?? 0, 1e-12), 1 - 1e-12);
      const weight = weights[target] ?? 1;
      const steepness = weight * (gamma * (1 - p) ** (gamma - 1) * Math.log(p) - (1 - p) ** gamma / p);
      for (let i = 0; i < slopes.length; i++) {
        slopes[i] = steepness * p * ((i === target ? 1 : 0) - (slopes[i] ?? 0));
      }
      return -weight * (1 - p) ** gamma * Math.log(p);
    },
  };
}

/** Mean squared error of a single forecast. */
export const squaredError: Loss = {
  weight: () => 1,
  of(outputs, target, slopes) {
    const error = (outputs[0] ?? 0) - target;
    slopes[0] = 2 * error;
    return error * error;
  },
};

/** Huber loss of a single forecast: squared up to `delta`, linear beyond. */
export function huber(delta: number): Loss {
  return {
    weight: () => 1,
    of(outputs, target, slopes) {
      const error = (outputs[0] ?? 0) - target;
      const size = Math.abs(error);
      slopes[0] = size <= delta ? error : delta * Math.sign(error);
      return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
    },
  };
}
