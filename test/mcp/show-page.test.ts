import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VIEWS } from "../../src/page/views/index.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { recordDraws, recordFailure } from "../support/night.ts";

const HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202E';

describe("show_page", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
    await recordDraws(stack.writer, { strategy: "steady", symbol: "SPX", sharpes: [0.2, 0.9, 1.6] });
    await recordFailure(stack.writer, "train-hostile-1", HOSTILE);
  });
  afterAll(async () => {
    await stack.stop();
  });

  /** An id that exists; of other places none does. */
  const IDS: Readonly<Record<string, string>> = { "/luck/:id": "SPX", "/runs/:id": "backtest-steady-SPX-1" };

  test.each(Object.keys(VIEWS))("%s comes whole: nothing of it has to be fetched", async (place) => {
    const path = place.replace(":id", IDS[place] ?? "none");
    const { content, structuredContent } = await stack.call("show_page", { path });
    const { title, html } = structuredContent as { title: string; html: string };
    expect(html).toContain(`<h1>${title}</h1>`);
    expect(html).toMatch(/Read at <time[^]*Read it again/);
    expect(html.match(/ src="(?!data:image\/svg\+xml;base64,)/g)).toBeNull();
    expect(html).not.toMatch(/srcset|<link|<script|url\(/);
    expect(html.length).toBeLessThan(60_000);
    expect(content).toEqual([{ type: "text", text: `${title}. The view is in structuredContent, as HTML.` }]);
  });

  test("without a path it begins where the page begins", async () => {
    expect(await stack.ask("show_page")).toMatchObject({ title: "Since you looked" });
  });

  test("the menu has the views that there are, and says where the reader is", async () => {
    const { html } = await stack.ask("show_page", { path: "/runs?status=failed" });
    const [, menu = ""] = /<nav([^]*)<\/nav>/.exec(String(html)) ?? [];
    const paths = [...menu.matchAll(/href="([^"]*)"/g)].map(([, path]) => path);
    expect(paths).toEqual(paths.filter((path) => VIEWS[path ?? ""] !== undefined));
    expect(menu).toMatch(/<a href="\/runs"\s+aria-current="page"/);
    expect(html).toContain('<a href="/runs?status=failed">Read it again</a>');
  });

  test.each([
    "https://evil.example/",
    "//evil.example/runs",
    "/\\evil.example/runs",
    "javascript:alert(1)",
    "data:text/html,x",
    "runs",
    "/runs/",
    "/runs/a/b",
    "/mcp",
    "/health",
    "/page.css",
    "/pictures/shortlist.svg",
    "/constructor",
    "/../../etc/passwd",
  ])("refuses %s, and says which paths there are", async (path) => {
    expect(await stack.refused("show_page", { path })).toMatch(
      /^\[invalid_input -32602\] The page has no view at this path\. Valid: \/, \/approvals, .*Next: follow a link/,
    );
  });

  test("texts of others stay texts", async () => {
    for (const path of ["/", "/runs", "/runs/train-hostile-1"]) {
      const html = String((await stack.ask("show_page", { path }))["html"]).replaceAll("<wbr />", "");
      expect(html, path).toContain(
        "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&lt;script&gt;alert(2)&lt;/script&gt;⟨U+202E⟩",
      );
      expect(html, path).not.toMatch(/<img src=x|<script/);
    }
    const { html } = await stack.ask("show_page", { path: `/runs/${encodeURIComponent("<b>bold</b>")}` });
    expect(html).toContain("<h1>&lt;b&gt;bold&lt;/b&gt;</h1>");
    expect(html).not.toContain("<b>");
  });

  test("a wrong query is answered in words", async () => {
    expect(String((await stack.ask("show_page", { path: "/runs?kind=poem" }))["html"])).toContain(
      "kind is one of training",
    );
  });
});
