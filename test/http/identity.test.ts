import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addToken, revokeToken } from "../../src/http/token-file.ts";
import { scopeOf } from "../../src/mcp/define-tool.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../support/authorization-server.ts";
import { connectHttp, startHttpProcess, type HttpProcess } from "../support/http-server.ts";
import { deadEnvironment, textOf } from "../support/mcp.ts";

const LATER = "2099-01-01T00:00:00.000Z";
const RESEARCH = TOOLS.filter((tool) => scopeOf(tool) === "research").map(({ name }) => name);

let folder: string;
let tokensFile: string;
let issuer: AuthorizationServer;
let server: HttpProcess;
const tokens = { reader: "", researcher: "", operator: "", late: "" };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-identity-"));
  tokensFile = path.join(folder, "tokens.json");
  tokens.reader = await addToken(tokensFile, { name: "reader", scope: "read", expires: LATER });
  tokens.researcher = await addToken(tokensFile, { name: "researcher", scope: "research", expires: LATER });
  tokens.operator = await addToken(tokensFile, { name: "operator", scope: "operate", expires: LATER });
  tokens.late = await addToken(tokensFile, { name: "late", scope: "read", expires: "2020-01-01T00:00:00.000Z" });
  issuer = await startAuthorizationServer();
  const env = { ...(await deadEnvironment()), ...issuer.env, MCP_TOKENS_FILE: tokensFile, LOG_LEVEL: "trace" };
  server = await startHttpProcess(env);
});
afterAll(async () => {
  await server.stop();
  await issuer.stop();
  await rm(folder, { recursive: true, force: true });
});

const LIST = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });

async function post(authorization?: string, url = server.url): Promise<Response> {
  return await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: LIST,
  });
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("refused", () => {
  const now = () => Math.floor(Date.now() / 1_000);
  const attacks: readonly (readonly [string, () => Promise<string> | string | undefined])[] = [
    ["no token", () => undefined],
    ["another scheme", () => `Basic ${Buffer.from(`reader:${tokens.reader}`).toString("base64")}`],
    ["an empty token", () => "Bearer "],
    ["a token that nobody has", () => `Bearer ktrdr_${"A".repeat(43)}`],
    [
      "the hash of a token in its place",
      async () => {
        const [entry] = JSON.parse(await readFile(tokensFile, "utf8")) as { sha256: string }[];
        return `Bearer ktrdr_${entry?.sha256}`;
      },
    ],
    ["a token that is over", () => `Bearer ${tokens.late}`],
    ["a JWT that has expired", async () => `Bearer ${await issuer.token({ exp: now() - 60 })}`],
    ["a JWT that never expires", async () => `Bearer ${await issuer.token({ exp: undefined })}`],
    ["a JWT that is not valid yet", async () => `Bearer ${await issuer.token({ nbf: now() + 600 })}`],
    ["a JWT for another server", async () => `Bearer ${await issuer.token({ aud: "https://other.example.com/mcp" })}`],
    ["a JWT of another issuer", async () => `Bearer ${await issuer.token({ iss: "https://evil.example.com" })}`],
    ["a JWT signed by somebody else", async () => `Bearer ${await issuer.foreign()}`],
    ["a JWT without a signature (alg none)", () => `Bearer ${part({ alg: "none" })}.${part(issuer.claims())}.`],
    [
      "a JWT signed with the public key as a shared secret (HS256)",
      () => {
        const body = `${part({ alg: "HS256", kid: "one" })}.${part(issuer.claims())}`;
        return `Bearer ${body}.${createHmac("sha256", issuer.publicKey).update(body).digest("base64url")}`;
      },
    ],
    ["something that is no token at all", () => "Bearer ../../etc/passwd"],
  ];
  test.each(attacks)("%s", async (_name, make) => {
    const answer = await post(await make());
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get("www-authenticate") ?? "";
    expect(challenge).toContain("Bearer");
    expect(challenge).toContain(
      'resource_metadata="https://research.example.com/.well-known/oauth-protected-resource/mcp"',
    );
    expect(await answer.text()).not.toContain("tools");
  });

  test("a JWT without a scope of ours: 403, and told which to ask for", async () => {
    const answer = await post(`Bearer ${await issuer.token({ scope: "openid email" })}`);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toMatch(/insufficient_scope.*ktrdr:read/);
  });

  test("everybody with a JWT while the keys cannot be had: 503, not 401", async () => {
    const other = await startAuthorizationServer();
    const token = await other.token();
    await other.stop();
    const alone = await startHttpProcess({ ...(await deadEnvironment()), ...other.env });
    try {
      const answer = await post(`Bearer ${token}`, alone.url);
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("5");
    } finally {
      await alone.stop();
    }
  });
});

