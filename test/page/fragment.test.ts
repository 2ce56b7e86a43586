import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../../src/logger.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { fragmentAt } from "../../src/page/fragment.ts";
import { createPage } from "../../src/page/page.ts";
import { VIEWS } from "../../src/page/views/index.ts";
import type { Deps } from "../../src/research/ports.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { recordDraws } from "../support/night.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await recordDraws(stack.writer, { strategy: "steady", symbol: "SPX", sharpes: [0.2, 0.9, 1.6] });
});
afterAll(() => stack.stop());

const drawing = (svg: () => Promise<string>): Deps => ({
  ...stack.deps,
  charts: { ...stack.deps.charts, luck: () => ({ svg, png: async () => new Uint8Array() }) },
});

test("a drawing stands in its view, drawn for light paper", async () => {
  const { html } = await fragmentAt(
    drawing(async () => "<svg>small</svg>"),
    "/luck/SPX",
  );
  const data = Buffer.from("<svg>small</svg>").toString("base64");
  expect(html).toContain(`src="data:image/svg+xml;base64,${data}"`);
  expect(html).toContain("figure img { background: #fdfdfc; }");
});

test.each([
  ["is too large for one message", async () => "x".repeat(60_000)],
  [
    "cannot be drawn here",
    () => Promise.reject(new DomainError("charts_missing", { what: "Charts cannot be drawn." })),
  ],
])("a drawing that %s is left out; its words stay", async (_why, svg) => {
  const { html } = await fragmentAt(drawing(svg), "/luck/SPX");
  expect(html).not.toContain("<img");
  expect(html).toContain(">The best on SPX is steady, Sharpe 1.60.");
});

test("a part that is away is said, as on the page", async () => {
  const lost = await startStack();
  await lost.stop();
  const { title, html } = await fragmentAt(lost.deps, "/runs");
  expect(title).toBe("A part is away");
  expect(html).toContain("Research goes on without this page.");
});

test("a defect is thrown, for whoever asked to log", async () => {
  const now = new Date();
  const broken = { ...stack.deps, now: async () => now, records: {} as Deps["records"] };
  await expect(fragmentAt(broken, "/runs")).rejects.toThrow(TypeError);
});

test("every place of the page has its fragment, with the same id and query", async () => {
  const page = createPage({ deps: async () => stack.deps, log: createLogger("test", "silent") });
  const ids = ["plain", "%41", "a%2Fb", "%", "%E0%A4%A", "%2525", "..%2f", "ü", "a%20b"];
  const paths = Object.keys(VIEWS).flatMap((place) =>
    place.includes(":id") ? ids.map((id) => place.replace(":id", id)) : [place],
  );
  for (const path of paths) {
    const answer = await page.request(`${path}?as=content&status=failed`);
    const content = await answer.text();
    const { html } = await fragmentAt(stack.deps, `${path}?status=failed`);
    const [heading] = /<h1>[^]*?<\/p>/.exec(content) ?? [];
    expect(heading, path).toBeDefined();
    expect(html, path).toContain(heading);
  }
});
