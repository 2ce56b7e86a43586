import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INSTRUCTIONS } from "../../src/mcp/instructions.ts";
import { listingOf } from "../../src/mcp/listing.ts";
import { ALL_TOOLS, TOOLS } from "../../src/mcp/tools/index.ts";
import { CLIENT_LINES, connectServer, deadEnvironment, SHOWS_APPS, type TestClient } from "../support/mcp.ts";

const kebab = (name: string) => name.replaceAll("_", "-");
const filesIn = (folder: string, suffix: string) =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));

describe("the tool surface", () => {
  const clients = new Map<string, TestClient>();
  beforeAll(async () => {
    for (const line of CLIENT_LINES) clients.set(line, await connectServer(line, await deadEnvironment()));
    clients.set("host", await connectServer("modern", await deadEnvironment(), { capabilities: SHOWS_APPS }));
  });
  afterAll(async () => {
    for (const client of clients.values()) await client.close();
  });

  const listed = async (line: string) => (await clients.get(line)?.listTools()) ?? [];

  test("is what stands in src/mcp/tools.json (a change of it is a change for every user)", async () => {
    const written = `${JSON.stringify(ALL_TOOLS.map(listingOf), null, 2)}\n`;
    await expect(written).toMatchFileSnapshot("../../src/mcp/tools.json");
    expect(await listed("host")).toEqual(JSON.parse(written));
  });

  test("is without what only hosts of MCP Apps need, for everybody else", async () => {
    const plain = TOOLS.map(listingOf).map(({ _meta, ...tool }) => tool);
    expect(await listed("modern")).toEqual(JSON.parse(JSON.stringify(plain)));
  });

  test("is the same for both client lines", async () => {
    expect(await listed("legacy")).toEqual(await listed("modern"));
  });

  test("costs Claude less than 12,000 tokens, and a client less than 15,500", async () => {
    const tools = await listed("modern");
    const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(JSON.stringify(read).length / 4).toBeLessThan(12_000);
    for (const shown of [tools, await listed("host")])
      expect(JSON.stringify({ tools: shown }).length / 4).toBeLessThan(15_500);
  });

  test("is written so that every client understands it", async () => {
    const found = (await listed("host")).flatMap((tool) => [
      ...unportable(tool.inputSchema, `${tool.name}.input`),
      ...unportable(tool.outputSchema, `${tool.name}.output`),
    ]);
    expect(found).toEqual([]);
    const wrong = { type: "object", properties: { a: { type: ["string", "null"] }, b: true, c: {}, d: { $ref: "x" } } };
    expect(unportable(wrong, "x")).toHaveLength(4);
  });

  test("accepts no unknown arguments and describes every argument", async () => {
    for (const tool of await listed("host")) {
      expect(tool.inputSchema, tool.name).toMatchObject({ type: "object", additionalProperties: false });
      for (const [name, field] of Object.entries(tool.inputSchema.properties ?? {})) {
        expect(field, `${tool.name}.${name}`).toHaveProperty("description");
      }
    }
  });
});

/** The rules of the Inspector's `--strict` (2.12), written here because the Inspector would bring 120 packages. */
function unportable(schema: unknown, at: string): string[] {
  if (typeof schema === "boolean") return [`${at}: a bare ${schema}`];
  const node = schema as Readonly<Record<string, unknown>> & { properties?: object; $defs?: object };
  const { type, $ref: ref, properties = {}, $defs = {}, items, additionalProperties: others } = node;
  const found: string[] = [];
  if (Array.isArray(type)) found.push(`${at}: a list of types`);
  if (typeof ref === "string" && !ref.startsWith("#")) found.push(`${at}: a reference to elsewhere`);
  if (!Object.keys(node).some((key) => !["description", "title", "default"].includes(key))) {
    found.push(`${at}: anything at all`);
  }
  const parts: (readonly [string, unknown])[] = [...Object.entries(properties), ...Object.entries($defs)];
  for (const key of ["anyOf", "oneOf", "allOf", "prefixItems"]) {
    for (const one of (node[key] ?? []) as unknown[]) parts.push([key, one]);
  }
  if (items !== undefined) parts.push(["items", items]);
  if (others !== undefined && typeof others !== "boolean") parts.push(["additionalProperties", others]);
  return [...found, ...parts.flatMap(([name, part]) => unportable(part, `${at}.${name}`))];
}

test("one file for each tool and one test file for each tool", () => {
  const names = ALL_TOOLS.map((tool) => kebab(tool.name)).toSorted();
  expect(
    filesIn("../../src/mcp/tools/", ".ts")
      .filter((file) => file !== "index")
      .toSorted(),
  ).toEqual(names);
  expect(filesIn("./", ".test.ts")).toEqual(expect.arrayContaining(names));
});

test.each(ALL_TOOLS.map((tool) => [tool.name, tool] as const))("%s keeps the limits of clients", (name, tool) => {
  expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(name.length).toBeLessThanOrEqual(40);
  expect(
    tool.title
      .replaceAll(/\b(?:an?|the) /g, "")
      .replaceAll(" ", "_")
      .toLowerCase(),
    "the title in words",
  ).toBe(name);
  expect(tool.description.length).toBeLessThanOrEqual(2_000);
  expect(tool.description).toMatch(/\w{20,}|Example|no arguments/);
  expect(Object.values(tool.annotations)).toHaveLength(4);
});

test("the instructions are not cut by clients", () => {
  expect(INSTRUCTIONS.length).toBeLessThanOrEqual(2_000);
});

test("the instructions and descriptions name only tools that exist", () => {
  const known = new Set(TOOLS.flatMap(({ name, input }) => [name, ...Object.keys(input.shape)]));
  const texts = [INSTRUCTIONS, ...TOOLS.map((tool) => tool.description)].join("\n");
  const verbs = new Set(TOOLS.map(({ name }) => name.split("_")[0] ?? ""));
  const mentioned = texts.match(/\b[a-z]+_[a-z_]+\b/g)?.filter((word) => verbs.has(word.split("_")[0] ?? "")) ?? [];
  expect(mentioned.length).toBeGreaterThan(20);
  expect(mentioned.filter((name) => !known.has(name))).toEqual([]);
});
