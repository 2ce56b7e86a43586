/** A host of MCP Apps: the extension's own library, and what it reads of a real server. */
import { AppBridge, getToolUiResourceUri, RESOURCE_MIME_TYPE } from "@modelcontextprotocol/ext-apps/app-bridge";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Browser } from "puppeteer-core";
import { openFrame, type AppFrame } from "./app-frame.ts";
import type { TestClient } from "./mcp.ts";

type Listed = Awaited<ReturnType<TestClient["listTools"]>>[number];

/** What a host reads of a tool; the SDK lines disagree about the types of the rest. */
export const metaOf = ({ name, _meta = {} }: Listed) => ({ name, _meta });

export const uriOf = (tool: Listed): string | undefined => getToolUiResourceUri(metaOf(tool));

/** The page at an address, with what a host is told of it. */
export async function pageAt(client: TestClient, uri: string): Promise<{ text: string; ui: object }> {
  const [content] = (await client.sdk.readResource({ uri })).contents;
  if (content === undefined || !("text" in content)) throw new Error(`nothing at ${uri}`);
  if (content.mimeType !== RESOURCE_MIME_TYPE) throw new Error(`${uri} is ${content.mimeType}`);
  const { ui } = content._meta as { ui: object };
  return { text: content.text, ui };
}

export interface Shown {
  readonly bridge: AppBridge;
  readonly frame: AppFrame;
  /** Tools and paths that the page asked for. */
  readonly asked: string[];
  readonly opened: string[];
  readonly heights: (number | undefined)[];
  /** How the host answers the page. */
  call: (path: string) => Promise<CallToolResult>;
}

/** What a host does with a tool's answer: opens the tool's page, and tells it of the call. */
export async function show(
  browser: Browser,
  client: TestClient,
  name: string,
  args: Record<string, unknown>,
): Promise<Shown> {
  const [uri = "none"] = (await client.listTools()).flatMap((one) => (one.name === name ? (uriOf(one) ?? []) : []));
  const frame = await openFrame(browser, (await pageAt(client, uri)).text);
  const bridge = new AppBridge(
    null,
    { name: "host", version: "1" },
    { serverTools: {}, openLinks: {} },
    { hostContext: { theme: "dark" } },
  );
  const call: Shown["call"] = async (path) => await client.call("show_page", { path });
  const shown: Shown = { bridge, frame, asked: [], opened: [], heights: [], call };
  bridge.oncalltool = async ({ name: asked, arguments: { path = "" } = {} }) => {
    shown.asked.push(`${asked} ${String(path)}`);
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
