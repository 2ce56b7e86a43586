/** The page over real HTTP, with the headers that production sends. */
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createLogger } from "../../src/logger.ts";
import { listening } from "../../src/listening.ts";
import { pageHeaders } from "../../src/http/page-headers.ts";
import { createPage } from "../../src/page/page.ts";
import type { Deps } from "../../src/research/ports.ts";

export interface PageServer {
  /** Without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** @param more routes beside the page's, for tests of its parts */
export async function servePage(deps: () => Promise<Deps>, more: Hono = new Hono()): Promise<PageServer> {
  const app = new Hono();
  app.use(pageHeaders);
  app.route("/", more);
  const page = createPage({ deps, log: createLogger("test", "silent") });
  app.all("*", async ({ req }) => await page.fetch(req.raw));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  const port = await listening(server, { host: "127.0.0.1", port: 0 }, "Choose another.");
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
