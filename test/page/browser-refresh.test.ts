/** The page's script: it replaces what changed, and nothing that the reader holds. */
import { Hono } from "hono";
import type { Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { documentOf } from "../../src/page/html.ts";
import { paragraph, section, table, type Block, type View } from "../../src/page/view.ts";
import { inBrowser, startBrowser, type TestBrowser } from "../support/browser.ts";
import { recordDraws } from "../support/night.ts";
import { goTo, inPage, openPage, type Opened } from "../support/opened-page.ts";
import { servePage, type PageServer } from "../support/page-over-http.ts";
import { startPageSite, type PageSite } from "../support/page-site.ts";

/** The page's clock is in the test's hand: `tick()` does what ten seconds would have done. So is whether it is seen. */
const CLOCK = `
const ticks = [];
globalThis.setInterval = (work) => ticks.push(work);
globalThis.tick = () => Promise.all(ticks.map((work) => work()));
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
globalThis.hide = (now) => { hidden = now; document.dispatchEvent(new Event("visibilitychange")); };
`;

inBrowser("the refreshing page", () => {
  let browser: TestBrowser;
  let site: PageSite;
  /** A page whose view the test changes. */
  let server: PageServer;
  let view: View;
  let readings = 0;
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startPageSite()]);
    const changing = new Hono().get("/changing", async ({ html }) => {
      readings += 1;
      const readAt = new Date(Date.UTC(2026, 0, 1, 0, readings)).toISOString();
      return await html(documentOf(view, { at: "/changing", temporalUi: null, readAt }));
    });
    server = await servePage(async () => site.stack.deps, changing);
  });
  afterAll(async () => {
    await Promise.all([browser.stop(), site.stop(), server.stop()]);
  });

  const rows = (first: number): Block =>
    table({
      caption: "Numbers",
      columns: [{ title: "number" }, { title: "link" }],
      rows: Array.from({ length: 40 }, (_, at) => ({
        cells: [String(first + at), { text: `run ${first + at}`, href: `/runs/n-${first + at}` }],
      })),
      empty: "",
    });
  const numbers = (first: number, ...before: readonly Block[]): View => ({
    title: "Changing",
    lead: `It begins at ${first}.`,
    alive: true,
    sections: [
      section("Still", paragraph("This never changes."), { kind: "code", label: "A text", text: "folded up" }),
      section("Moving", ...before, { kind: "code", label: `From ${first}`, text: `text ${first}` }, rows(first)),
    ],
  });

  let opened: Opened;
  let page: Page;
  beforeEach(async () => {
    view = numbers(1);
    opened = await openPage(browser.browser, { before: CLOCK });
    ({ page } = opened);
    await goTo(opened, `${server.url}/changing`);
  });
  afterEach(async () => {
    await page.close();
    expect(opened.complaints).toEqual([]);
  });
  const tick = async () => await page.evaluate("tick()");
  const seen = async <T>(expression: string) => await inPage<T>(opened, expression);

  test("replaces what changed, and says when it was read", async () => {
    await seen(`document.querySelectorAll("section").forEach((one) => { one.old = true; })`);
    const footer = await seen<string>(`document.querySelector("footer").innerText`);
    view = numbers(2);
    await tick();
    expect(await seen(`document.querySelector(".lead").innerText`)).toBe("It begins at 2.");
    expect(await seen(`document.querySelector("td").innerText`)).toBe("2");
    expect(await seen(`[...document.querySelectorAll("section")].map(({ old = false }) => old)`)).toEqual([
      true,
      false,
    ]);
    expect(await seen(`document.querySelector("footer").innerText`)).not.toBe(footer);
  });

  test("keeps what was folded open, also in a part that changed", async () => {
    await seen(`document.querySelectorAll("details").forEach((one) => { one.open = true; })`);
    view = numbers(2);
    await tick();
    expect(await seen(`document.querySelectorAll("summary")[1].innerText`)).toBe("From 2");
    expect(await seen(`[...document.querySelectorAll("details")].map(({ open }) => open)`)).toEqual([true, true]);
  });

  test("keeps the focus on the same link, though other rows stand before it", async () => {
    await page.focus('a[href="/runs/n-20"]');
    view = numbers(11);
    await tick();
    expect(await seen(`document.activeElement.innerText`)).toBe("run 20");
    expect(await seen(`document.querySelector("td").innerText`)).toBe("11");
    view = numbers(100);
    await tick();
    expect(await seen(`document.querySelector("td").innerText`)).toBe("100");
  });

  test("keeps the place to which a page and a table were scrolled", async () => {
    await page.setViewport({ width: 360, height: 500 });
    view = { ...numbers(1), sections: [...numbers(1).sections, section("Wide", wide(1))] };
    await tick();
    await seen(`(scrollTo(0, 700), document.querySelectorAll(".wide")[1].scrollLeft = 80)`);
    view = { ...numbers(2), sections: [...numbers(2).sections, section("Wide", wide(2))] };
    await tick();
    expect(await seen(`document.querySelectorAll(".wide")[1].scrollLeft`)).toBe(80);
    expect(await seen(`scrollY`)).toBe(700);
  });
  const wide = (first: number): Block =>
    table({
      caption: "Wide",
      columns: Array.from({ length: 20 }, (_, at) => ({ title: `column ${at}`, figures: true as const })),
      rows: [{ cells: Array.from({ length: 20 }, (_, at) => String(first * 1_000 + at)) }],
      empty: "",
    });

  test("a part that comes or goes leaves the others as they are", async () => {
    await seen(`document.querySelectorAll("section").forEach((one) => { one.old = true; })`);
    await page.focus("section:last-of-type a");
    view = { ...numbers(1), sections: [section("New", paragraph("It has come.")), ...numbers(1).sections] };
    await tick();
    const titles = `[...document.querySelectorAll("section")].map((one) => [one.querySelector("h2").innerText, one.old ?? false])`;
    expect(await seen(titles)).toEqual([
      ["New", false],
      ["Still", true],
      ["Moving", true],
    ]);
    expect(await seen(`document.activeElement.innerText`)).toBe("run 1");
    view = numbers(1);
    await tick();
    expect(await seen(titles)).toEqual([
      ["Still", true],
      ["Moving", true],
    ]);
  });

  test("asks nothing while nobody sees it, and at once when somebody does", async () => {
    const before = readings;
    await page.evaluate("hide(true)");
    for (let times = 0; times < 3; times += 1) await tick();
    expect(readings).toBe(before);
    view = numbers(2);
    const asked = page.waitForResponse((response) => response.url().endsWith("/changing"));
    await page.evaluate("hide(false)");
    await asked;
    await page.waitForFunction(`document.querySelector(".lead").innerText === "It begins at 2."`);
    expect(readings).toBe(before + 1);
  });

  test("a server that is away changes nothing, and the page says so until it is back", async () => {
    const text = await seen<string>(`document.querySelector("main").innerText`);
    await page.setOfflineMode(true);
    await tick();
    expect(await seen(`document.querySelector("main").innerText`)).toBe(text);
    expect(await seen(`document.querySelector("[role=status]").innerText`)).toContain("could not be read again");
    await page.setOfflineMode(false);
    view = numbers(2);
    await tick();
    expect(await seen(`document.querySelector("td").innerText`)).toBe("2");
    expect(await seen(`document.querySelector("[role=status]")`)).toBe(null);
    opened.takeComplaints();
  });
});

