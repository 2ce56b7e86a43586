import { afterAll, beforeAll, expect, test } from "vitest";
import { deadEnvironment } from "../support/mcp.ts";
import { startHttpProcess, type HttpProcess } from "../support/http-server.ts";

let server: HttpProcess;
beforeAll(async () => {
  server = await startHttpProcess(await deadEnvironment());
});
afterAll(() => server.stop());

const CALL = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "get_strategy_schema", arguments: {} } };
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "curl", version: "8" },
};
const MODERN = { ...CALL, params: { ...CALL.params, _meta: META } };
const modern = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "get_strategy_schema",
};

async function post(headers: Readonly<Record<string, string>>, message: object = CALL) {
  const body = JSON.stringify(message);
  const answer = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
}

test.each([
  ["what curl and n8n send", "*/*"],
  ["JSON only", "application/json"],
  ["JSON in any form", "application/*"],
  ["JSON with a weight", "text/html;q=0.9, application/json;q=0.8"],
  ["JSON and no stream", "application/json, text/event-stream;q=0"],
  ["nothing", ""],
])("whoever takes %s is answered with one JSON object", async (_what, accept) => {
  for (const [headers, message] of [
    [{}, CALL],
    [modern, MODERN],
  ] as const) {
    const answer = await post({ ...headers, accept }, message);
    expect(answer).toMatchObject({ status: 200, type: expect.stringContaining("application/json") });
    expect(JSON.parse(answer.text)).toMatchObject({ id: 1, result: { structuredContent: expect.anything() } });
  }
});

test("an error comes as JSON as well, and a notification without a body", async () => {
  const accept = "*/*";
  expect(JSON.parse((await post({ accept }, { ...CALL, method: "tools/none" })).text)).toMatchObject({
    error: { code: -32_601 },
  });
  const told = { jsonrpc: "2.0", method: "notifications/initialized" };
  expect(await post({ accept }, told)).toMatchObject({ status: 202, text: "" });
});

test("whoever takes a stream gets one", async () => {
  for (const accept of ["application/json, text/event-stream", "text/event-stream"]) {
    expect(await post({ accept })).toMatchObject({ status: 200, type: expect.stringContaining("text/event-stream") });
  }
});

test.each([
  ["text/html", { accept: "text/html" }, 406, "accept: application/json"],
  ["plain text", { "content-type": "text/plain" }, 415, "content-type: application/json"],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }, 415, "content-type: application/json"],
])("%s is refused with the header that is wanted", async (_what, headers, status, told) => {
  const answer = await post(headers);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(told);
});
