import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addToken } from "../../src/http/token-file.ts";
import { scopeOf } from "../../src/mcp/define-tool.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { connectHttp, startHttpProcess } from "../support/http-server.ts";
import { deadEnvironment } from "../support/mcp.ts";

let folder: string;
let dead: Record<string, string>;
let tokensFile: string;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-start-"));
  dead = await deadEnvironment();
  tokensFile = path.join(folder, "tokens.json");
  token = await addToken(tokensFile, { name: "op", scope: "operate", expires: "2099-01-01T00:00:00.000Z" });
});
afterAll(() => rm(folder, { recursive: true }));

const READ_ONLY = TOOLS.filter((tool) => scopeOf(tool) === "read").map(({ name }) => name);

/** The words of a server that does not start. */
async function refusal(env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<string> {
  const started = await startHttpProcess({ ...dead, ...env }, args).catch((error: Error) => error.message);
  if (typeof started === "string") return started;
  await started.stop();
  throw new Error(`it started: ${started.output()}`);
}

describe("it does not start", () => {
  test("where others can reach it, without knowing who calls", async () => {
    expect(await refusal({}, ["--host", "0.0.0.0"])).toMatch(/Others can reach 0\.0\.0\.0[^]*MCP_TOKENS_FILE/);
  });
  test("where others can reach it, without knowing its names", async () => {
    const said = await refusal({ MCP_TOKENS_FILE: tokensFile }, ["--host", "::"]);
    expect(said).toMatch(/Others can reach ::[^]*MCP_HTTP_ALLOWED_HOSTS/);
  });
  test("with a file of tokens that is not there, or is none", async () => {
    expect(await refusal({ MCP_TOKENS_FILE: path.join(folder, "none") })).toMatch(
      /MCP_TOKENS_FILE[^]*ENOENT[^]*token new/,
    );
    const broken = path.join(folder, "broken.json");
    await writeFile(broken, '[{"name":"a","token":"not-to-be-shown"}]');
    const said = await refusal({ MCP_TOKENS_FILE: broken });
    expect(said).toContain("cannot be used");
    expect(said).not.toContain("not-to-be-shown");
  });
  test("with a part of what OAuth needs", async () => {
    const said = await refusal({ MCP_OAUTH_ISSUER: "https://login.example.com" });
    expect(said).toMatch(/MCP_OAUTH_AUDIENCE and MCP_OAUTH_JWKS_URL/);
  });
  test("on a port that is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    expect(await refusal({}, ["--port", String(port)])).toContain(
      `127.0.0.1:${port} cannot be listened on (EADDRINUSE)`,
    );
    holder.close();
  });
  test.each([["--port", "nine"], ["--prot", "1"], ["--http=yes"]])(
    "with arguments that mean nothing: %s",
    async (...args) => {
      expect(await refusal({}, args)).toContain("Usage: ktrdr-mcp mcp");
    },
  );
});

test("where others can reach it, it answers those who know its name and have a token", async () => {
  const env = { ...dead, MCP_TOKENS_FILE: tokensFile, MCP_HTTP_ALLOWED_HOSTS: "127.0.0.1, Research.example.com" };
  const server = await startHttpProcess(env, ["--host", "0.0.0.0"]);
  try {
    const client = await connectHttp("modern", server.url, token);
    expect(await client.listTools()).toHaveLength(TOOLS.length);
    await client.close();
    const byAnotherName = `http://localhost:${server.port}/mcp`;
    await expect(connectHttp("modern", byAnotherName, token)).rejects.toThrow(/403|Invalid Host/);
    await expect(connectHttp("legacy", server.url)).rejects.toThrow();
  } finally {
    await server.stop();
  }
});

test("unless told otherwise, it can be reached from this machine only", async ({ skip }) => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  if (outside === undefined) return skip("this machine has no address but those of itself");
  const server = await startHttpProcess(dead);
  try {
    await expect(fetch(`http://${outside}:${server.port}/health`)).rejects.toMatchObject({
      cause: { code: "ECONNREFUSED" },
    });
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
  } finally {
    await server.stop();
  }
});

describe("--read-only", () => {
  test("over HTTP takes rights from everybody, whatever their token says", async () => {
    const server = await startHttpProcess({ ...dead, MCP_TOKENS_FILE: tokensFile }, ["--read-only"]);
    const client = await connectHttp("modern", server.url, token);
    expect((await client.listTools()).map(({ name }) => name)).toEqual(READ_ONLY);
    expect(await client.call("train_model")).toMatchObject({
      content: [{ text: expect.stringMatching(/^\[forbidden -32602\]/) }],
    });
    await client.close();
    await server.stop();
  });

  test("on stdio leaves what only reads", async () => {
    const args = [new URL("../../src/bin/mcp.ts", import.meta.url).pathname, "--read-only"];
    const client = new Client({ name: "read-only-test", version: "1.0.0" });
    await client.connect(new StdioClientTransport({ command: process.execPath, args, env: dead, stderr: "ignore" }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(READ_ONLY);
    expect(await client.callTool({ name: "cancel_task", arguments: {} })).toMatchObject({ isError: true });
    await client.close();
  });
});
