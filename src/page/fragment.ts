/** A view for a host of MCP Apps: complete in itself, because a frame there can fetch nothing. */
import { isDomainError, DomainError } from "../domain/errors.ts";
import type { Deps } from "../research/ports.ts";
import { atPath } from "./at-path.ts";
import { framedOf } from "./html.ts";
import { drawingAt } from "./pictures.ts";
import { PLACES } from "./places.ts";
import { troubleOf } from "./trouble.ts";
import type { Block, View } from "./view.ts";
import { VIEWS } from "./views/index.ts";

/** A host hands a fragment on as one message. A larger drawing is left out; its words stay. */
const MOST_DRAWING_CHARS = 60_000;

/** Only resolves paths. */
const ORIGIN = "http://page";

/**
 * @param at path and query of a view
 * @returns markup of ours around escaped texts. @throws DomainError `invalid_input` when there is no view at that path
 */
export async function fragmentAt(deps: Deps, at: string): Promise<{ title: string; html: string }> {
  const url = at.startsWith("/") && URL.canParse(at, ORIGIN) ? new URL(at, ORIGIN) : null;
  const found = url?.origin === ORIGIN ? atPath(VIEWS, url.pathname) : null;
  if (url === null || found === null) {
    throw new DomainError("invalid_input", {
      what: "The page has no view at this path.",
      valid: Object.keys(VIEWS),
      next: "follow a link of a view",
    });
  }
  const now = await deps.now();
  const asked = {
    deps,
    id: found.id,
    query: Object.fromEntries(url.searchParams),
    now,
    lastVisit: null,
    approving: null,
  };
  const view = await found.what(asked).catch(shown);
  const drawn = await withDrawings(deps, view);
  const places = PLACES.filter(({ path }) => VIEWS[path] !== undefined);
  const html = await framedOf(drawn, places, `${url.pathname}${url.search}`, now.toISOString());
  return { title: view.title, html: html.toString() };
}

function shown(error: unknown): View {
  const trouble = troubleOf(error);
  if (trouble === null) throw error;
  return trouble.view;
}

async function withDrawings(deps: Deps, view: View): Promise<View> {
  const sections = view.sections.map(async ({ title, blocks }) => ({
    title,
    blocks: await Promise.all(blocks.map(async (block) => await pictured(deps, block))),
  }));
  return { ...view, sections: await Promise.all(sections) };
}

/** A picture with its drawing in it, or its words alone. */
async function pictured(deps: Deps, block: Block): Promise<Block> {
  if (block.kind !== "picture") return block;
  const src = await dataOf(deps, block.src);
  return src === null ? { kind: "paragraph", line: block.says } : { ...block, src };
}

/** Drawn for light paper: which theme the host has, only the frame knows. */
async function dataOf(deps: Deps, path: string): Promise<string | null> {
  try {
    const svg = await (await drawingAt(deps, path))?.svg("light");
    if (svg === undefined) return null;
    const data = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
    return data.length > MOST_DRAWING_CHARS ? null : data;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return null;
  }
}
