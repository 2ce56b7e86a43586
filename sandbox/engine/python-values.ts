import { visit, type Document } from "yaml";
import { EngineError } from "./errors.ts";
import { treeOf, type Tree } from "./strategy-model.ts";

/** PyYAML knows an exponent only after a point and with its sign. It reads 1e-3 as a word. */
const EXPONENT = /^[-+]?(?:\d[\d_]*)?\.[\d_]*[eE][-+]\d+$/;

/** Turns the numbers that PyYAML does not take for numbers into words. */
export function readAsPyYaml(document: Document): void {
  visit(document, {
    Scalar: (_, node) => {
      const { value, source } = node;
      if (
        typeof value === "number" &&
        source !== undefined &&
        /^[-+.\d_]+[eE]/.test(source) &&
        !EXPONENT.test(source)
      ) {
        node.value = source;
      }
    },
  });
}

const kindOf = (value: unknown): string =>
  typeof value === "number" ? (Number.isInteger(value) ? "int" : "float") : typeof value === "string" ? "str" : "dict";

/** Refuses what KTRDR's model and trainer refuse after all else is done. The texts are Python's and torch's. */
export function requireTrainable(document: Tree): void {
  const [model, training] = [treeOf(document["model"]), treeOf(document["training"])];
  requireModel(model);
  const { batch_size = 32, learning_rate = 0.001, epochs = 100 } = training;
  if (kindOf(batch_size) !== "int") {
    refuse(`batch_size should be a positive integer value, but got batch_size=${String(batch_size)}`);
  }
  if (typeof learning_rate !== "number") {
    refuse(`'<=' not supported between instances of 'float' and '${kindOf(learning_rate)}'`);
  }
  if (typeof epochs !== "number") refuse(`unsupported operand type(s) for -: '${kindOf(epochs)}' and 'int'`);
  if (kindOf(epochs) !== "int") refuse("'float' object cannot be interpreted as an integer");
}

function requireModel(model: Tree): void {
  const { type = "mlp", architecture } = model;
  const kind = String(type).toLowerCase();
  if (!["mlp", "lstm", "gru"].includes(kind)) refuse(`Unknown model type: ${kind}`);
  if (architecture === undefined) refuse("'architecture'");
  const needed = kind === "mlp" ? "hidden_layers" : "sequence_length";
  if (treeOf(architecture)[needed] !== undefined) return;
  if (kind === "mlp") refuse("'hidden_layers'");
  refuse(`sequence_length must be specified in architecture config for ${kind.toUpperCase()} models`);
}

function refuse(message: string): never {
  throw new EngineError("TRAINING-Invalid", message);
}