describe("let in", () => {
  test("where clients learn how to get a token (RFC 9728)", async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/.well-known/oauth-protected-resource/mcp`);
    expect(await answer.json()).toMatchObject({
      resource: "https://research.example.com/mcp",
      authorization_servers: [issuer.issuer],
      scopes_supported: ["ktrdr:read", "ktrdr:research", "ktrdr:operate"],
    });
  });

  const holders: readonly (readonly [string, () => Promise<string> | string, boolean])[] = [
    ["a reader", () => tokens.reader, false],
    ["a researcher", () => tokens.researcher, true],
    ["an operator", () => tokens.operator, true],
    ["a reader by OAuth", () => issuer.token({ scope: "ktrdr:read" }), false],
    ["a researcher by OAuth", () => issuer.token(), true],
    ["an operator by OAuth (a list of scopes)", () => issuer.token({ scope: undefined, scp: ["ktrdr:operate"] }), true],
  ];
  test.each(holders)("%s sees what they may call", async (_name, token, researches) => {
    const client = await connectHttp("modern", server.url, await token());
    try {
      const listed = (await client.listTools()).map(({ name }) => name);
      const expected = TOOLS.filter((tool) => researches || scopeOf(tool) === "read").map(({ name }) => name);
      expect(listed).toEqual(expected);
    } finally {
      await client.close();
    }
  });

  test.each(RESEARCH)("a reader cannot call %s", async (tool) => {
    for (const line of ["legacy", "modern"] as const) {
      const client = await connectHttp(line, server.url, tokens.reader);
      const answer = await client.call(tool, {});
      expect(answer.isError).toBe(true);
      expect(textOf(answer)).toMatch(/^\[forbidden -32602\]/);
      await client.close();
    }
  });

  test("what is listed for one is not kept for another", async () => {
    const answer = await fetch(server.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${tokens.reader}`,
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/list",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/list",
        params: {
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
          },
        },
      }),
    });
    expect(await answer.json()).toMatchObject({ result: { cacheScope: "private" } });
  });
});

describe("the file of tokens", () => {
  test("is followed: a new token works, a revoked one no longer does", async () => {
    const token = await addToken(tokensFile, { name: "guest", scope: "read", expires: LATER });
    expect((await post(`Bearer ${token}`)).status).toBe(200);
    await revokeToken(tokensFile, "guest");
    expect((await post(`Bearer ${token}`)).status).toBe(401);
  });

  test("holds no token and is for its owner only", async () => {
    const text = await readFile(tokensFile, "utf8");
    for (const token of Object.values(tokens)) expect(text).not.toContain(token.slice("ktrdr_".length));
    expect((await stat(tokensFile)).mode & 0o777).toBe(0o600);
  });

  test("while it cannot be used, nobody gets in by an older version of it", async () => {
    const before = await readFile(tokensFile, "utf8");
    await writeFile(tokensFile, "[{");
    expect((await post(`Bearer ${tokens.reader}`)).status).toBe(503);
    await writeFile(tokensFile, before);
    expect((await post(`Bearer ${tokens.reader}`)).status).toBe(200);
  });
});

test("the metrics are for those who may call, by a name of this server", async () => {
  const metrics = server.url.replace("/mcp", "/metrics");
  const get = async (headers: Record<string, string>) => (await fetch(metrics, { headers })).status;
  expect(await get({})).toBe(401);
  expect(await get({ authorization: `Bearer ${tokens.late}` })).toBe(401);
  const authorization = `Bearer ${tokens.reader}`;
  expect(await get({ authorization })).toBe(200);
  expect(await get({ authorization, origin: "https://evil.example.com" })).toBe(403);
});

test("no token, nor any part of one, was ever written to the log", async () => {
  const jwt = await issuer.token();
  await post(`Bearer ${jwt}`);
  await post(`Bearer ${jwt.slice(0, -4)}AAAA`);
  const log = server.output();
  expect(log).toContain("a request was refused");
  for (const token of [...Object.values(tokens), jwt]) {
    for (const piece of token.replace("ktrdr_", "").split(".")) expect(log).not.toContain(piece.slice(0, 24));
  }
});
