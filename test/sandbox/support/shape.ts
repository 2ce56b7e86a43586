/**
 * Shape of a recorded answer: `"string"`, `"number"`, `"boolean"`, `"null"`, several joined with `|`, `"any"`,
 * `[shape of the items]` (`[]`: nothing is known about items), `{key: shape}`, or `{"$is": value}` for an exact value.
 */
export type Shape = string | readonly Shape[] | { readonly [key: string]: unknown };

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function compareObject(shape: Record<string, unknown>, value: unknown, path: string, allowed: Allowed): string[] {
  if ("$is" in shape) {
    return value === shape["$is"]
      ? []
      : [`${path}: ${JSON.stringify(value)}, recorded ${JSON.stringify(shape["$is"])}`];
  }
  if (typeName(value) !== "object") return [`${path}: ${typeName(value)}, recorded object`];
  const object = value as Record<string, unknown>;
  const missing = Object.keys(shape).filter((key) => !(key in object) && !allowed(`${path}.${key}`));
  const extra = Object.keys(object).filter((key) => !(key in shape) && !allowed(`${path}.${key}`));
  const both = Object.keys(shape).filter((key) => key in object);
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...extra.map((key) => `${path}.${key}: not recorded`),
    ...both.flatMap((key) => compareShape(shape[key] as Shape, object[key], `${path}.${key}`, allowed)),
  ];
}

/** Whether a difference at a path like `$.data[].started_at` is known and accepted. */
export type Allowed = (path: string) => boolean;

/** Every difference between a recorded shape and an answer, as readable lines. */
export function compareShape(shape: Shape, value: unknown, path: string, allowed: Allowed): string[] {
  if (allowed(path) || shape === "any") return [];
  if (typeof shape === "string") {
    return shape.split("|").includes(typeName(value)) ? [] : [`${path}: ${typeName(value)}, recorded ${shape}`];
  }
  if (!Array.isArray(shape)) return compareObject(shape as Record<string, unknown>, value, path, allowed);
  if (!Array.isArray(value)) return [`${path}: ${typeName(value)}, recorded array`];
  const [items] = shape as Shape[];
  if (items === undefined) return [];
  return value.flatMap((one) => compareShape(items, one, `${path}[]`, allowed));
}
