/** docs/connecting.md: what the commands print connects a client, the bundle starts, and nothing shows a secret. */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { getMcpConfigForManifest, unpackExtension, type McpbManifestAny } from "@anthropic-ai/mcpb";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigSchema } from "../../src/config.ts";
import { addToken } from "../../src/http/token-file.ts";
import { ROOT } from "../../src/root.ts";
import { SERVER_VERSION } from "../../src/mcp/server.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { startHttpProcess } from "../support/http-server.ts";
import { deadEnvironment } from "../support/mcp.ts";
import { commandsOf } from "../support/operator.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { startTestTemporal, type TestTemporal } from "../support/temporal.ts";

const SECRET = "hunter2-in-the-address";
const ALL_TOOLS = TOOLS.map(({ name }) => name);

const page = await commandsOf("docs/connecting.md");
const done = new Set<string>();

let folder: string;
/** The environment of the operator: it has a setting with a blank in it, and a secret. */
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-connecting-"));
  // These scripts stand for the clients. They take the same arguments, and start the server or write its entry down.
  await writeFile(
    path.join(folder, "claude"),
    `#!/bin/sh
     [ "$1" = mcp ] || exit 64
     if [ "$2" = add-json ]; then [ "$3 $4 $5" = "--scope project ktrdr" ] && printf '{"mcpServers":{"ktrdr":%s}}' "$6" >"$OUT"; exit; fi
     [ "$2 $3" = "add ktrdr" ] || exit 65
     shift 3
     while [ "$1" = --env ]; do export "$2"; shift 2; done
     [ "$1" = -- ] && shift && exec "$@"\n`,
  );
  await writeFile(
    path.join(folder, "npx"),
    `#!/bin/sh
     [ "$1" = @modelcontextprotocol/inspector@2 ] || exit 64
     shift
     while [ "$1" = -e ]; do export "$2"; shift 2; done
     if [ "$1" = --transport ]; then printf '%s\\n' "$@" >"$OUT"; exit; fi
     exec "$@"\n`,
  );
  for (const name of ["claude", "npx"]) await chmod(path.join(folder, name), 0o755);
  env = {
    ...(await deadEnvironment()),
    PATH: `${folder}:${process.env["PATH"] ?? ""}`,
    OUT: path.join(folder, "out"),
    KTRDR_STRATEGIES_DIR: path.join(folder, "the strategies"),
  };
  env["DATABASE_URL"] = `postgresql://me:${SECRET}@127.0.0.1:1/none`;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function types(command: string, more: Record<string, string> = {}) {
  if (page.includes(command)) done.add(command);
  const ended = await execa("sh", ["-euc", command], {
    cwd: ROOT,
    env: { ...env, ...more },
    extendEnv: false,
    reject: false,
  });
  expect(`${ended.stdout}${ended.stderr}`).not.toContain(SECRET);
  return ended;
}

interface Started {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a server as a client would, and does the work through a client. */
async function connected<T>(
  { command, args = [], ...more }: Started,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ name: "connecting", version: "1" });
  const transport = new StdioClientTransport({ cwd: tmpdir(), ...more, command, args: [...args], stderr: "ignore" });
  await client.connect(transport);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const toolsOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
/** The answer about health. It names the strategies folder, which shows whether the settings arrived. */
const health = async (client: Client) =>
  JSON.stringify((await client.callTool({ name: "check_health", arguments: {} })).structuredContent);

