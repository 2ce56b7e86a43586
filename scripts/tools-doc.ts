import { z } from "zod";
import type { Tool } from "../src/mcp/define-tool.ts";
import { code, GENERATED, table, valueOf, type ObjectSchema } from "./markdown.ts";

/** docs/tools.md, from the definitions the server itself serves. */
export function toolsDocument(tools: readonly Tool[]): string {
  const index = tools.map(({ name, title }) => [`[${code(name)}](#${name})`, title]);
  return `# Tools

${GENERATED}

What an MCP client sees, in the order of an experiment. Every tool refuses unknown arguments, and every error says what
is wrong, why, which values are valid and which call comes next.

${table(["Tool", "For"], index)}

${tools.map(section).join("\n")}`;
}

function section(tool: Tool): string {
  const { properties = {}, required = [] } = z.toJSONSchema(tool.input, { io: "input" }) as ObjectSchema;
  const rows = Object.entries(properties).map(([name, property]) => [
    code(name),
    valueOf(property),
    required.includes(name)
      ? "required"
      : property.default === undefined
        ? "optional"
        : code(JSON.stringify(property.default)),
    property.description ?? "",
  ]);
  const args = rows.length === 0 ? "No arguments." : table(["Argument", "Value", "Default", "Meaning"], rows);
  const answer = Object.keys((z.toJSONSchema(tool.output, { io: "output" }) as ObjectSchema).properties ?? {});
  return `## ${tool.name}

**${tool.title}.** ${nature(tool)}

${tool.description}

${args}

Answers with: ${answer.map(code).join(", ")}.
`;
}

function nature({ annotations }: Tool): string {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  return [
    readOnlyHint ? "Changes nothing" : destructiveHint ? "May replace or stop something" : "Adds something",
    idempotentHint ? "; repeating it is harmless" : "",
    openWorldHint ? "; reaches outside of this system" : "",
    ".",
  ].join("");
}
