/** The researcher's page: reads, and changes nothing. */
import { Hono, type Context } from "hono";
import { DomainError } from "../domain/errors.ts";
import type { Deps } from "../research/ports.ts";
import type { Logger } from "../logger.ts";
import { contentOf, documentOf } from "./html.ts";
import { recall, remember } from "./last-visit.ts";
import { isAway } from "./missing.ts";
import { servePictures } from "./pictures.ts";
import { SCRIPT, STYLE } from "./places.ts";
import { REFRESH_SCRIPT } from "./refresh.ts";
import { STYLE_SHEET } from "./style.ts";
import { plainText } from "./text.ts";
import { paragraph, section, type View } from "./view.ts";
import { VIEWS } from "./views/index.ts";
import type { MakeView } from "./request.ts";

export interface PageParts {
  readonly deps: () => Promise<Deps>;
  readonly log: Logger;
}

/** How a view is wanted: as a document, as text to paste into a report, or as the content of a document. */
const FORMS = ["text", "content"] as const;

const STATIC = { "cache-control": "max-age=300" };

/** Every route of the page. Who may read, and the headers of its answers, are the server's. */
export function createPage(parts: PageParts): Hono {
  const page = new Hono();
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
  { deps, log }: PageParts,
  make: MakeView,
  status: 200 | 404 = 200,
): Promise<Response> {
  const parts = await deps();
  const now = await parts.now();
  const query = context.req.query();
  const visit = recall(context, now);
  const id = context.req.param("id") ?? "";
  const made = await make({ deps: parts, id, query, now, lastVisit: visit.since }).then(
    (view) => ({ view, status }),
    (error: unknown) => troubled(error, log),
  );
  if (made.status === 200 && context.req.header("x-refresh") === undefined) remember(context, visit);
  const readAt = now.toISOString();
  const form = FORMS.find((one) => one === query["as"]);
  if (form === "text") return context.text(plainText(made.view, readAt), made.status);
  if (form === "content") return await context.html(contentOf(made.view), made.status);
  const { pathname, search } = new URL(context.req.url);
  // An address that begins with two slashes would lead to another host.
  const at = `${pathname.replace(/^\/+/, "/")}${search}`;
  return await context.html(documentOf(made.view, { at, temporalUi: parts.links.temporalUi, readAt }), made.status);
}

const nothingHere: MakeView = async () => ({
  title: "There is nothing here",
  lead: "The menu above shows what there is.",
  sections: [],
});

const STATUS_OF_CODE: Readonly<Record<string, 404 | 400>> = {
  task_not_found: 404,
  experiment_not_found: 404,
  insight_not_found: 404,
  strategy_not_found: 404,
  data_not_found: 404,
  invalid_input: 400,
};

function troubled(error: unknown, log: Logger): { view: View; status: 400 | 404 | 500 | 503 } {
  if (isAway(error)) {
    const lead = `This view cannot be shown now: ${error.what}`;
    const how = paragraph("Research goes on without this page. Look again in half a minute.");
    return {
      view: { title: "A part is away", lead, tone: "bad", sections: [section("What to do", how)], alive: true },
      status: 503,
    };
  }
  const status = error instanceof DomainError ? STATUS_OF_CODE[error.code] : undefined;
  if (error instanceof DomainError && status !== undefined) {
    const blocks = error.why === undefined ? [] : [paragraph(error.why)];
    const title = status === 404 ? "There is no such thing" : "This cannot be shown";
    return {
      view: { title, lead: error.what, sections: blocks.length === 0 ? [] : [section("Why", ...blocks)] },
      status,
    };
  }
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
