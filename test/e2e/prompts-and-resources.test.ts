/** Prompts, resources and subscriptions to a running job, through real clients of both SDK lines at a real server. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENT_LINES, connectServer, deadEnvironment, type ClientLine, type TestClient } from "../support/mcp.ts";
import { Research } from "../support/research.ts";
import { strategyText } from "../support/strategy-text.ts";

let research: Research;
const clients = new Map<ClientLine, TestClient>();
let experimentId: string;
let insightId: string;
let taskId: string;

beforeAll(async () => {
  research = await Research.begin();
  for (const line of CLIENT_LINES) clients.set(line, await connectServer(line, research.lab.env));
  await research.call("create_strategy", { yaml: strategyText("pointed_at") });
  const experiment = await research.call("start_experiment", {
    hypothesis: "It can be pointed at.",
    metric: "sharpe",
    threshold: 0,
    symbol: "SPX",
    timeframe: "1d",
    start_date: "2010-01-04",
    end_date: "2014-12-31",
  });
  experimentId = String(experiment["experiment_id"]);
  insightId = String((await research.call("save_insight", { category: "pattern", insight: "It can." }))["insight_id"]);
  taskId = (
    await research.call("train_model", { strategy: "pointed_at", start_date: "2000-01-03", end_date: "2008-12-31" })
  ).task_id;
  await research.follow(taskId, "completed");
});
afterAll(async () => {
  for (const client of clients.values()) await client.close();
  await research?.end();
});

const at = (line: ClientLine): TestClient => {
  const client = clients.get(line);
  if (client === undefined) throw new Error(`no ${line} client`);
  return client;
};

describe.each(CLIENT_LINES)("a %s client", (line) => {
  it("finds the prompts, fills in what exists, and gets a text that names only tools there are", async () => {
    const { sdk } = at(line);
    const { prompts } = await sdk.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(["research_session", "strategy_optimisation", "experiment_review"]);
    const completed = async (prompt: string, name: string, value: string) =>
      (await sdk.complete({ ref: { type: "ref/prompt", name: prompt }, argument: { name, value } })).completion.values;
    expect(await completed("strategy_optimisation", "strategy", "point")).toEqual(["pointed_at"]);
    expect(await completed("strategy_optimisation", "figure", "exc")).toEqual([
      "excess_sharpe",
      "excess_annual_return",
    ]);
    expect(await completed("research_session", "symbol", "s")).toContain("SPX");
    expect(await completed("experiment_review", "experiment_id", "experiment-")).toEqual([experimentId]);
    const tools = new Set((await at(line).listTools()).map(({ name }) => name));
    for (const { name } of prompts) {
      const args = { goal: "what pays", strategy: "pointed_at", experiment_id: experimentId };
      const { messages } = await sdk.getPrompt({ name, arguments: args });
      const text = JSON.stringify(messages);
      const named = [...text.matchAll(/\b(?:[a-z]+_)+[a-z]+\b/g)]
        .map(([word]) => word)
        .filter((word) =>
          /^(?:get|list|start|train|run|save|search|compare|conclude|create|mutate|replay|load|check)_/.test(word),
        );
      expect(named.length).toBeGreaterThan(3);
      expect(
        named.filter((word) => !tools.has(word)),
        name,
      ).toEqual([]);
    }
    await expect(sdk.getPrompt({ name: "strategy_optimisation", arguments: {} })).rejects.toThrow(/strategy/);
  });

  it("finds resources, completes their ids and reads them", async () => {
    const { sdk } = at(line);
    const { resourceTemplates } = await sdk.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
      ["strategy", "experiment", "result", "insight"].map((scheme) => `${scheme}://{id}`),
    );
    const { resources } = await sdk.listResources();
    const uris = [
      `strategy://pointed_at`,
      `experiment://${experimentId}`,
      `result://${taskId}`,
      `insight://${insightId}`,
    ];
    expect(resources.map(({ uri }) => uri)).toEqual(expect.arrayContaining(uris));
    const read = async (uri: string) => {
      const [content] = (await sdk.readResource({ uri })).contents;
      return { type: content?.mimeType, text: content !== undefined && "text" in content ? content.text : "" };
    };
    expect(await read("strategy://pointed_at")).toEqual({ type: "application/yaml", text: strategyText("pointed_at") });
    expect(JSON.parse((await read(`experiment://${experimentId}`)).text)).toMatchObject({
      hypothesis: "It can be pointed at.",
    });
    expect(JSON.parse((await read(`result://${taskId}`)).text)).toMatchObject({
      manifest: { engine: expect.any(String) },
    });
    expect(JSON.parse((await read(`insight://${insightId}`)).text)).toMatchObject({ insights: [{ text: "It can." }] });
    const completed = await sdk.complete({
      ref: { type: "ref/resource", uri: "result://{id}" },
      argument: { name: "id", value: "train-pointed" },
    });
    expect(completed.completion.values).toContain(taskId);
    await expect(sdk.readResource({ uri: "strategy://absent" })).rejects.toThrow(/no strategy "absent"/);
    await expect(sdk.readResource({ uri: "result://train-none-1" })).rejects.toThrow(/train-none-1/);
  });

  it("is told when a job that it follows has ended", async () => {
    const client = at(line);
    const end = line === "legacy" ? "2007-12-31" : "2006-12-29";
    await research.hold();
    const asked = await client.call("train_model", { strategy: "pointed_at", start_date: "2000-01-03", end_date: end });
    const id = String(asked.structuredContent?.["task_id"]);
    const told = Promise.withResolvers<string>();
    await client.follow(`result://${id}`, told.resolve);
    await research.release();
    expect(await told.promise).toBe(`result://${id}`);
    const status = await client.call("get_task_status", { task_id: id });
    expect(status.structuredContent).toMatchObject({ final: true, state: "completed" });
  });
});

it("with everything down lists are empty, reading says what is down, and prompts work", async () => {
  const client = await connectServer("modern", await deadEnvironment());
  try {
    expect((await client.sdk.listPrompts()).prompts).toHaveLength(3);
    expect((await client.sdk.listResources()).resources).toEqual([]);
    await expect(client.sdk.readResource({ uri: "experiment://experiment-0000000000000000" })).rejects.toThrow(
      /PostgreSQL|database/,
    );
  } finally {
    await client.close();
  }
});
