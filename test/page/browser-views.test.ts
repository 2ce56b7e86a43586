/** Every view in a real browser, over records of several sizes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inBrowser, startBrowser, type TestBrowser } from "../support/browser.ts";
import { fillJobs } from "../support/many-jobs.ts";
import { recordDraws } from "../support/night.ts";
import {
  axeFindings,
  brokenPictures,
  goTo,
  openPage,
  readText,
  setWidth,
  THEMES,
  tooWide,
  WIDTHS,
} from "../support/opened-page.ts";
import { addressesOf, type Address } from "../support/page-addresses.ts";
import { startPageSite, type PageSite } from "../support/page-site.ts";
import { processesOf } from "../support/processes.ts";
import { recordNight } from "../support/research-night.ts";
import type { Stack } from "../support/mcp-stack.ts";

const MOST_BYTES = 60_000;

const one = async ({ writer }: Stack) => {
  await recordDraws(writer, { strategy: "alone", symbol: "SPX", sharpes: [0.8] });
};

/** What is on record, and how many addresses are looked at of each view that shows one of many. */
const RECORDS: readonly (readonly [string, (stack: Stack) => Promise<unknown>, number])[] = [
  ["nothing on record", async () => undefined, 1],
  ["one run on record", one, 1],
  ["10,000 jobs on record", async ({ databaseUrl }) => await fillJobs(databaseUrl, 10_000), 1],
  ["a night of research on record", async (stack) => await recordNight(stack), 12],
];

inBrowser("every view", () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.stop();
    expect(await processesOf(browser.dir)).toEqual([]);
  });

  describe.each(RECORDS)("with %s", (_, fill, each) => {
    let site: PageSite;
    let addresses: readonly Address[];
    beforeAll(async () => {
      site = await startPageSite();
      await fill(site.stack);
      addresses = await addressesOf(site.url, each);
    });
    afterAll(() => site.stop());

    /** What is found at each address, with the address before it. */
    async function findings(look: (address: Address) => Promise<readonly string[]>): Promise<string[]> {
      const found: string[] = [];
      for (const address of addresses) found.push(...(await look(address)).map((one) => `${address.at}: ${one}`));
      return found;
    }

    test("loads without a complaint, with all its pictures, and never wider than the window", async () => {
      const found = await findings(async ({ at, nothing }) => {
        const opened = await openPage(browser.browser);
        await goTo(opened, `${site.url}${at}`);
        const wide: string[] = [];
        for (const width of WIDTHS) {
          await setWidth(opened, width);
          wide.push(...(await tooWide(opened)).map((one) => `too wide at ${width}: ${one}`));
        }
        const broken = await brokenPictures(opened);
        await opened.page.close();
        // The browser complains of every answer 404, also of one that was expected.
        const complaints = opened.complaints.filter((one) => !nothing || !/^404: |status of 404/.test(one));
        return [...complaints, ...broken.map((one) => `no picture: ${one}`), ...wide];
      });
      expect(found).toEqual([]);
    });

    test.each(THEMES)("is readable for everybody, as far as axe can tell, in %s", async (theme) => {
      const found = await findings(async ({ at }) => {
        const opened = await openPage(browser.browser, { theme, withoutPolicy: true });
        await goTo(opened, `${site.url}${at}`);
        const complaints = await axeFindings(opened);
        await setWidth(opened, WIDTHS[0]);
        const onTelephone = await axeFindings(opened);
        await opened.page.close();
        return [...complaints, ...onTelephone.map((one) => `on a telephone: ${one}`)];
      });
      expect(found).toEqual([]);
    });

    test("says the same without scripts", async () => {
      const found = await findings(async ({ at }) => {
        const texts = [];
        for (const withoutScripts of [false, true]) {
          const opened = await openPage(browser.browser, { withoutScripts });
          await goTo(opened, `${site.url}${at}`);
          texts.push(timeless(await readText(opened)));
          await opened.page.close();
        }
        return texts[0] === texts[1] && (texts[0] ?? "").length > 20 ? [] : [JSON.stringify(texts)];
      });
      expect(found).toEqual([]);
    });

    test(`is at most ${MOST_BYTES} bytes long without its pictures`, async () => {
      const found = await findings(async ({ at }) => {
        const { byteLength } = await (await fetch(`${site.url}${at}`)).arrayBuffer();
        return byteLength <= MOST_BYTES ? [] : [`${byteLength} bytes`];
      });
      expect(found).toEqual([]);
    });
  });
});

/** Two readings are moments apart: ages, and what the last 24 hours hold, may differ in their numbers. */
const timeless = (text: string): string =>
  text.replaceAll(/\d+(\.\d+)? (min|h|hours?|seconds?)\b/g, "a while").replaceAll(/\d+/g, "0");
