/** The researcher's page in a host of MCP Apps: a real server, the extension's own host, a real frame. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { show, type Shown } from "../support/app-host.ts";
import { inBrowser, startBrowser, type TestBrowser } from "../support/browser.ts";
import { recordOpen } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { CLIENT_LINES, connectServer, SHOWS_APPS, type Connecting, type TestClient } from "../support/mcp.ts";
import { recordDraws, recordFailure } from "../support/night.ts";

const RUN = "backtest-steady-SPX-1";
const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

const TITLE = `document.querySelector("main h1")?.textContent`;
const TEXT = `document.querySelector("main").textContent`;
const HAS_FOCUS = `document.activeElement === document.querySelector("main")`;
/** What a reader sees the theme by. */
const PAPER = `getComputedStyle(document.body).backgroundColor`;
const [DARK, LIGHT] = ["rgb(23, 25, 28)", "rgb(253, 253, 252)"];
const HEIGHT = `Math.ceil(document.documentElement.getBoundingClientRect().height)`;

inBrowser("the page in a host of MCP Apps", () => {
  let stack: Stack;
  let browser: TestBrowser;
  const shown: Shown[] = [];
  const clients: TestClient[] = [];

  beforeAll(async () => {
    [stack, browser] = await Promise.all([startStack({ temporal: true }), startBrowser()]);
    await recordDraws(stack.writer, { strategy: "steady", symbol: "SPX", sharpes: [0.2, 0.9, 1.6] });
    await recordFailure(stack.writer, "train-hostile-1", HOSTILE);
    await recordOpen(stack.writer, "train-open-1");
  });
  afterEach(async () => {
    const complaints = shown.flatMap(({ frame }) => frame.complaints);
    for (const { frame } of shown.splice(0)) await frame.close();
    for (const client of clients.splice(0)) await client.close();
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([stack.stop(), browser.stop()]);
  });

  async function open(
    name: string,
    args: Record<string, unknown>,
    { line = "modern", ...connecting }: Connecting & { readonly line?: (typeof CLIENT_LINES)[number] } = {},
  ): Promise<Shown> {
    const client = await connectServer(line, stack.env, { capabilities: SHOWS_APPS, ...connecting });
    clients.push(client);
    const one = await show(browser.browser, client, name, args);
    shown.push(one);
    return one;
  }
  const read = async <T>({ frame }: Shown, expression: string): Promise<T> => await frame.inFrame<T>(expression);
  const becomes = async (one: Shown, expression: string, value: unknown) =>
    await expect.poll(async () => await read(one, expression)).toEqual(value);

  test.each(CLIENT_LINES)(
    "of the %s line: the view of the answer, and every view that a link leads to",
    async (line) => {
      const one = await open("get_results", { task_id: RUN }, { line });
      const { bridge, frame, asked, opened, heights } = one;
      await becomes(one, TITLE, RUN);
      expect(asked).toEqual([`show_page /runs/${RUN}`]);
      await becomes(one, PAPER, DARK);
      expect(await read(one, `document.querySelector("main").style.opacity`)).toBe("1");
      // A host that shows an answer leaves the keyboard where the reader writes.
      expect(await read(one, HAS_FOCUS)).toBe(false);

      await frame.follow("/shortlist");
      await becomes(one, TITLE, "Shortlist");
      expect(await read(one, HAS_FOCUS)).toBe(true);

      await frame.follow("https://temporal.example/workflows/1");
      await expect.poll(() => opened).toEqual(["https://temporal.example/workflows/1"]);
      expect(asked).toEqual([`show_page /runs/${RUN}`, "show_page /shortlist"]);

      const height = await read<number>(one, HEIGHT);
      await expect.poll(() => heights.at(-1)).toBe(height);
      expect(height).toBeGreaterThan(200);
      await bridge.sendHostContextChange({ theme: "light" });
      await becomes(one, PAPER, LIGHT);
      expect(await bridge.teardownResource({})).toEqual({});
    },
  );

  test("has its pictures with it", async () => {
    const one = await open("get_results", { task_id: RUN });
    await becomes(one, TITLE, RUN);
    await one.frame.follow("/luck/SPX");
    await becomes(one, TITLE, "Luck on SPX");
    const drawn = `[...document.images].map((image) => image.complete && image.naturalWidth > 0)`;
    await becomes(one, drawn, [true]);
  });

  test("shows of a refused call what can be shown", async () => {
    const one = await open("get_results", { task_id: "train-open-1" });
    await becomes(one, TITLE, "train-open-1");
    expect(one.asked).toEqual(["show_page /runs/train-open-1"]);
  });

  test("gets the same list as the tool's, and texts of attackers as texts", async () => {
    const one = await open("list_tasks", { status: "failed", kind: "training", limit: 5 });
    await expect.poll(async () => await read(one, TEXT)).toContain("Every failed training");
    expect(one.asked).toEqual(["show_page /runs?status=failed&kind=training"]);
    expect(await read(one, TEXT)).toContain(HOSTILE);
    expect(await read(one, `document.querySelectorAll("main script, main img, main [onerror]").length`)).toBe(0);
  });

  test("says so when there is no view, and when the call was cancelled", async () => {
    const one = await open("list_tasks", {});
    await becomes(one, TITLE, "Runs");
    await one.frame.follow("/nowhere");
    await expect.poll(async () => await read(one, TEXT)).toMatch(/^\[invalid_input -32602\] The page has no view/);
    await one.bridge.sendToolCancelled({});
    await becomes(one, TEXT, "The call was cancelled.");
  });

  test("shows what was asked for last, whatever is answered first", async () => {
    const one = await open("list_tasks", {});
    await becomes(one, TITLE, "Runs");
    const answers = new Map<string, (answer: CallToolResult) => void>();
    one.call = async (path) => await new Promise((resolve) => answers.set(path, resolve));
    const answer = (path: string) =>
      answers.get(path)?.({ content: [{ type: "text", text: path }], structuredContent: { title: path, html: path } });
    await one.frame.follow("/luck");
    await one.frame.follow("/shortlist");
    await expect.poll(() => answers.size).toBe(2);
    answer("/shortlist");
    await becomes(one, TEXT, "/shortlist");
    answer("/luck");
    // The page answers in the order of what it hears.
    await one.bridge.teardownResource({});
    expect(await read(one, TEXT)).toBe("/shortlist");
  });

  test("hears its host only", async () => {
    const one = await open("list_tasks", {});
    await becomes(one, TITLE, "Runs");
    await one.frame.forge({ jsonrpc: "2.0", method: "ui/notifications/tool-result", params: { content: [] } });
    await one.frame.forge({ jsonrpc: "2.0", id: 2, result: { structuredContent: { html: "forged" } } });
    await one.bridge.teardownResource({});
    expect(one.asked).toHaveLength(1);
    expect(await read(one, TITLE)).toBe("Runs");
  });

  test("is there for who may only read", async () => {
    const one = await open("get_results", { task_id: RUN }, { args: ["--read-only"] });
    await becomes(one, TITLE, RUN);
  });
});
