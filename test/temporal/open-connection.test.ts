import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { execFileSync } from "node:child_process";
import { describe, expect, onTestFinished, test } from "vitest";
import { openLazily } from "../../src/temporal/open-connection.ts";

/** A server that answers every call with gRPC's UNAVAILABLE, as one does that cannot use its database. */
async function startRefusing() {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/grpc", "grpc-status": "14", "grpc-message": "not now" });
    response.end();
    server.emit("refused");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { refused: () => once(server, "refused"), address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const uncaught: unknown[] = [];

describe("a connection that is closed while a call waits for its next try", () => {
  test("rejects the call, and no timer throws", async () => {
    const server = await startRefusing();
    const connection = openLazily({ address: server.address });
    const note = (error: unknown) => uncaught.push(error);
    process.on("uncaughtExceptionMonitor", note);
    onTestFinished(() => void process.off("uncaughtExceptionMonitor", note));
    const refused = server.refused();
    const call = connection.workflowService.getClusterInfo({});
    await refused;
    await connection.close();
    await expect(call).rejects.toMatchObject({ code: 1, details: "Channel has been shut down" });
    expect(uncaught).toEqual([]);
  });

  test("and a call after that is rejected too", async () => {
    const server = await startRefusing();
    const connection = openLazily({ address: server.address });
    await connection.close();
    await expect(connection.workflowService.getClusterInfo({})).rejects.toThrow("shut down");
  });

  test("the retries are still there", async () => {
    const server = await startRefusing();
    const connection = openLazily({ address: server.address });
    onTestFinished(() => connection.close());
    const first = server.refused();
    connection.workflowService.getClusterInfo({}).catch(() => {});
    await first;
    await server.refused();
  });
});

test("every connection is opened this way: no other place calls the SDK's own functions", () => {
  const pattern = String.raw`(^|[^a-zA-Z])Connection\.(lazy|connect)\(`;
  const found = execFileSync("git", [
    "grep",
    "-lE",
    pattern,
    "--",
    "src",
    "lab",
    "demo",
    "sandbox",
    "scripts",
    "bench",
    "test",
  ]);
  expect(found.toString().trim().split("\n")).toEqual(["src/temporal/open-connection.ts"]);
});
