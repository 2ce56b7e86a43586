/** The researcher's page: reads, and changes nothing. */
import { Hono, type Context, type Env } from "hono";
import type { BlankEnv } from "hono/types";
import type { Deps } from "../research/ports.ts";
import type { Logger } from "../logger.ts";
import { documentOf } from "./html.ts";
import { recall, remember } from "./last-visit.ts";
import { servePictures } from "./pictures.ts";
import { SCRIPT, STYLE } from "./places.ts";
import { REFRESH_SCRIPT } from "./refresh.ts";
import { STYLE_SHEET } from "./style.ts";
import { plainText } from "./text.ts";
import { troubleOf } from "./trouble.ts";
import type { View } from "./view.ts";
import { VIEWS } from "./views/index.ts";
import type { Approving, MakeView } from "./request.ts";

export interface PageParts {
  readonly deps: () => Promise<Deps>;
  readonly log: Logger;
  /** Of a browser that may decide; null for all others. Nobody may where it is missing. */
  readonly approving?: (context: Context) => Approving | null;
}

const STATIC = { "cache-control": "max-age=300" };

/** Every route of the page. Who may read, and the headers of its answers, are the server's. */
export function createPage<E extends Env = BlankEnv>(parts: PageParts): Hono<E> {
  const page = new Hono<E>();
  page.get(STYLE, ({ body }) => body(STYLE_SHEET, 200, { ...STATIC, "content-type": "text/css; charset=utf-8" }));
  page.get(SCRIPT, ({ body }) =>
    body(REFRESH_SCRIPT, 200, { ...STATIC, "content-type": "text/javascript; charset=utf-8" }),
  );
  page.get("/favicon.ico", ({ body }) => body(null, 204, STATIC));
  servePictures(page, parts);
  for (const [path, make] of Object.entries(VIEWS)) page.get(path, async (context) => await show(context, parts, make));
  page.notFound(async (context) => await show(context, parts, nothingHere, 404));
  return page;
}

async function show(
  context: Context,
  { deps, log, approving }: PageParts,
  make: MakeView,
  status: 200 | 404 = 200,
): Promise<Response> {
  const parts = await deps();
  const now = await parts.now();
  const query = context.req.query();
  const visit = recall(context, now);
  const id = context.req.param("id") ?? "";
  // A form takes the place of the one before: only a browser that is shown it may make one.
  const shown = context.req.method === "GET" && query["as"] !== "text";
  const asked = {
    deps: parts,
    id,
    query,
    now,
    lastVisit: visit.since,
    approving: (shown && approving?.(context)) || null,
  };
  const made = await make(asked).then(
    (view) => ({ view, status }),
    (error: unknown) => troubled(error, log),
  );
  if (made.status === 200 && context.req.header("x-refresh") === undefined) remember(context, visit);
  const readAt = now.toISOString();
  if (query["as"] === "text") return context.text(plainText(made.view, readAt), made.status);
  // The browser must tell where a decision was sent from. This never tells the path.
  if (decides(made.view)) context.header("referrer-policy", "strict-origin");
  const { pathname, search } = new URL(context.req.url);
  // An address that begins with two slashes would lead to another host.
  const at = `${pathname.replace(/^\/+/, "/")}${search}`;
  return await context.html(documentOf(made.view, { at, temporalUi: parts.links.temporalUi, readAt }), made.status);
}

const decides = ({ sections }: View): boolean =>
  sections.some(({ blocks }) => blocks.some(({ kind }) => kind === "decision"));

const nothingHere: MakeView = async () => ({
  title: "There is nothing here",
  lead: "The menu above shows what there is.",
  sections: [],
});

function troubled(error: unknown, log: Logger): { view: View; status: 400 | 404 | 500 | 503 } {
  const trouble = troubleOf(error);
  if (trouble !== null) return trouble;
  log.error({ err: error }, "a view failed");
  return {
    view: {
      title: "This view failed",
      lead: "It is a fault of ours; the server's log says why.",
      tone: "bad",
      sections: [],
    },
    status: 500,
  };
}
