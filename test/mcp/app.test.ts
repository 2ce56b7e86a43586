/** The researcher's page in a host of MCP Apps: a real server, the host of the extension's own library, the page's script. */
import {
  AppBridge,
  getToolUiResourceUri,
  isToolVisibilityAppOnly,
  RESOURCE_MIME_TYPE,
} from "@modelcontextprotocol/ext-apps/app-bridge";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFrame, type AppFrame } from "../support/app-frame.ts";
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
import { recordDraws, recordFailure } from "../support/night.ts";

const RUN = "backtest-steady-SPX-1";
const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

type Listed = Awaited<ReturnType<TestClient["listTools"]>>[number];
/** What a host reads of a tool; the SDK lines disagree about the types of the rest. */
const metaOf = ({ name, _meta = {} }: Listed) => ({ name, _meta });
const uriOf = (tool: Listed) => getToolUiResourceUri(metaOf(tool));
const isForPage = (tool: Listed) => isToolVisibilityAppOnly(metaOf(tool));

let stack: Stack;
const clients = new Map<string, TestClient>();

beforeAll(async () => {
  stack = await startStack({ temporal: true });
  await recordDraws(stack.writer, { strategy: "steady", symbol: "SPX", sharpes: [0.2, 0.9, 1.6] });
  await recordFailure(stack.writer, "train-hostile-1", HOSTILE);
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

async function pageOf(client: TestClient, uri: string): Promise<string> {
  const [content] = (await client.sdk.readResource({ uri })).contents;
  if (content === undefined || !("text" in content)) throw new Error(`nothing at ${uri}`);
  expect(content).toMatchObject({ uri, mimeType: RESOURCE_MIME_TYPE, _meta: { ui: { prefersBorder: true } } });
  // A policy of the server's could only be weaker than a host's own.
  expect(content._meta).not.toHaveProperty("ui.csp");
  return content.text;
}

interface Shown {
  readonly bridge: AppBridge;
  readonly frame: AppFrame;
  /** Paths that the page asked for. */
  readonly asked: string[];
  readonly opened: string[];
  readonly heights: (number | undefined)[];
  /** How the host answers the page. */
  call: (path: string) => Promise<CallToolResult>;
}

/** What a host does with a tool's answer: opens the tool's page, and tells it of the call. */
async function show(client: TestClient, name: string, args: Record<string, unknown>): Promise<Shown> {
  const [uri = "none"] = (await client.listTools()).flatMap((one) => (one.name === name ? (uriOf(one) ?? []) : []));
  const frame = openFrame(await pageOf(client, uri));
  const bridge = new AppBridge(
    null,
    { name: "host", version: "1" },
    { serverTools: {}, openLinks: {} },
    { hostContext: { theme: "dark" } },
  );
  const call: Shown["call"] = async (path) => await client.call("show_page", { path });
  const shown: Shown = { bridge, frame, asked: [], opened: [], heights: [], call };
  bridge.oncalltool = async ({ name: asked, arguments: { path = "" } = {} }) => {
    expect(asked).toBe("show_page");
    shown.asked.push(String(path));
    return await shown.call(String(path));
  };
  bridge.onopenlink = async ({ url }) => {
    shown.opened.push(url);
    return {};
  };
  bridge.onsizechange = ({ height }) => void shown.heights.push(height);
  const ready = new Promise<void>((resolve) => (bridge.oninitialized = () => resolve()));
  await bridge.connect(frame.transport);
  await ready;
  await bridge.sendToolInput({ arguments: args });
  await bridge.sendToolResult(await client.call(name, args));
  return shown;
}

describe.each(CLIENT_LINES)("a host of the %s line", (line) => {
  test("knows the page of a tool by both names, and offers no model what only the page calls", async () => {
    const tools = await (await host(line)).listTools();
    const linked = tools.filter((tool) => uriOf(tool) !== undefined);
    expect(linked.map(({ name }) => name)).toEqual(["list_tasks", "get_results"]);
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

  test("shows the view that belongs to the answer, and every view that a link leads to", async () => {
    const { bridge, frame, asked, opened, heights } = await show(await host(line), "get_results", { task_id: RUN });
    await expect.poll(() => frame.main.innerHTML).toContain(`<h1>${RUN}</h1>`);
    expect(asked).toEqual([`/runs/${RUN}`]);
    expect(frame.root.style.colorScheme).toBe("dark");
    expect(frame.main.style.opacity).toBe(1);
    // A host that shows an answer leaves the keyboard where the reader writes.
    expect(frame.main.focused).toBe(0);

    const [, link = ""] = /href="(\/shortlist)"/.exec(frame.main.innerHTML) ?? [];
    frame.click(link);
    await expect.poll(() => frame.main.innerHTML).toContain("<h1>Shortlist</h1>");
    expect(frame.main.focused).toBe(1);

    frame.click("https://temporal.example/workflows/1");
    await expect.poll(() => opened).toEqual(["https://temporal.example/workflows/1"]);
    expect(asked).toEqual([`/runs/${RUN}`, "/shortlist"]);

    frame.resize(1234.5);
    await expect.poll(() => heights).toEqual([40, 1235]);
    await bridge.sendHostContextChange({ theme: "light" });
    await expect.poll(() => frame.root.style.colorScheme).toBe("light");
    expect(await bridge.teardownResource({})).toEqual({});
  });

  test("shows of a refused call what can be shown", async () => {
    const { frame, asked } = await show(await host(line), "get_results", { task_id: "train-open-1" });
    await expect.poll(() => frame.main.innerHTML).toContain("<h1>train-open-1</h1>");
    expect(asked).toEqual(["/runs/train-open-1"]);
  });

  test("gets the same list as the tool's", async () => {
    const { frame, asked } = await show(await host(line), "list_tasks", {
      status: "failed",
      kind: "training",
      limit: 5,
    });
    await expect.poll(() => frame.main.innerHTML).toContain("Every failed training");
    expect(asked).toEqual(["/runs?status=failed&kind=training"]);
    expect(frame.main.innerHTML).toContain("&lt;script&gt;alert(2)");
    expect(frame.main.innerHTML).not.toMatch(/<script|<img|onerror="/);
  });
});

describe("the page in a frame", () => {
  test("says so when there is no view, and when the call was cancelled", async () => {
    const { bridge, frame } = await show(await host("modern"), "list_tasks", {});
    frame.click("/nowhere");
    await expect.poll(() => frame.main.textContent).toMatch(/^\[invalid_input -32602\] The page has no view/);
    await bridge.sendToolCancelled({});
    await expect.poll(() => frame.main.textContent).toBe("The call was cancelled.");
  });

  test("shows what was asked for last, whatever is answered first", async () => {
    const shown = await show(await host("modern"), "list_tasks", {});
    const { bridge, frame } = shown;
    await expect.poll(() => frame.main.innerHTML).toContain("<h1>");
    const answers = new Map<string, (answer: CallToolResult) => void>();
    shown.call = async (path) => await new Promise((resolve) => answers.set(path, resolve));
    const answer = (path: string) =>
      answers.get(path)?.({ content: [{ type: "text", text: path }], structuredContent: { title: path, html: path } });
    frame.click("/luck");
    frame.click("/shortlist");
    await expect.poll(() => answers.size).toBe(2);
    answer("/shortlist");
    await expect.poll(() => frame.main.innerHTML).toBe("/shortlist");
    answer("/luck");
    // The page answers in the order of what it hears.
    await bridge.teardownResource({});
    expect(frame.main.innerHTML).toBe("/shortlist");
  });

  test("hears its host only", async () => {
    const { bridge, frame, asked } = await show(await host("modern"), "list_tasks", {});
    await expect.poll(() => asked).toHaveLength(1);
    frame.forge({ jsonrpc: "2.0", method: "ui/notifications/tool-result", params: { content: [] } });
    frame.forge({ jsonrpc: "2.0", id: 2, result: { structuredContent: { html: "forged" } } });
    await bridge.teardownResource({});
    expect(asked).toHaveLength(1);
    expect(frame.main.innerHTML).not.toBe("forged");
  });

  test("is there for who may only read", async () => {
    const client = await connect("modern", { capabilities: SHOWS_APPS, args: ["--read-only"] });
    const { frame } = await show(client, "get_results", { task_id: RUN });
    await expect.poll(() => frame.main.innerHTML).toContain(`<h1>${RUN}</h1>`);
  });

  test("is small, and names nothing that would have to be fetched", async () => {
    const html = await pageOf(await host("modern"), "ui://ktrdr/research.html");
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
