/** What clients see of a tool before they call it. */
import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import { z } from "zod";
import { APP_ONLY, OPENS_APP } from "./app/meta.ts";
import type { Tool } from "./define-tool.ts";
import tools from "./tools.json" with { type: "json" };

type Shape = Readonly<Record<string, unknown>> & { readonly type: "object" };

export type Listing = Pick<Tool, "name" | "title" | "description"> & {
  readonly annotations: Partial<Tool["annotations"]>;
  readonly inputSchema: Shape;
  readonly outputSchema: Shape;
  /** What a host of MCP Apps reads. */
  readonly _meta?: Meta;
};
type Meta = typeof OPENS_APP | typeof APP_ONLY;

/**
 * The product's tools, written down so that a client has its list before their code is read. test/mcp/surface.test.ts
 * holds it against the tools themselves, and writes it (`vitest -u`).
 */
export const LISTED = tools as readonly Listing[];

export const listingOf = ({ name, title, description, input, output, annotations, page, forPage }: Tool): Listing => ({
  name,
  title,
  description,
  inputSchema: shapeOf(input, "input"),
  outputSchema: outline(shapeOf(output, "output")),
  annotations: hintsOf(annotations),
  ...(forPage === undefined ? {} : { _meta: APP_ONLY }),
  ...(page === undefined ? {} : { _meta: OPENS_APP }),
});

/** What clients see that show no MCP Apps: what is for such an app only would be noise to them. */
export const withoutApp = (listed: readonly Listing[]): readonly Listing[] =>
  listed.flatMap(({ _meta, ...plain }) => (_meta !== undefined && "visibility" in _meta.ui ? [] : [plain]));

/** The specification gives the other hints no meaning for a tool that only reads, and takes `readOnlyHint` for false. */
function hintsOf({ readOnlyHint, ...others }: Tool["annotations"]): Listing["annotations"] {
  return readOnlyHint ? { readOnlyHint, openWorldHint: others.openWorldHint } : others;
}

/**
 * A schema for the SDK that accepts everything: the SDK's messages do not have the form of our errors, so the tool
 * itself parses the arguments (define-tool.ts).
 */
export function listedSchema(shape: Shape): StandardSchemaWithJSON {
  return {
    "~standard": {
      version: 1,
      vendor: "ktrdr-mcp",
      validate: (value) => ({ value }),
      jsonSchema: { input: () => shape, output: () => shape },
    },
  };
}

/** The JSON Schema of a tool's arguments or answer. */
function shapeOf(schema: z.ZodObject, io: "input" | "output"): Shape {
  const { $schema: _dialect, ...shape } = z.toJSONSchema(schema, { io, target: "draft-2020-12" });
  return { ...(JSON.parse(JSON.stringify(shape), portable) as object), type: "object" };
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
