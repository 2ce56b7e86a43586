import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createWeb, type Server } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { calling, lazyClient } from "../../src/temporal/connection.ts";
import { temporalUnavailable } from "../../src/temporal/unavailable.ts";
import { freePort } from "../support/ports.ts";

const dir = mkdtempSync(path.join(tmpdir(), "ktrdr-mcp-grpc-"));
const opened: (Server | TcpServer)[] = [];

beforeAll(() => {
  const to = ["-keyout", "server.key", "-out", "server.crt", "-subj", "/CN=temporal.example"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...to], { cwd: dir, stdio: "pipe" });
});

afterAll(() => {
  for (const server of opened) server.close();
  rmSync(dir, { recursive: true });
});

async function portOf(server: Server | TcpServer): Promise<number> {
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** What a tool says when this port is Temporal's address. */
async function told(port: number, tls?: object): Promise<string> {
  const connection = { address: `127.0.0.1:${port}`, ...(tls === undefined ? {} : { tls }) };
  const client = lazyClient({ connection, namespace: "default" });
  try {
    await calling(client, () => client.workflowService.getSystemInfo({}));
  } catch (error) {
    const { code, what, why, next } = error as Record<string, string>;
    expect(code).toBe("temporal_unavailable");
    return `${what} ${why} ${next}`;
  } finally {
    await client.connection.close();
  }
  return "answered";
}

const secure = () =>
  createSecureServer({
    key: readFileSync(path.join(dir, "server.key")),
    cert: readFileSync(path.join(dir, "server.crt")),
  });

describe("what is at the address of Temporal is told from its words", () => {
  it("nobody", async () => {
    expect(await told(await freePort())).toMatch(/Nothing listens/);
  });

  it("a web server", async () => {
    expect(await told(await portOf(createWeb((_, answer) => answer.end())))).toMatch(/no Temporal server|cut/);
  });

  it("TLS of a stranger, and of another name", async () => {
    const port = await portOf(secure());
    expect(await told(port, {})).toMatch(/signed its certificate.*TEMPORAL_TLS_SERVER_CA_CERT_PATH/);
    const serverRootCACertificate = readFileSync(path.join(dir, "server.crt"));
    expect(await told(port, { serverRootCACertificate })).toMatch(/another name.*TEMPORAL_TLS_SERVER_NAME/);
  });

  it("TLS, asked without it; none, asked with it", async () => {
    expect(await told(await portOf(secure()))).toMatch(/TEMPORAL_TLS/);
    expect(await told(await portOf(createServer((socket) => void socket.end("no TLS here"))), {})).toMatch(/TLS/);
  });
});

describe("a gRPC status", () => {
  const status = (code: number, details: string) =>
    Object.assign(new Error(`${code} X: ${details}`), { code, details });
  it.each([
    [1, "cancelled"],
    [2, "unknown"],
    [4, "deadline"],
    [7, "no right"],
    [8, "namespace rate limit exceeded"],
    [10, "aborted"],
    [12, "unknown service"],
    [13, "database is locked"],
    [14, "away"],
    [15, "lost"],
    [16, "unauthorized"],
  ])("%i is the server's, in its own words", (code, details) => {
    const error = temporalUnavailable(new Error("call", { cause: status(code, details) }));
    expect(error).toMatchObject({ code: "temporal_unavailable", next: expect.any(String) });
    expect(error?.why).toContain(details);
  });

  it.each([3, 5, 6, 9, 11])("%i is the request's", (code) => {
    expect(temporalUnavailable(status(code, "x"))).toBeNull();
  });

  it("a busy server is not one that is away: nobody is told to start it", () => {
    const { what, why, next } = temporalUnavailable(status(4, "Deadline exceeded"))!;
    expect(`${what} ${why}`).toMatch(/in time.*busy/);
    expect(next).toMatch(/overloaded/);
  });
});
