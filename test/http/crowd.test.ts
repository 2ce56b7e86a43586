import { expect, onTestFinished, test } from "vitest";
import { createExecutionLog } from "../../src/store/execution-log.ts";
import { createPool } from "../../src/store/pool.ts";
import { connectHttp, startHttpProcess, type HttpClient } from "../support/http-server.ts";
import { deadEnvironment, textOf } from "../support/mcp.ts";
import { createTestDatabase } from "../support/postgres.ts";

const TOOL = "get_strategy_schema";
const refusedOf = async (client: HttpClient) => textOf(await client.call(TOOL)).startsWith("[rate_limited");

test("of clients that never say their name with a call, one that loops shuts out none of the others", async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const env = { ...(await deadEnvironment()), DATABASE_URL: database.url, LIMIT_CALLS_PER_MINUTE: "5" };
  const server = await startHttpProcess(env);
  onTestFinished(() => server.stop());
  const [looping, other] = [await connectHttp("legacy", server.url), await connectHttp("legacy", server.url)];
  const outcomes: boolean[] = [];
  for (let call = 0; call < 8; call += 1) outcomes.push(await refusedOf(looping));
  expect(outcomes).toEqual([false, false, false, false, false, true, true, true]);
  expect(await refusedOf(other)).toBe(false);

  // Clients without a session do not use up each other's calls either, as long as they are different programs.
  const bare = async (agent: string) => {
    const headers = { "content-type": "application/json", accept: "application/json", "user-agent": agent };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: TOOL } });
    return await (await fetch(server.url, { method: "POST", headers, body })).text();
  };
  for (let call = 0; call < 6; call += 1) await bare("curl/8");
  expect(await bare("curl/8")).toContain("[rate_limited");
  expect(await bare("n8n")).not.toContain("[rate_limited");
  expect(await refusedOf(other)).toBe(false);

  // Clients of both SDK lines understand the refusal, and the log has it.
  const modern = await connectHttp("modern", server.url);
  for (let call = 0; call < 5; call += 1) expect(await refusedOf(modern)).toBe(false);
  expect(await refusedOf(modern)).toBe(true);
  for (const client of [looping, other, modern]) await client.close();
  const pool = createPool(database.url);
  onTestFinished(() => pool.end());
  const refused = async () =>
    (await createExecutionLog(pool).recent({ limit: 100 })).filter(({ errorCode }) => errorCode === "rate_limited");
  await expect.poll(async () => (await refused()).map(({ clientName }) => clientName)).toContain("http-test");
});
