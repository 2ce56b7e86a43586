import type { Context } from "hono";
import type { FieldError } from "./errors.ts";
import { validationError } from "./errors.ts";

/** Like pydantic: collects every finding, then throws them together as E1. */
export class Validator {
  readonly #source: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #errors: FieldError[] = [];

  /** @param where first part of the location: `body` or `query`. */
  constructor(source: Readonly<Record<string, unknown>>, where: "body" | "query") {
    this.#source = source;
    this.#where = where;
  }

  fail(field: string | undefined, message: string, type = "value_error"): void {
    const text = type === "value_error" ? `Value error, ${message}` : message;
    this.#errors.push({ field: field === undefined ? this.#where : `${this.#where} -> ${field}`, message: text, type });
  }

  /** Throws E1 when anything was found. */
  check(): void {
    if (this.#errors.length > 0) throw validationError(this.#errors);
  }

  #value(field: string, required: boolean): unknown {
    const value = this.#source[field];
    if (value === undefined && required) this.fail(field, "Field required", "missing");
    return value;
  }

  text(field: string): string {
    const value = this.#value(field, true);
    if (value !== undefined && typeof value !== "string") {
      this.fail(field, "Input should be a valid string", "string_type");
    }
    return typeof value === "string" ? value : "";
  }

  optionalText(field: string): string | undefined {
    const value = this.#value(field, false) ?? undefined;
    if (value !== undefined && typeof value !== "string") {
      this.fail(field, "Input should be a valid string", "string_type");
      return undefined;
    }
    return value;
  }

  optionalTexts(field: string): string[] | undefined {
    const value = this.#value(field, false) ?? undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) {
      this.fail(field, "Input should be a valid list", "list_type");
      return undefined;
    }
    return value;
  }

  number(field: string, fallback: number): number {
    const value = this.#value(field, false);
    if (value === undefined) return fallback;
    const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof parsed === "number" && Number.isFinite(parsed)) return parsed;
    const isText = typeof value === "string";
    const message = "Input should be a valid number";
    this.fail(
      field,
      isText ? `${message}, unable to parse string as a number` : message,
      isText ? "float_parsing" : "float_type",
    );
    return fallback;
  }

  /** Whole number within bounds, from a query text. */
  whole(field: string, fallback: number, min: number, max = Infinity): number {
    const value = this.#value(field, false);
    if (value === undefined) return fallback;
    const parsed = Number(value);
    if (!Number.isInteger(parsed)) {
      this.fail(field, "Input should be a valid integer, unable to parse string as an integer", "int_parsing");
    } else if (parsed < min) {
      this.fail(field, `Input should be greater than or equal to ${min}`, "greater_than_equal");
    } else if (parsed > max) {
      this.fail(field, `Input should be less than or equal to ${max}`, "less_than_equal");
    }
    return parsed;
  }

  /** One of a list; the message names all of them the way pydantic does. */
  oneOf<Value extends string>(
    field: string,
    values: readonly Value[],
    fallback: Value | undefined,
    type = "enum",
  ): Value | undefined {
    const value = this.#value(field, false);
    if (value === undefined || value === null) return fallback;
    const found = values.find((one) => one === value);
    if (found === undefined) {
      const quoted = values.map((one) => `'${one}'`);
      const list = `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1) ?? ""}`;
      this.fail(field, `Input should be ${list}`, type);
    }
    return found;
  }
}

/** Timeframes that requests may name (docs/ktrdr.md §1.4). */
const TIMEFRAMES = ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d", "1w", "1M"];

export function checkTimeframe(input: Validator, timeframe: string): void {
  if (timeframe === "" || TIMEFRAMES.includes(timeframe)) return;
  const list = TIMEFRAMES.map((one) => `'${one}'`).join(", ");
  input.fail("timeframe", `Timeframe must be one of [${list}]`);
}

/** The body as an object; broken JSON or another type is E1. An empty body counts as `{}` when `optional`. */
export async function readBody(context: Context, optional = false): Promise<Record<string, unknown>> {
  const text = await context.req.text();
  if (optional && text.trim() === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw validationError([{ field: "body -> 1", message: "JSON decode error", type: "json_invalid" }]);
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    const message = "Input should be a valid dictionary or object to extract fields from";
    throw validationError([{ field: "body", message, type: "model_attributes_type" }]);
  }
  return body as Record<string, unknown>;
}

/** Milliseconds of an ISO date or date-time (UTC when it has no zone), or undefined. */
export function parseIsoDate(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(text);
  if (match === null) return undefined;
  const zoned = match[4] !== undefined || text.length === 10;
  const time = Date.parse(zoned ? text : `${text.replace(" ", "T")}Z`);
  // `2020-02-31` would roll over into March.
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  const real = day.getUTCMonth() === Number(match[2]) - 1 && day.getUTCDate() === Number(match[3]);
  return Number.isNaN(time) || !real ? undefined : time;
}

/** `2015-01-02T00:00:00`, the form without zone of metadata and results. */
export function naiveStamp(time: number, separator: "T" | " " = "T"): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", separator);
}
