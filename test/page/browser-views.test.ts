/** Every view in a real browser, over records of several sizes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, run } from "../../src/store/pool.ts";
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
  tooWide,
  WIDTHS,
  type Opened,
  type Wanted,
} from "../support/opened-page.ts";
import { addressesOf, type Address } from "../support/page-addresses.ts";
import { startPageSite, type PageSite } from "../support/page-site.ts";
import { processesOf } from "../support/processes.ts";
import { recordCampaign } from "../support/recorded-campaign.ts";
import { recordNight } from "../support/research-night.ts";
import type { Stack } from "../support/mcp-stack.ts";

const MOST_BYTES = 60_000;

const one = async ({ writer }: Stack) => {
  await recordDraws(writer, { strategy: "alone", symbol: "SPX", sharpes: [0.8] });
};

/** The newest of all jobs, so that its address is the first one that is found. */
async function aCampaign(stack: Stack): Promise<void> {
  await recordCampaign(stack, "campaign-seen-1");
  const pool = createPool(stack.databaseUrl, { max: 1 });
  await run(pool, "update jobs set admitted_at = now(), finished_at = now() where kind = 'campaign'");
  await pool.end();
}

/** What is on record, and how many addresses are looked at of each view that shows one of many. */
const RECORDS: readonly (readonly [string, (stack: Stack) => Promise<unknown>, number])[] = [
  ["nothing on record", async () => undefined, 1],
  ["one run on record", one, 1],
  ["10,000 jobs on record", async ({ databaseUrl }) => await fillJobs(databaseUrl, 10_000), 1],
  ["a campaign on record", aCampaign, 1],
  ["a night of research on record", async (stack) => await recordNight(stack), 4],
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

    /** What is found at each address, with the address before it. One window goes through all of them. */
    async function findings(wanted: Wanted, look: (address: Address, window: Opened) => Promise<readonly string[]>) {
      const window = await openPage(browser.browser, wanted);
      const found: string[] = [];
      for (const address of addresses) {
        await goTo(window, `${site.url}${address.at}`);
        found.push(...(await look(address, window)).map((one) => `${address.at}: ${one}`));
      }
      await window.page.close();
      return found;
    }

    test("loads without a complaint, with all its pictures, and never wider than the window", async () => {
      const found = await findings({}, async ({ nothing }, opened) => {
        const wide: string[] = [];
        for (const width of WIDTHS) {
          await setWidth(opened, width);
          wide.push(...(await tooWide(opened)).map((one) => `too wide at ${width}: ${one}`));
        }
        const broken = await brokenPictures(opened);
        // The browser complains of every answer 404, also of one that was expected.
        const complaints = opened.takeComplaints().filter((one) => !nothing || !/^404: |status of 404/.test(one));
        return [...complaints, ...broken.map((one) => `no picture: ${one}`), ...wide];
      });
      expect(found).toEqual([]);
    });

    test("is readable for everybody, as far as axe can tell", async () => {
      const found = await findings({ withoutPolicy: true }, async (_address, opened) => {
        await setWidth(opened, WIDTHS[1]);
        const complaints = await axeFindings(opened);
        await setWidth(opened, WIDTHS[0]);
        const onTelephone = await axeFindings(opened);
        return [...complaints, ...onTelephone.map((one) => `on a telephone: ${one}`)];
      });
      expect(found).toEqual([]);
    });

    test("has contrast enough in the dark", async () => {
      const dark: Wanted = { theme: "dark", withoutPolicy: true };
      const found = await findings(dark, async (_address, opened) => await axeFindings(opened, ["color-contrast"]));
      expect(found).toEqual([]);
    });

    test("says the same without scripts", async () => {
      const without = await openPage(browser.browser, { withoutScripts: true });
      const found = await findings({}, async ({ at }, opened) => {
        await goTo(without, `${site.url}${at}`);
        const texts = [timeless(await readText(opened)), timeless(await readText(without))];
        return texts[0] === texts[1] && (texts[0] ?? "").length > 20 ? [] : [JSON.stringify(texts)];
      });
      await without.page.close();
      expect(found).toEqual([]);
    });

    test(`is at most ${MOST_BYTES} bytes long without its pictures`, async () => {
      const sizes = await Promise.all(
        addresses.map(async ({ at }) => ({
          at,
          bytes: (await (await fetch(`${site.url}${at}`)).arrayBuffer()).byteLength,
        })),
      );
      expect(sizes.filter(({ bytes }) => bytes > MOST_BYTES)).toEqual([]);
    });
  });
});

/** Two readings are moments apart: ages, and what the last 24 hours hold, may differ in their numbers. */
const timeless = (text: string): string =>
  text.replaceAll(/\d+(\.\d+)? (min|h|hours?|seconds?)\b/g, "a while").replaceAll(/\d+/g, "0");