inBrowser("the page with its own clock", () => {
  let browser: TestBrowser;
  let site: PageSite;
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startPageSite()]);
  });
  afterAll(async () => {
    await Promise.all([browser.stop(), site.stop()]);
  });

  test("shows what ended, with its picture, without being asked", async () => {
    const opened = await openPage(browser.browser);
    await goTo(opened, `${site.url}/`);
    expect(await inPage(opened, `document.querySelector("main").innerText`)).toContain("no job ended");
    await recordDraws(site.stack.writer, { strategy: "late", symbol: "SPX", sharpes: [0.4] });
    const asked = await opened.page.waitForRequest((request) => request.headers()["x-refresh"] === "1");
    expect(asked.url()).toBe(`${site.url}/`);
    await opened.page.waitForFunction(`document.querySelector("main").innerText.includes("2 jobs ended")`);
    await opened.page.waitForFunction(`[...document.images].some(({ naturalWidth }) => naturalWidth > 0)`);
    expect(opened.complaints).toEqual([]);
    await opened.page.close();
  });

  test("draws a picture anew when what it shows has changed", async () => {
    const opened = await openPage(browser.browser, { before: CLOCK });
    await goTo(opened, `${site.url}/luck/SPX`);
    await recordDraws(site.stack.writer, { strategy: "later", symbol: "SPX", sharpes: [1.4] });
    const drawn = opened.page.waitForResponse((response) => response.url().includes("/pictures/luck/"));
    await opened.page.evaluate("tick()");
    expect((await drawn).status()).toBe(200);
    await opened.page.waitForFunction(
      `document.querySelector("section").innerText.includes("the best is backtest-later-SPX-0")`,
    );
    await opened.page.close();
  });
});
