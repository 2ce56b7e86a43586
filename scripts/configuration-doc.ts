import { z } from "zod";
import { code, GENERATED, table, valueOf, type ObjectSchema } from "./markdown.ts";

/** docs/configuration.md, from the one schema of all settings. */
export function configurationDocument(schema: z.ZodObject): string {
  const { properties = {} } = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }) as ObjectSchema;
  const rows = Object.entries(properties).map(([name, property]) => [
    code(name),
    valueOf(property),
    defaultOf(schema, name, property.default),
    property.description ?? "",
  ]);
  return `# Configuration

${GENERATED}

All settings come from environment variables; an empty one counts as absent. What is not set, \`mcp\`, \`worker\` and
\`doctor\` take from a lab that runs in \`LAB_DIR\` (so nothing needs to be set beside one), and else from the defaults
below. A wrong value stops the process at once, and every wrong variable is named.

${table(["Variable", "Value", "Default", "Meaning"], rows)}
`;
}

function defaultOf(schema: z.ZodObject, name: string, value: unknown): string {
  const shown = value === undefined ? "none" : code(typeof value === "string" ? value : JSON.stringify(value));
  return schema.shape[name]?.meta()?.["secret"] === true ? `${shown} (never logged)` : shown;
}
