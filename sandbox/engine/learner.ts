import type { FeatureMatrix } from "./features.ts";
import type { Loss } from "./loss.ts";
import { argmax, passOf, type Network, type Pass } from "./network.ts";
import type { Random } from "./random.ts";

/** Samples: features of every row and the target of every row that has one. */
export interface Samples {
  readonly features: FeatureMatrix;
  readonly targets: Float64Array;
  /** Number of outputs; 1 is a regression. */
  readonly classes: number;
}

/** Sums over samples; `loss / weight` is the mean loss, `hits / count` the accuracy. */
export interface Score {
  loss: number;
  weight: number;
  hits: number;
  count: number;
}

/** Adam's memory (Kingma and Ba 2015), one number per parameter in the order of `Pass.parameters`. */
export interface AdamState {
  step: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** Step width, and how strongly weights are pulled towards 0 (L2, added to the gradient as torch's Adam does). */
export interface Optimiser {
  readonly rate: number;
  readonly decay: number;
}

/** KTRDR shortens a batch's gradient to this length (2-norm over all parameters). */
const LONGEST_GRADIENT = 1;

/** An empty Adam memory for `count` parameters. */
export function freshAdam(count: number): AdamState {
  return { step: 0, first: new Float64Array(count), second: new Float64Array(count) };
}

/** Adam's memory as text, and back. */
export function formatAdam(adam: AdamState): string {
  return JSON.stringify({ step: adam.step, first: Array.from(adam.first), second: Array.from(adam.second) });
}

export function parseAdam(text: string): AdamState {
  const stored = JSON.parse(text) as { step: number; first: number[]; second: number[] };
  return { step: stored.step, first: Float64Array.from(stored.first), second: Float64Array.from(stored.second) };
}

/** A right answer: the likeliest class, or a forecast on the right side of 0 (0 itself counts as below). */
function isHit(outputs: Float64Array, target: number, classes: number): boolean {
  return classes > 1 ? argmax(outputs) === target : (outputs[0] ?? 0) > 0 === target > 0;
}

/** Scores the network on rows without dropout; `each` sees every answer. */
export function score(
  network: Network,
  samples: Samples,
  rows: Uint32Array,
  loss: Loss,
  each?: (outputs: Float64Array, target: number) => void,
): Score {
  const pass = passOf(network);
  const slopes = new Float64Array(samples.classes);
  const total: Score = { loss: 0, weight: 0, hits: 0, count: 0 };
  for (const row of rows) {
    const outputs = pass.answer(samples.features, row);
    addScore(total, outputs, samples.targets[row] ?? 0, samples.classes, loss, slopes);
    each?.(outputs, samples.targets[row] ?? 0);
  }
  return total;
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

/** Teaches a network batch by batch with Adam (betas 0.9 and 0.999) and dropout. */
export class Learner {
  private readonly pass: Pass;
  private readonly loss: Loss;
  private readonly optimiser: Optimiser;
  private readonly random: Random;
  readonly adam: AdamState;

  constructor(network: Network, loss: Loss, optimiser: Optimiser, random: Random, adam: AdamState) {
    this.pass = passOf(network);
    this.loss = loss;
    this.optimiser = optimiser;
    this.random = random;
    this.adam = adam;
  }

  /** One step on the given rows. Adds to `total` what the network answered before the step, dropout included. */
  teach(samples: Samples, rows: Uint32Array, total: Score): void {
    for (const gradient of this.pass.gradients) gradient.fill(0);
    const batch: Score = { loss: 0, weight: 0, hits: 0, count: 0 };
    const slopes = new Float64Array(samples.classes);
    for (const row of rows) {
      const outputs = this.pass.answer(samples.features, row, this.random);
      addScore(batch, outputs, samples.targets[row] ?? 0, samples.classes, this.loss, slopes);
      this.pass.learn(slopes);
    }
    this.step(batch.weight);
    // KTRDR averages the batches' mean losses by their number of rows, whatever weights the rows have.
    total.loss += (batch.loss / batch.weight) * batch.count;
    total.weight += batch.count;
    total.hits += batch.hits;
    total.count += batch.count;
  }

  private step(weight: number): void {
    const { adam, pass } = this;
    const { rate, decay } = this.optimiser;
    let squares = 0;
    for (const gradient of pass.gradients) for (const slope of gradient) squares += (slope / weight) ** 2;
    const scale = Math.min(1, LONGEST_GRADIENT / (Math.sqrt(squares) + 1e-6)) / weight;
    adam.step += 1;
    const early = 1 - 0.9 ** adam.step;
    const late = 1 - 0.999 ** adam.step;
    let place = 0;
    for (const [part, values] of pass.parameters.entries()) {
      const gradient = pass.gradients[part] ?? new Float64Array(0);
      for (let i = 0; i < values.length; i++, place++) {
        const slope = (gradient[i] ?? 0) * scale + decay * (values[i] ?? 0);
        const first = 0.9 * (adam.first[place] ?? 0) + 0.1 * slope;
        const second = 0.999 * (adam.second[place] ?? 0) + 0.001 * slope * slope;
        adam.first[place] = first;
        adam.second[place] = second;
        values[i] = (values[i] ?? 0) - (rate * (first / early)) / (Math.sqrt(second / late) + 1e-8);
      }
    }
  }
}
