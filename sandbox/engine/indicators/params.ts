import { EngineError } from "../errors.ts";
import type { IndicatorSpec, Params, ParamSpec } from "./spec.ts";

interface Finding {
  readonly type: string;
  readonly loc: readonly string[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

/**
 * Parameters for a computation. Unknown names are ignored and missing ones take their default, as in the real backend;
 * a wrong type or a value out of range is `INDICATOR-InvalidParameters` (recording 02).
 */
export function resolveParams(spec: IndicatorSpec, given: Readonly<Record<string, unknown>>): Params {
  const values = new Map<string, number | boolean | string>();
  const findings: Finding[] = [];
  for (const [name, param] of Object.entries(spec.params)) {
    const input = Object.hasOwn(given, name) ? given[name] : undefined;
    const finding = input === undefined ? undefined : check(name, param, input);
    if (finding !== undefined) findings.push(finding);
    else if (typeof input === "number" || typeof input === "boolean" || typeof input === "string") {
      values.set(name, input);
    } else values.set(name, param.default);
  }
  if (findings.length > 0) {
    throw new EngineError("INDICATOR-InvalidParameters", `Invalid parameters for ${spec.className}`, {
      validation_errors: findings,
    });
  }
  return {
    number: (name) => Number(values.get(name)),
    flag: (name) => values.get(name) === true,
    text: (name) => String(values.get(name)),
  };
}

function check(name: string, param: ParamSpec, input: unknown): Finding | undefined {
  const finding = (type: string, msg: string, ctx?: Record<string, unknown>): Finding => ({
    type,
    loc: [name],
    msg,
    input,
    ...(ctx === undefined ? {} : { ctx }),
  });
  switch (param.kind) {
    case "bool":
      return typeof input === "boolean" ? undefined : finding("bool_type", "Input should be a valid boolean");
    case "choice": {
      const options = param.options ?? [];
      if (typeof input === "string" && options.includes(input)) return undefined;
      return finding("literal_error", `Input should be one of ${options.join(", ")}`, { expected: options.join(", ") });
    }
    case "int":
      if (typeof input !== "number" || !Number.isInteger(input)) {
        return finding("int_type", "Input should be a valid integer");
      }
      break;
    case "float":
      if (typeof input !== "number" || !Number.isFinite(input)) {
        return finding("float_type", "Input should be a valid number");
      }
      break;
  }
  if (param.min !== undefined && input < param.min) {
    return finding("greater_than_equal", `Input should be greater than or equal to ${param.min}`, { ge: param.min });
  }
  if (param.max !== undefined && input > param.max) {
    return finding("less_than_equal", `Input should be less than or equal to ${param.max}`, { le: param.max });
  }
  if (param.above !== undefined && input <= param.above) {
    return finding("greater_than", `Input should be greater than ${param.above}`, { gt: param.above });
  }
  if (param.below !== undefined && input >= param.below) {
    return finding("less_than", `Input should be less than ${param.below}`, { lt: param.below });
  }
  return undefined;
}
