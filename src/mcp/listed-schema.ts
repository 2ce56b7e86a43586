import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import { z } from "zod";

type Direction = "input" | "output";
type Shape = Readonly<Record<string, unknown>> & { readonly type: "object" };

/** Every request over HTTP makes a server of its own: what is the same for all of them is made once. */
const shapes = { input: new WeakMap<z.ZodObject, Shape>(), output: new WeakMap<z.ZodObject, Shape>() };

/**
 * A schema for the SDK, without the SDK's validation: its messages are not in our error form, so the tool itself parses
 * (define-tool.ts).
 */
export function listedSchema(schema: z.ZodObject): StandardSchemaWithJSON {
  return {
    "~standard": {
      version: 1,
      vendor: "ktrdr-mcp",
      validate: (value) => ({ value }),
      jsonSchema: { input: () => listedShape(schema, "input"), output: () => listedShape(schema, "output") },
    },
  };
}

/** The JSON Schema of a tool's arguments or answer, as clients see it. */
export function listedShape(schema: z.ZodObject, io: Direction): Shape {
  const known = shapes[io].get(schema);
  if (known !== undefined) return known;
  const { $schema: _dialect, ...shape } = z.toJSONSchema(schema, { io, target: "draft-2020-12" });
  const made: Shape = { ...(JSON.parse(JSON.stringify(shape), portable) as object), type: "object" };
  shapes[io].set(schema, made);
  return made;
}

/**
 * The forms that every client understands: no empty schema for "anything else is allowed", which is the default anyway,
 * and no list of types in one schema.
 */
function portable(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
      if (name === "additionalProperties" && isEmpty(part)) return [];
      if (name === "type" && Array.isArray(part)) return [["anyOf", part.map((type: unknown) => ({ type }))]];
      return [[name, part]];
    }),
  );
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
