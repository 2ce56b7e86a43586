/** What clients are told of the researcher's page: those that show MCP Apps, and those that do not. */
import { isToolVisibilityAppOnly, RESOURCE_MIME_TYPE } from "@modelcontextprotocol/ext-apps/app-bridge";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metaOf, pageAt, uriOf } from "../support/app-host.ts";
import { connectHttp, startHttpProcess } from "../support/http-server.ts";
import { recordOpen } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import {
  CLIENT_LINES,
  connectServer,
  SHOWS_APPS,
  type ClientLine,
  type Connecting,
  type TestClient,
} from "../support/mcp.ts";
import { recordDraws } from "../support/night.ts";

const RUN = "backtest-steady-SPX-1";

type Listed = Awaited<ReturnType<TestClient["listTools"]>>[number];
const isForPage = (tool: Listed) => isToolVisibilityAppOnly(metaOf(tool));

let stack: Stack;
const clients = new Map<string, TestClient>();

beforeAll(async () => {
  stack = await startStack({ temporal: true });
  await recordDraws(stack.writer, { strategy: "steady", symbol: "SPX", sharpes: [0.2, 0.9, 1.6] });
  await recordOpen(stack.writer, "train-open-1");
});
afterAll(async () => {
  for (const client of clients.values()) await client.close();
  await stack.stop();
});

/** A client for all tests that want the same. */
async function connect(line: ClientLine, connecting: Connecting = {}): Promise<TestClient> {
  const wanted = `${line} ${JSON.stringify(connecting)}`;
  const client = clients.get(wanted) ?? (await connectServer(line, stack.env, connecting));
  clients.set(wanted, client);
  return client;
}
const host = async (line: ClientLine) => await connect(line, { capabilities: SHOWS_APPS });

describe.each(CLIENT_LINES)("a host of the %s line", (line) => {
  test("knows the page of a tool by both names, and offers no model what only the page calls", async () => {
    const tools = await (await host(line)).listTools();
    const linked = tools.filter((tool) => uriOf(tool) !== undefined);
    expect(linked.map(({ name }) => name)).toEqual(["list_tasks", "get_results", "propose_champion"]);
    for (const { _meta } of linked)
      expect(_meta).toEqual({
        ui: { resourceUri: "ui://ktrdr/research.html" },
        "ui/resourceUri": "ui://ktrdr/research.html",
      });
    expect(tools.filter(isForPage).map(({ name }) => name)).toEqual(["show_page"]);
  });

  test("finds the page among the resources", async () => {
    const { resources } = await (await host(line)).sdk.listResources();
    expect(resources.filter(({ uri }) => uri.startsWith("ui:"))).toMatchObject([
      { uri: "ui://ktrdr/research.html", mimeType: RESOURCE_MIME_TYPE },
    ]);
  });
});

describe("the page", () => {
  test("is small, and names nothing that would have to be fetched", async () => {
    const { text: html, ui } = await pageAt(await host("modern"), "ui://ktrdr/research.html");
    // A policy of the server's could only be weaker than a host's own.
    expect(ui).toEqual({ prefersBorder: true });
    expect(html.length).toBeLessThan(2_400);
    expect(html).not.toMatch(/\b(?:src|href)=|https?:/);
  });
});

describe("a client that shows no apps", () => {
  const ASKED: readonly (readonly [string, Record<string, unknown>])[] = [
    ["get_results", { task_id: RUN }],
    ["get_results", { task_id: "train-open-1" }],
    ["list_tasks", { kind: "training" }],
  ];

  test.each(CLIENT_LINES)("of the %s line sees nothing of it, and gets the same answers", async (line) => {
    const [plain, shows] = [await connect(line), await host(line)];
    expect(JSON.stringify(await plain.listTools())).not.toMatch(/show_page|ui:\/\/|_meta/);
    expect(JSON.stringify(await plain.sdk.listResources())).not.toContain("ui://");
    for (const [tool, args] of ASKED) {
      const { _meta: nothing, ...answer } = await plain.call(tool, args);
      const { _meta: meta, ...same } = await shows.call(tool, args);
      expect(same).toEqual(answer);
      expect(nothing ?? {}).not.toHaveProperty(["ktrdr/page"]);
      expect(meta).toHaveProperty(["ktrdr/page"]);
    }
  });

  test("over HTTP only clients from 2026-07-28 on can say that they do", async () => {
    const server = await startHttpProcess(stack.env);
    try {
      const seen = async (line: ClientLine) => {
        const client = await connectHttp(line, server.url, undefined, { capabilities: SHOWS_APPS });
        const tools = await client.listTools();
        await client.close();
        return tools.filter(isForPage).length;
      };
      expect([await seen("modern"), await seen("legacy")]).toEqual([1, 0]);
    } finally {
      await server.stop();
    }
  });
});
