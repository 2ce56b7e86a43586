import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import { z } from "zod";

type Direction = "input" | "output";
type Shape = Readonly<Record<string, unknown>> & { readonly type: "object" };

/** Made once for all servers: each request over HTTP makes a server of its own. */
const shapes = { input: new WeakMap<z.ZodObject, Shape>(), output: new WeakMap<z.ZodObject, Shape>() };

/**
 * A schema for the SDK that accepts everything: the SDK's messages do not have the form of our errors, so the tool
 * itself parses the arguments (define-tool.ts).
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
  const plain: Shape = { ...(JSON.parse(JSON.stringify(shape), portable) as object), type: "object" };
  const made = io === "output" ? outline(plain) : plain;
  shapes[io].set(schema, made);
  return made;
}

/**
 * Only names and types of an answer's facts are listed: every client pays for the list in each session, and an answer
 * explains itself. The tool checks each answer against the full schema.
 */
function outline({ properties = {} }: Shape & { readonly properties?: Readonly<Record<string, Part>> }): Shape {
  const outlined = Object.entries(properties).map(([name, part]) => [name, typesOf(part)]);
  return { type: "object", properties: Object.fromEntries(outlined) };
}

interface Part {
  readonly type?: string;
  readonly anyOf?: readonly Part[];
}

function typesOf({ type, anyOf = [] }: Part): Part {
  if (type !== undefined) return { type };
  const types = [...new Set(anyOf.map((one) => typesOf(one).type))];
  return { anyOf: types.map((one) => (one === undefined ? {} : { type: one })) };
}

/**
 * Leaves only forms that every client understands: no empty schema for "anything else is allowed", which is the
 * default, and no list of types in one schema. Patterns and lengths are left out: names come from other tools' answers
 * and fit, and an error explains what does not.
 */
const UNLISTED = new Set(["pattern", "minLength", "maxLength", "minItems", "maxItems"]);

function portable(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
      if (name === "additionalProperties" && isEmpty(part)) return [];
      if (UNLISTED.has(name) && typeof part !== "object") return [];
      if (name === "type" && Array.isArray(part)) return [["anyOf", part.map((type: unknown) => ({ type }))]];
      return [[name, part]];
    }),
  );
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