describe("config", () => {
  it.each(["claude-code", "inspector"])(
    "for %s is a line that starts the server, secrets filled in by the shell",
    async (name) => {
      const { stdout, exitCode } = await types(`bin/ktrdr-mcp config ${name}`);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(' "DATABASE_URL=$DATABASE_URL" ');
      expect(stdout).toContain(`'KTRDR_STRATEGIES_DIR=${folder}/the strategies'`);
      const shell = { command: "sh", args: ["-c", stdout], env };
      expect(await connected(shell, toolsOf)).toEqual(ALL_TOOLS);
    },
  );

  it("for Claude Desktop is its file, and says which secret is missing in it", async () => {
    const { stdout, stderr } = await types("bin/ktrdr-mcp config claude-desktop");
    const { mcpServers } = JSON.parse(stdout) as { mcpServers: { ktrdr: Started } };
    expect(mcpServers.ktrdr.env).not.toHaveProperty("DATABASE_URL");
    expect(stderr).toBe('Add DATABASE_URL to "env" yourself.');
    expect(await connected({ ...mcpServers.ktrdr, cwd: "/" }, toolsOf)).toEqual(ALL_TOOLS);
  });

  it.each([
    ["bin/ktrdr-mcp config claude-code --http", "http://127.0.0.1:3100/mcp", true],
    ["bin/ktrdr-mcp config claude-code --http https://research.example/mcp", "https://research.example/mcp", true],
    ["bin/ktrdr-mcp config claude-code --no-token --http", "http://127.0.0.1:3100/mcp", false],
  ])("%s is a line that has Claude Code read the token itself", async (command, url, token) => {
    const { stdout } = await types(command, { KTRDR_MCP_TOKEN: SECRET });
    await types(stdout, { KTRDR_MCP_TOKEN: SECRET });
    const { mcpServers } = JSON.parse(await readFile(env["OUT"] ?? "", "utf8")) as { mcpServers: { ktrdr: unknown } };
    const headers = token ? { headers: { Authorization: "Bearer ${KTRDR_MCP_TOKEN}" } } : {};
    expect(mcpServers.ktrdr).toEqual({ type: "http", url, ...headers });
  });

  it("for a server that runs by HTTP is what it answers to, with the token and not without", async () => {
    const tokens = path.join(folder, "tokens.json");
    const token = await addToken(tokens, { name: "me", scope: "research", expires: "2099-01-01T00:00:00.000Z" });
    const server = await startHttpProcess({ ...env, MCP_TOKENS_FILE: tokens });
    try {
      const claude = await types(`bin/ktrdr-mcp config claude-code --http ${server.url}`);
      await types(claude.stdout);
      // Claude Code fills in a variable of its environment in this way.
      const file = (await readFile(env["OUT"] ?? "", "utf8")).replace("${KTRDR_MCP_TOKEN}", token);
      const { mcpServers } = JSON.parse(file) as {
        mcpServers: { ktrdr: { url: string; headers: Record<string, string> } };
      };
      const { url, headers } = mcpServers.ktrdr;
      const client = new Client({ name: "connecting", version: "1" });
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
      expect(await toolsOf(client)).toEqual(ALL_TOOLS);
      await client.close();

      const inspector = await types(`bin/ktrdr-mcp config inspector --http ${server.url}`);
      await types(inspector.stdout, { KTRDR_MCP_TOKEN: token });
      const told = (await readFile(env["OUT"] ?? "", "utf8")).trim().split("\n");
      const [name, value] = (told.at(-1) ?? "").split(": ");
      const asked = async (more: Record<string, string>) =>
        await fetch(told[told.indexOf("--server-url") + 1] ?? "", {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...more },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
        });
      expect((await asked({ [name ?? ""]: value ?? "" })).status).toBe(200);
      expect((await asked({})).status).toBe(401);
    } finally {
      await server.stop();
    }
  });

  it("for the Inspector by HTTP sends the token that the shell fills in", async () => {
    const { stdout } = await types("bin/ktrdr-mcp config inspector --http");
    await types(stdout, { KTRDR_MCP_TOKEN: "abc" });
    expect((await readFile(env["OUT"] ?? "", "utf8")).trim().split("\n")).toEqual([
      "--transport",
      "http",
      "--server-url",
      "http://127.0.0.1:3100/mcp",
      "--header",
      "Authorization: Bearer abc",
    ]);
  });

  it.each([
    ["", 2, "Usage: ktrdr-mcp config"],
    ["emacs", 2, "Usage: ktrdr-mcp config"],
    ["claude-code --http=ftp://there", 2, 'not "ftp://there"'],
    ["claude-code --stdio", 2, "Unknown option"],
    ["claude-desktop --http", 1, "takes no HTTP address"],
    [
      "claude-desktop --http https://research.example/mcp",
      1,
      "Add https://research.example/mcp in Claude Desktop under Settings",
    ],
  ])("%s is refused in words", async (args, code, words) => {
    const { exitCode, stderr, stdout } = await types(`bin/ktrdr-mcp config ${args}`);
    expect(exitCode).toBe(code);
    expect(stderr).toContain(words);
    expect(stdout).toBe("");
  });
});

it(".mcp.json offers the server in a checkout", async () => {
  const text = await readFile(path.join(ROOT, ".mcp.json"), "utf8");
  // Claude Code takes the default in this way for a variable that its environment lacks.
  const filled = text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1");
  const { mcpServers } = JSON.parse(filled) as { mcpServers: { ktrdr: Started } };
  expect(await connected({ ...mcpServers.ktrdr, env, cwd: ROOT }, toolsOf)).toEqual(ALL_TOOLS);
});

