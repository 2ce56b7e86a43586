import type { Dimension } from "../../../src/domain/campaign/dimension.ts";

/** Every kind of range and operation, over the example of the guide. */
export const EVERYTHING: readonly Dimension[] = [
  { op: "set_parameter", target: "dip.period", int: [3, 14] },
  { op: "replace_indicator", target: "trend", choice: [60, 120].map((period) => ({ type: "distancefromma", period })) },
  { op: "set_membership", target: "trend_side.around", choice: [[-3, 0, 3], { type: "gaussian", parameters: [0, 2] }] },
  { op: "shift_membership", target: "dip_depth", float: [-5, 5] },
  { op: "widen_membership", target: "dip_depth.usual", log: [0.5, 2] },
  { op: "set_architecture", target: "hidden_layers", choice: [[16, 8], [32], [8, 4]] },
  { op: "set_training", target: "learning_rate", log: [0.0001, 0.01] },
  { op: "set_labels", target: "zigzag_threshold", choice: [0.02, 0.03, 0.05] },
  { op: "set", target: "decisions.confidence_threshold", float: [0.35, 0.6] },
];

export const INTS: readonly Dimension[] = [
  { op: "set_parameter", target: "dip.period", int: [2, 30] },
  { op: "set_parameter", target: "force.period", int: [-3, 9] },
  { op: "set_architecture", target: "hidden_layers", choice: [[16, 8], [32], [8, 4]] },
];

export const FLOATS: readonly Dimension[] = [
  { op: "set_architecture", target: "dropout", float: [0, 0.5] },
  { op: "set_training", target: "learning_rate", log: [0.0001, 0.01] },
];
