import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createExecutionLog } from "../../src/store/execution-log.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { deadEnvironment } from "../support/mcp.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { rawHttp, rawStdio, type RawServer } from "../support/raw-server.ts";

const nested = (depth: number, open = "[", close = "]") => open.repeat(depth) + close.repeat(depth);
const request = (method: string, params: string, id: string | number = 7) =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"${method}","params":${params}}`;
const call = (args: string, tool = "list_models") => request("tools/call", `{"name":"${tool}","arguments":${args}}`);
const prompt = (args: string, name = "strategy_optimisation") =>
  request("prompts/get", `{"name":"${name}","arguments":${args}}`);

const REFUSED = [
  ["params null", request("tools/list", "null"), -32_600, 7],
  ["params a list", request("tools/list", "[]"), -32_600, 7],
  ["params a text", request("tools/call", '"{}"'), -32_600, 7],
  ["another version of JSON-RPC", '{"jsonrpc":"1.0","id":7,"method":"ping"}', -32_600, 7],
  ["no version", '{"id":7,"method":"ping"}', -32_600, 7],
  ["no method", '{"jsonrpc":"2.0","id":7}', -32_600, 7],
  ["a method that is a number", '{"jsonrpc":"2.0","id":"a","method":5}', -32_600, "a"],
  ["a method of every object", '{"jsonrpc":"2.0","id":7,"method":"__proto__","params":{}}', -32_601, 7],
  ["another one", '{"jsonrpc":"2.0","id":7,"method":"constructor"}', -32_601, 7],
  ["a method that is not there", '{"jsonrpc":"2.0","id":7,"method":"tools/nothing"}', -32_601, 7],
  ["a tool whose name is hidden in part", request("tools/call", '{"name":"list_models\\u202e"}'), -32_602, 7],
  ["a prompt whose name is a line break", request("prompts/get", '{"name":"a\\nb"}'), -32_602, 7],
  [
    "a resource with an address without end",
    request("resources/read", `{"uri":"insight://${"x".repeat(3_000)}"}`),
    -32_602,
    7,
  ],
  ["an id of null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32_600, null],
  ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32_600, null],
  ["an id that is half a number", '{"jsonrpc":"2.0","id":7.5,"method":"ping"}', -32_600, 7.5],
  ["an id that is no safe number", '{"jsonrpc":"2.0","id":1e300,"method":"ping"}', -32_600, 1e300],
  ["an id that is no number at all", '{"jsonrpc":"2.0","id":1e400,"method":"ping"}', -32_600, null],
  ["an id of a megabyte", `{"jsonrpc":"2.0","id":"${"x".repeat(900_000)}","method":"ping"}`, -32_600, null],
  ["a batch", `[${call("{}")}]`, -32_600, null],
  ["an empty batch", "[]", -32_600, null],
  ["a text", '"ping"', -32_600, null],
  ["null", "null", -32_600, null],
  ["cut JSON, id first", '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"na', -32_700, 7],
  ["broken JSON, id last", '{"method":"tools/call","params":{,"jsonrpc":"2.0","id":"b"}', -32_700, "b"],
  ["no JSON", "hello", -32_700, null],
  ["JSON with NaN", call('{"limit":NaN}'), -32_700, 7],
  ["a text that is too long", call(`{"x":"${"x".repeat(600_000)}"}`), -32_600, 7],
  ["arguments 3,500 deep", call(nested(3_500, '{"a":', "}").replace('"a":}', '"a":1}')), -32_600, 7],
  ["an argument of lists 3,500 deep", call(`{"task_id":${nested(3_500)}}`), -32_600, 7],
  ["an argument of lists 400,000 deep", call(`{"task_id":${nested(400_000)}}`), -32_600, 7],
  ["too many values", call(`{"x":[${"[],".repeat(300_000)}[]]}`), -32_600, 7],
  ["a name that is too long", call(`{"${"k".repeat(10_000)}":1}`), -32_600, 7],
  ["a prompt's arguments 3,500 deep", prompt(`{"strategy":${nested(3_500)}}`), -32_600, 7],
  ["a completion 3,500 deep", request("completion/complete", `{"ref":${nested(3_500)}}`), -32_600, 7],
  ["a resource 3,500 deep", request("resources/read", `{"uri":${nested(3_500)}}`), -32_600, 7],
  ["_meta 3,500 deep", request("tools/list", `{"_meta":{"x":${nested(3_500)}}}`), -32_600, 7],
  [
    "client info 3,500 deep",
    request("initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":${nested(3_500)}}`),
    -32_600,
    7,
  ],
  ["arguments that are a text", call('"{}"'), -32_602, 7],
  ["arguments that are a list", call("[]"), -32_602, 7],
  ["arguments that are a number", call("5"), -32_602, 7],
  ["no name of a tool", request("tools/call", "{}"), -32_602, 7],
  ["a tool's name that is a list", request("tools/call", '{"name":["list_models"]}'), -32_602, 7],
  ["no params where they are needed", '{"jsonrpc":"2.0","id":7,"method":"tools/call"}', -32_602, 7],
  ["a cursor that is a number", request("tools/list", '{"cursor":5}'), -32_602, 7],
  ["_meta that is a text", request("tools/list", '{"_meta":"x"}'), -32_602, 7],
  [
    "no address, in a version that never was",
    request("resources/unsubscribe", '{"_meta":{"io.modelcontextprotocol/protocolVersion":"1999-01-01"}}'),
    -32_602,
    7,
  ],
  ["a progress token that is an object", request("tools/list", '{"_meta":{"progressToken":{}}}'), -32_602, 7],
  ["a prompt's arguments as a text", prompt('"{}"'), -32_602, 7],
  ["a prompt's argument that is a number", prompt('{"strategy":5}'), -32_602, 7],
  ["a prompt without what it needs", prompt("{}"), -32_602, 7],
  ["a prompt whose needed argument is empty", prompt('{"strategy":""}'), -32_602, 7],
  ["a prompt that is not there", prompt("{}", "nothing"), -32_602, 7],
  ["a resource without address", request("resources/read", "{}"), -32_602, 7],
  ["a resource at a number", request("resources/read", '{"uri":5}'), -32_602, 7],
  ["a completion of nothing", request("completion/complete", "{}"), -32_602, 7],
  ["a completion of an unknown kind", request("completion/complete", '{"ref":{"type":"x"}}'), -32_602, 7],
] as const;

