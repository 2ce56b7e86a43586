/** A view in a browser, and everything that it or the browser complains of. */
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "puppeteer-core";

export const WIDTHS = [360, 900, 1_600] as const;
type Theme = "light" | "dark";

/** Wide enough for a machine that does several things at once. */
const PATIENCE_MS = 300_000;
const HEIGHT = 900;

export interface Opened {
  readonly page: Page;
  /** Errors and warnings on the console, failed requests, what the policy forbids, dialogs. */
  readonly complaints: readonly string[];
  /** Those since the last time; they are no longer among `complaints`. */
  takeComplaints(): string[];
}

export interface Wanted {
  readonly width?: number;
  readonly theme?: Theme;
  /** Script that runs before any of the page's. */
  readonly before?: string;
  readonly withoutScripts?: boolean;
  /** Also what the page itself may not do, as a tool that looks into it needs. */
  readonly withoutPolicy?: boolean;
}

/** A policy that is broken is heard of even where the console says nothing. */
const HEAR_POLICY = `addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error("policy:", violatedDirective, blockedURI));`;

/** A page of its own, at no address yet. */
export async function openPage(browser: Browser | BrowserContext, wanted: Wanted = {}): Promise<Opened> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.setViewport({ width: wanted.width ?? WIDTHS[1], height: HEIGHT });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: wanted.theme ?? "light" }]);
  await page.setJavaScriptEnabled(wanted.withoutScripts !== true);
  await page.setBypassCSP(wanted.withoutPolicy === true);
  await page.evaluateOnNewDocument(`${HEAR_POLICY}\n${wanted.before ?? ""}`);
  const complaints = listenTo(page);
  return { page, complaints, takeComplaints: () => complaints.splice(0) };
}

function listenTo(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${String(error)}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A picture is given up when the window has become another width before it came.
    const unwanted = why === "net::ERR_ABORTED" && request.resourceType() === "image";
    if (!unwanted) complaints.push(`failed: ${request.url()} ${why}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return complaints;
}

/** Goes to an address, and waits for all pictures, also for those far below. @returns the status of the answer */
export async function goTo({ page }: Opened, url: string): Promise<number> {
  const answer = await page.goto(url, { waitUntil: "load" });
  await page.evaluate(PICTURES);
  return answer?.status() ?? 0;
}

/** Makes the window another width, and waits for the pictures that are drawn for it. */
export async function setWidth({ page }: Opened, width: number): Promise<void> {
  await page.setViewport({ width, height: HEIGHT });
  await page.evaluate(PICTURES);
}

const PICTURES = `Promise.all([...document.images].map((image) => {
  image.loading = "eager";
  return image.complete ? null : new Promise((done) => { image.onload = done; image.onerror = done; });
}))`;

/** Runs an expression in the page. */
export const inPage = async <T>({ page }: Opened, expression: string): Promise<T> =>
  (await page.evaluate(expression)) as T;

/** What a reader reads. */
export const readText = async (opened: Opened): Promise<string> =>
  await inPage(opened, `document.querySelector("main").innerText`);

/** Pictures that are not there. */
export const brokenPictures = async (opened: Opened): Promise<string[]> => await inPage(opened, BROKEN);

/** A picture cannot be decoded while the window's new width chooses another one: it is looked at again. */
const BROKEN = `Promise.all([...document.images].map(async (image) => {
  for (let look = 0; look < 100; look += 1) {
    if (await image.decode().then(() => true, () => false)) return [];
    await new Promise((later) => setTimeout(later, 100));
  }
  return [image.src];
})).then((broken) => broken.flat())`;

/** What makes the page wider than the window; empty when nothing does. Tables and texts scroll in boxes of their own. */
export const tooWide = async (opened: Opened): Promise<string[]> => await inPage(opened, TOO_WIDE);

const TOO_WIDE = `(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > clientWidth + 1
    && one.parentElement.closest(".wide, pre") === null);
  return [scrollWidth + " of " + clientWidth, ...wide.slice(-5).map(({ outerHTML }) => outerHTML.slice(0, 120))];
})()`;

/**
 * What axe finds, each with the elements it is about. The page must have been opened without its policy.
 * @param rules those that are tried; without them all
 */
export async function axeFindings(opened: Opened, rules: readonly string[] = []): Promise<string[]> {
  await opened.page.evaluate(axe.source);
  return await inPage(opened, axeRun(rules));
}

const axeRun = (rules: readonly string[]): string => `axe.run(document, { resultTypes: ["violations"],
  ...${JSON.stringify(rules.length === 0 ? { rules: { "target-size": { enabled: true } } } : { runOnly: rules })} })
  .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ html, failureSummary }) => id + ": " + html.slice(0, 200) + " " + failureSummary)))`;
