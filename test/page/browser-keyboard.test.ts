/** The page by keyboard alone. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { inBrowser, startBrowser, type TestBrowser } from "../support/browser.ts";
import { goTo, inPage, openPage, WIDTHS, type Opened } from "../support/opened-page.ts";
import { addressesOf } from "../support/page-addresses.ts";
import { startPageSite, type PageSite } from "../support/page-site.ts";
import { recordNight } from "../support/research-night.ts";

/** What the keyboard must reach, in the order in which it stands. */
const REACHABLE = `[...document.querySelectorAll("a[href], summary, button, input, select, textarea, .wide, pre")]
  .filter((one) => one.checkVisibility())`;

/** The place of what has the focus, and whether a reader sees that it has. */
const FOCUSED = `(() => {
  const { activeElement: focused } = document;
  const { outlineStyle, outlineWidth } = getComputedStyle(focused);
  const { right, bottom } = focused.getBoundingClientRect();
  const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && right > 0 && bottom > 0;
  return { place: ${REACHABLE}.indexOf(focused), seen, html: focused.outerHTML.slice(0, 80) };
})()`;

interface Focused {
  readonly place: number;
  readonly seen: boolean;
  readonly html: string;
}

inBrowser("by keyboard", () => {
  let browser: TestBrowser;
  let site: PageSite;
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startPageSite()]);
    await recordNight(site.stack);
  });
  afterAll(async () => {
    await Promise.all([browser.stop(), site.stop()]);
  });

  const opened = async (at: string, width: number): Promise<Opened> => {
    const page = await openPage(browser.browser, { width });
    await goTo(page, `${site.url}${at}`);
    return page;
  };

  test("the first key leads past the menu to the content", async () => {
    const page = await opened("/", WIDTHS[1]);
    await page.page.keyboard.press("Tab");
    const skip = await inPage<Focused>(page, FOCUSED);
    expect(skip).toMatchObject({ place: 0, seen: true, html: expect.stringContaining("To the content") });
    await page.page.keyboard.press("Enter");
    expect(await inPage(page, "document.activeElement.id")).toBe("main");
    await page.page.keyboard.press("Tab");
    expect(await inPage(page, `document.activeElement.closest("main") !== null`)).toBe(true);
    await page.page.close();
  });

  test("every link, table and text is reached in its order, and the focus is seen on each", async () => {
    const found: string[] = [];
    for (const { at } of await addressesOf(site.url)) {
      const page = await opened(at, WIDTHS[0]);
      const most = await inPage<number>(page, `${REACHABLE}.length`);
      for (let place = 0; place < most; place += 1) {
        await page.page.keyboard.press("Tab");
        const focused = await inPage<Focused>(page, FOCUSED);
        if (focused.place !== place || !focused.seen) found.push(`${at} ${place}: ${JSON.stringify(focused)}`);
      }
      await page.page.close();
    }
    expect(found).toEqual([]);
  });

  test("a table wider than a telephone is scrolled by the arrows", async () => {
    const page = await opened("/runs", WIDTHS[0]);
    const scrolled = `document.querySelector(".wide").scrollLeft`;
    expect(await inPage(page, `document.querySelector(".wide").scrollWidth > innerWidth`)).toBe(true);
    await page.page.focus(".wide");
    await page.page.keyboard.press("ArrowRight");
    await page.page.waitForFunction(`${scrolled} > 0`);
    await page.page.close();
  });

  test("a text that is folded up is opened by Enter", async () => {
    const page = await opened("/runs/backtest-macd_adx_trend-2", WIDTHS[0]);
    await page.page.focus("summary");
    await page.page.keyboard.press("Enter");
    await page.page.waitForSelector("details[open]");
    await page.page.close();
  });
});