const SERVED = [
  ["arguments null", call("null")],
  [
    "an argument that is called toJSON, beside a name with NUL",
    call('{"toJSON":1,"a\\u0000b":{"toJSON":{"\\u0000":1}}}'),
  ],
  ["arguments left out", request("tools/call", '{"name":"list_models"}')],
  ["an optional argument null", call('{"strategy":null,"limit":null}')],
  ["a cursor null", request("tools/list", '{"cursor":null}')],
  ["_meta null", request("tools/list", '{"_meta":null}')],
  ["a progress token null", request("tools/list", '{"_meta":{"progressToken":null}}')],
  ["a prompt's optional argument empty", prompt('{"strategy":"abc","figure":""}')],
  ["a prompt's optional argument null", prompt('{"strategy":"abc","figure":null}')],
  ["a prompt's arguments with their list null", request("prompts/list", '{"cursor":null}')],
  ["resources with a cursor null", request("resources/list", '{"cursor":null}')],
  [
    "a completion whose context is null",
    request(
      "completion/complete",
      '{"ref":{"type":"ref/prompt","name":"strategy_optimisation"},"argument":{"name":"figure","value":""},"context":null}',
    ),
  ],
  ["a line that ends with a carriage return", `${call("{}")}\r`],
  ["a byte order mark", `\uFEFF${call("{}")}`],
  ["a blank line before it", `\n \r\n${call("{}")}`],
] as const;

describe.each([
  ["stdio", rawStdio],
  ["HTTP", rawHttp],
] as const)("over %s", (way, start) => {
  let database: TestDatabase;
  let pool: Pool;
  let server: RawServer;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url);
    const env = { ...(await deadEnvironment()), DATABASE_URL: database.url, LIMIT_CALLS_PER_MINUTE: "0" };
    server = await start(env);
  });
  afterAll(async () => {
    await server.stop();
    await pool.end();
    await database.drop();
  });

  test.each(REFUSED)("%s is refused in words, with its id", async (_what, message, code, id) => {
    const { error, ...answer } = await server.ask(message, id);
    expect({ ...answer, code: error?.code }).toMatchObject({ id, code });
    expect(error?.message).not.toMatch(/ZodError|"code":|"path":|invalid_type|at Object|undefined/);
    expect(error?.message.length).toBeLessThan(1_000);
  });

  test.each(SERVED)("%s is served", async (_what, message) => {
    expect(await server.ask(message, 7)).toMatchObject({ id: 7, result: expect.anything() });
  });

  test("bytes that are no UTF-8 are refused with their id", async () => {
    const message = Buffer.concat([Buffer.from(call('{"x":"')).subarray(0, -2), Buffer.from([0xff, 0xfe])]);
    expect(await server.ask(message, 7)).toMatchObject({ id: 7, error: { code: -32_700 } });
  });

  test("an id that is no UTF-8 is nobody's", async () => {
    const message = Buffer.from('{"jsonrpc":"2.0","id":"broken","method":"ping"}');
    message[message.indexOf("b", 20)] = 0xff;
    expect(await server.ask(message, null)).toMatchObject({ id: null, error: { code: -32_700 } });
  });

  test("a message that is too long is refused, and the next one served", async () => {
    const tooLong = await server.ask(call(`{"x":"${"x".repeat(6_000_000)}"}`), way === "stdio" ? 7 : null);
    expect(tooLong.error?.message).toContain("1048576 bytes");
    expect(await server.ask(call("{}"), 7)).toHaveProperty("result");
  });

  test("what was left empty in a prompt is not in its text", async () => {
    const { result } = await server.ask(prompt('{"strategy":"abc","figure":""}'), 7);
    expect(JSON.stringify(result)).toContain("Improve the strategy abc by excess_sharpe, with");
  });

  test("after all of it the next call is answered and logged, and so are the refusals of calls", async () => {
    const log = createExecutionLog(pool);
    expect(await server.callAnother("list_models", { limit: 17 })).toBe(true);
    await expect
      .poll(async () => (await log.recent({ tool: "list_models", limit: 1 }))[0])
      .toMatchObject({ arguments: { limit: 17 }, errorCode: null });
    const refused = (await log.recent({ limit: 100 })).filter(({ errorCode }) => errorCode === "invalid_input");
    expect(JSON.stringify(refused)).toMatch(/nested more than 40 levels deep/);
  });
});
