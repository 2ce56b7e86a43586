/** The frame in which a host of MCP Apps shows a page: in a real browser, without an origin, under the strictest policy. */
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import type { Browser, Frame } from "puppeteer-core";
import { openPage } from "./opened-page.ts";

export interface AppFrame {
  /** The host's end. The page's script runs when the host has connected to it. */
  readonly transport: Transport;
  /** What the browser complains of: errors, what the policy forbids, dialogs. */
  readonly complaints: readonly string[];
  /** Runs an expression in the frame. */
  inFrame<T>(expression: string): Promise<T>;
  /** A reader follows a link; one that the page does not have is put there first. */
  follow(href: string): Promise<void>;
  /** A message of a window that is not the host. */
  forge(message: object): Promise<void>;
  close(): Promise<void>;
}

/** What a host must forbid a page that names no policy of its own (SEP-1865, 2026-01-26). */
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; connect-src 'none'";

/** The second frame is a stranger's. */
const HOST = `<!doctype html><iframe id="app" sandbox="allow-scripts" width="800" height="600"></iframe><iframe id="other"></iframe>
<script>
  const app = document.querySelector("#app");
  addEventListener("message", ({ source, data }) => { if (source === app.contentWindow) heard(JSON.stringify(data)); });
</script>`;

/** @param html the page */
export async function openFrame(browser: Browser, html: string): Promise<AppFrame> {
  const { page, complaints } = await openPage(browser);
  const [head, rest] = html.split(/(?<=<meta charset="utf-8">)/);
  const content = `${head}<meta http-equiv="content-security-policy" content="${POLICY}">${rest}`;
  await page.exposeFunction("heard", (message: string) => transport.onmessage?.(JSON.parse(message) as JSONRPCMessage));
  await page.setContent(HOST);
  const toFrame = async (message: object) =>
    await page.evaluate(`app.contentWindow.postMessage(${JSON.stringify(message)}, "*")`);
  const transport: Transport = {
    async start() {
      await page.evaluate(
        `new Promise((done) => { app.onload = () => done(); app.srcdoc = ${JSON.stringify(content)}; })`,
      );
    },
    send: async (message) => void (await toFrame(message)),
    close: async () => transport.onclose?.(),
  };
  const frame = async (id: string): Promise<Frame> => {
    const element = await page.$(`#${id}`);
    const found = await element?.contentFrame();
    if (found == null) throw new Error(`there is no frame ${id}`);
    return found;
  };
  return {
    transport,
    complaints,
    inFrame: async <T>(expression: string) => (await (await frame("app")).evaluate(expression)) as T,
    async follow(href) {
      const app = await frame("app");
      const link = `main a[href="${href}"]`;
      await app.evaluate(
        `document.querySelector('${link}') ?? document.querySelector("main").insertAdjacentHTML("beforeend", '<a href="${href}">link</a>')`,
      );
      await app.click(link);
    },
    async forge(message) {
      const other = await frame("other");
      await other.evaluate(`parent.frames[0].postMessage(${JSON.stringify(message)}, "*")`);
    },
    close: async () => await page.close(),
  };
}