describe("the bundle", () => {
  let unpacked: string;
  let manifest: McpbManifestAny;
  let database: TestDatabase;
  let temporal: TestTemporal;

  beforeAll(async () => {
    [database, temporal] = await Promise.all([createTestDatabase(), startTestTemporal()]);
    // make must not install anew under a running test: the tests are of what is installed.
    done.add("make bundle");
    const made = await types("make -o node_modules/.installed bundle");
    expect(made.stdout).toMatch(/^\.cache\/mcpb\/ktrdr-mcp\.mcpb: \d\.\d MB, version /m);
    unpacked = path.join(folder, "unpacked");
    const packed = path.join(ROOT, ".cache/mcpb/ktrdr-mcp.mcpb");
    expect(await unpackExtension({ mcpbPath: packed, outputDir: unpacked, silent: true })).toBe(true);
    manifest = JSON.parse(await readFile(path.join(unpacked, "manifest.json"), "utf8")) as McpbManifestAny;
  });
  afterAll(async () => {
    await temporal?.stop();
    await database?.drop();
  });

  /** How Claude Desktop starts the server, with what its user has typed. */
  async function started(userConfig: Record<string, string>): Promise<Started> {
    const logger = { log: () => undefined, error: () => undefined, warn: () => undefined };
    const config = await getMcpConfigForManifest({
      manifest,
      extensionPath: unpacked,
      systemDirs: {},
      userConfig,
      pathSeparator: "/",
      logger,
    });
    expect(config).toMatchObject({ command: "node" });
    return { command: process.execPath, args: config?.args ?? [], env: config?.env ?? {} };
  }

  it("holds plain JavaScript and its licences, and no worker", async () => {
    const files = (await readdir(unpacked, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).toSorted()).toEqual([
      "LICENSES.txt",
      "manifest.json",
      "mcp.js",
      "package.json",
    ]);
    const code = await readFile(path.join(unpacked, "server/bin/mcp.js"), "utf8");
    expect(code).not.toContain("core-bridge");
    expect(code).not.toContain(ROOT);
    expect(await readFile(path.join(unpacked, "LICENSES.txt"), "utf8")).toContain("@temporalio/client (MIT)");
  });

  it("starts away from any installation with nothing filled in, and has every tool", async () => {
    const server = await started({});
    expect(Object.values(server.env ?? {}).filter((value) => value !== "")).toEqual([]);
    expect(await connected(server, toolsOf)).toEqual(ALL_TOOLS);
  });

  it("reaches Temporal and PostgreSQL at the addresses that were typed", async () => {
    const server = await started({
      temporal_address: temporal.address,
      temporal_namespace: temporal.namespace,
      database_url: database.url,
      ktrdr_api_url: env["KTRDR_API_URL"] ?? "",
      strategies_dir: folder,
    });
    const said = JSON.parse(await connected(server, health)) as { parts: { part: string; up: boolean }[] };
    const up = said.parts.flatMap(({ part, up: isUp }) => (isUp ? [part] : []));
    expect(up).toEqual(["temporal", "postgresql", "strategies_folder"]);
  });

  it("asks for secrets as secrets, and for nothing that the server does not know", () => {
    const variables = Object.entries(manifest.server.mcp_config.env ?? {});
    expect(variables.length).toBeGreaterThan(3);
    for (const [variable, value] of variables) {
      const schema = Object.entries(ConfigSchema.shape).find(([name]) => name === variable)?.[1];
      expect(schema, variable).toBeDefined();
      const asked = manifest.user_config?.[/^\$\{user_config\.(\w+)\}$/.exec(value)?.[1] ?? ""];
      expect(asked?.sensitive === true, variable).toBe(schema?.meta()?.["secret"] === true);
    }
    expect(manifest.version).toBe(SERVER_VERSION);
    expect(manifest.tools?.map(({ name }) => name)).toEqual(ALL_TOOLS);
  });
});

describe("server.json", () => {
  /** What the registry's schema 2025-12-11 demands of the parts that we use. */
  const input = {
    description: z.string().optional(),
    isRequired: z.boolean().optional(),
    isSecret: z.boolean().optional(),
    default: z.string().optional(),
    format: z.enum(["string", "number", "boolean", "filepath"]).optional(),
  };
  const ServerJson = z.strictObject({
    $schema: z.literal("https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"),
    name: z
      .string()
      .min(3)
      .max(200)
      .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
    title: z.string().min(1).max(100),
    description: z.string().min(1).max(100),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    packages: z
      .array(
        z.strictObject({
          registryType: z.enum(["npm", "oci"]),
          identifier: z.string().min(1),
          version: z.string().regex(/^\d+\.\d+\.\d+$/),
          runtimeHint: z.string(),
          transport: z.strictObject({ type: z.literal("stdio") }),
          packageArguments: z.array(z.strictObject({ type: z.literal("positional"), value: z.string() })),
          environmentVariables: z.array(z.strictObject({ name: z.string(), ...input })),
        }),
      )
      .min(1),
  });

  it("is what the registry takes, and agrees with the package and the settings", async () => {
    const server = ServerJson.parse(JSON.parse(await readFile(path.join(ROOT, "server.json"), "utf8")));
    const own = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")) as Record<string, unknown>;
    expect(own).toMatchObject({ name: server.packages[0]?.identifier, mcpName: server.name, version: server.version });
    expect(server.version).toBe(SERVER_VERSION);
    for (const entry of server.packages) {
      expect(entry.version).toBe(server.version);
      for (const { name, isSecret, default: fallback } of entry.environmentVariables) {
        const schema = Object.entries(ConfigSchema.shape).find(([known]) => known === name)?.[1];
        expect(schema?.meta()?.["secret"] === true, name).toBe(isSecret === true);
        expect(schema?.safeParse(undefined).data, name).toBe(fallback);
      }
    }
  });
});

it("every command of the page was run", () => {
  expect(page.filter((command) => !done.has(command))).toEqual([]);
});
