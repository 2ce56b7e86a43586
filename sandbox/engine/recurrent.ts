import { backward, createLayer, dropoutFactor, weightedSum, type Layer } from "./layer.ts";
import type { Pass } from "./network.ts";
import type { Random } from "./random.ts";
import type { Strategy } from "./strategy-model.ts";

/** An LSTM or GRU over the last `window` rows; the last hidden state passes a linear head (logits or a forecast). */
export interface Recurrent {
  readonly kind: "lstm" | "gru";
  readonly window: number;
  readonly dropout: number;
  /** One for each stacked layer. Its gates in order: input, forget, cell, output or reset, update, new. */
  readonly cells: readonly { readonly input: Layer; readonly hidden: Layer }[];
  readonly head: Layer;
}

/** A network with all weights of the cells drawn from +/- 1/sqrt(hidden size), as torch does by default. */
export function createRecurrent(
  design: Strategy["network"],
  inputs: number,
  outputs: number,
  random: Random,
): Recurrent {
  const { kind, hiddenSize: size, layerCount, dropout, window } = design;
  const gates = (kind === "lstm" ? 4 : 3) * size;
  const draw = (from: number): Layer => {
    const hidden = createLayer(size, gates, random);
    const weights = Float64Array.from({ length: from * gates }, () => (2 * random() - 1) / Math.sqrt(size));
    return { inputs: from, outputs: gates, weights, biases: hidden.biases };
  };
  const cells = Array.from({ length: layerCount }, (_, depth) => ({
    input: draw(depth === 0 ? inputs : size),
    hidden: createLayer(size, gates, random),
  }));
  return { kind: kind === "gru" ? "gru" : "lstm", window, dropout, cells, head: createLayer(size, outputs, random) };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** What one cell computed at one step, kept for the backward pass. */
interface Step {
  readonly x: Float64Array;
  readonly before: Float64Array;
  readonly cellBefore: Float64Array;
  /** Gates after their activation. */
  readonly gates: Float64Array;
  /** The part from the hidden state, before the activation. */
  readonly fromHidden: Float64Array;
  readonly cell: Float64Array;
  readonly state: Float64Array;
}

function stepOf(kind: Recurrent["kind"], cell: Recurrent["cells"][number], x: Float64Array, last?: Step): Step {
  const size = cell.hidden.inputs;
  const before = last?.state ?? new Float64Array(size);
  const cellBefore = last?.cell ?? new Float64Array(size);
  const fromHidden = new Float64Array(cell.hidden.outputs);
  const gates = new Float64Array(cell.hidden.outputs);
  for (let o = 0; o < gates.length; o++) {
    const hidden = (fromHidden[o] = weightedSum(cell.hidden, before, o));
    const own = weightedSum(cell.input, x, o);
    if (kind === "lstm") gates[o] = o >= 2 * size && o < 3 * size ? Math.tanh(own + hidden) : sigmoid(own + hidden);
    else gates[o] = o < 2 * size ? sigmoid(own + hidden) : Math.tanh(own + (gates[o - 2 * size] ?? 0) * hidden);
  }
  const gate = (nr: number, i: number): number => gates[nr * size + i] ?? 0;
  const next = cellBefore.map((value, i) => (kind === "lstm" ? gate(1, i) * value + gate(0, i) * gate(2, i) : 0));
  const state = before.map((value, i) =>
    kind === "lstm" ? gate(3, i) * Math.tanh(next[i] ?? 0) : (1 - gate(1, i)) * gate(2, i) + gate(1, i) * value,
  );
  return { x, before, cellBefore, gates, fromHidden, cell: next, state };
}

/**
 * Slopes by the gates before their activation: `own` for the part from the input, `hidden` for that from the state
 * before. Writes the slopes by the state and the cell before into `carry`, without the part through the gates' weights.
 */
function gateSlopes(kind: Recurrent["kind"], step: Step, carry: { state: Float64Array; cell: Float64Array }) {
  const size = step.state.length;
  const own = new Float64Array(step.gates.length);
  const hidden = new Float64Array(step.gates.length);
  const gate = (nr: number, i: number): number => step.gates[nr * size + i] ?? 0;
  const set = (nr: number, i: number, slope: number, share = 1): void => {
    own[nr * size + i] = slope;
    hidden[nr * size + i] = slope * share;
  };
  for (let i = 0; i < size; i++) {
    const slope = carry.state[i] ?? 0;
    if (kind === "lstm") {
      const [input, forget, fresh, output] = [gate(0, i), gate(1, i), gate(2, i), gate(3, i)];
      const squashed = Math.tanh(step.cell[i] ?? 0);
      const inCell = (carry.cell[i] ?? 0) + slope * output * (1 - squashed * squashed);
      set(0, i, inCell * fresh * input * (1 - input));
      set(1, i, inCell * (step.cellBefore[i] ?? 0) * forget * (1 - forget));
      set(2, i, inCell * input * (1 - fresh * fresh));
      set(3, i, slope * squashed * output * (1 - output));
      carry.cell[i] = inCell * forget;
      carry.state[i] = 0;
    } else {
      const [reset, update, fresh] = [gate(0, i), gate(1, i), gate(2, i)];
      const inFresh = slope * (1 - update) * (1 - fresh * fresh);
      set(0, i, inFresh * (step.fromHidden[2 * size + i] ?? 0) * reset * (1 - reset));
      set(1, i, slope * ((step.before[i] ?? 0) - fresh) * update * (1 - update));
      set(2, i, inFresh, reset);
      carry.state[i] = slope * update;
    }
  }
  return { own, hidden };
}

const slopesLike = (layer: Layer): { weights: Float64Array; biases: Float64Array } => ({
  weights: new Float64Array(layer.weights.length),
  biases: new Float64Array(layer.biases.length),
});

/** The arrays for one run of the network. Dropout is between the cells and before the head. Learns through time. */
export function recurrentPass(network: Recurrent): Pass {
  const { kind, window, dropout, cells, head } = network;
  const all = [...cells.flatMap((cell) => [cell.input, cell.hidden]), head];
  const gradients = all.map(slopesLike);
  const outputs = new Float64Array(head.outputs);
  let steps: Step[][] = [];
  let masks: Float64Array[][] = [];
  let seen = new Float64Array(0);
  let headMask = new Float64Array(0);
  return {
    parameters: all.flatMap((layer) => [layer.weights, layer.biases]),
    gradients: gradients.flatMap((one) => [one.weights, one.biases]),
    answer(features, row, random) {
      let inputs = Array.from({ length: window }, (_, i) => {
        const start = (row - window + 1 + i) * features.width;
        return features.values.slice(start, start + features.width);
      });
      steps = [];
      masks = [];
      for (const [depth, cell] of cells.entries()) {
        const done: Step[] = [];
        for (const x of inputs) done.push(stepOf(kind, cell, x, done.at(-1)));
        steps.push(done);
        const share = depth < cells.length - 1 ? dropout : 0;
        masks.push(done.map((step) => step.state.map(() => dropoutFactor(share, random))));
        inputs = done.map((step, t) => step.state.map((value, i) => value * (masks[depth]?.[t]?.[i] ?? 1)));
      }
      headMask = new Float64Array(head.inputs).map(() => dropoutFactor(dropout, random));
      seen = (inputs.at(-1) ?? new Float64Array(head.inputs)).map((value, i) => value * (headMask[i] ?? 1));
      for (let o = 0; o < outputs.length; o++) outputs[o] = weightedSum(head, seen, o);
      return outputs;
    },
    learn(slopes) {
      const fromHead = new Float64Array(head.inputs);
      backward(head, seen, slopes, gradients.at(-1) ?? slopesLike(head), fromHead);
      let above = Array.from({ length: window }, () => new Float64Array(head.inputs));
      above[window - 1] = fromHead.map((slope, i) => slope * (headMask[i] ?? 1));
      for (let depth = cells.length - 1; depth >= 0; depth--) {
        const [cell, own, past] = [cells[depth], gradients[2 * depth], gradients[2 * depth + 1]];
        if (!cell || !own || !past) continue;
        const carry = { state: new Float64Array(cell.hidden.inputs), cell: new Float64Array(cell.hidden.inputs) };
        const below = Array.from({ length: window }, () => new Float64Array(cell.input.inputs));
        for (let t = window - 1; t >= 0; t--) {
          const step = steps[depth]?.[t];
          if (!step) continue;
          carry.state.forEach((value, i) => {
            carry.state[i] = value + (above[t]?.[i] ?? 0) * (masks[depth]?.[t]?.[i] ?? 1);
          });
          const gate = gateSlopes(kind, step, carry);
          backward(cell.hidden, step.before, gate.hidden, past, carry.state);
          backward(cell.input, step.x, gate.own, own, below[t]);
        }
        above = below;
      }
    },
  };
}
