/** The drawings of the page, as SVG. They are read as images, so that nothing in them can run. */
import type { Context, Env, Hono } from "hono";
import type { Picture } from "../charts/draw.ts";
import { isDomainError } from "../domain/errors.ts";
import { luckCourse } from "../research/overview/luck-course.ts";
import { luckPicture } from "../research/overview/luck-picture.ts";
import { shortlist } from "../research/overview/shortlist.ts";
import type { Deps } from "../research/ports.ts";
import { pictureOf } from "../research/results/told-result.ts";
import { atPath } from "./at-path.ts";
import { finalistsDrawn, funnelDrawn, sliceDrawn } from "./campaign/drawings.ts";
import type { PageParts } from "./page.ts";
import { SHORTLIST_PICTURE } from "./places.ts";
import { MOST_CONTENDERS } from "./views/shortlist.ts";

/** Null where there is nothing to draw. */
type Draw = (deps: Deps, id: string) => Promise<Picture | null>;

const luck: Draw = async (deps, symbol) => {
  const course = await luckCourse(deps, symbol);
  return course.trials === 0 ? null : deps.charts.luck(await luckPicture(deps, course));
};

const run: Draw = async (deps, jobId) => pictureOf(deps, await deps.records.results.get(jobId));

const drawsOfShortlist: Draw = async (deps) => {
  const candidates = await shortlist(deps, MOST_CONTENDERS);
  const groups = candidates.flatMap(({ result, parts }) => {
    if (result.sharpe === null) return [];
    const walked = result.kind === "walk_forward" ? ", walked forward" : "";
    const name = `${result.strategy} ${result.symbol} ${result.timeframe}${walked}`.slice(0, 60);
    return [{ name, values: parts, median: result.sharpe, error: null }];
  });
  return groups.length === 0 ? null : deps.charts.comparison("Sharpe ratio, per year", groups, false);
};

const DRAWINGS: Readonly<Record<string, Draw>> = {
  "/pictures/luck/:id": luck,
  "/pictures/runs/:id": run,
  "/pictures/funnels/:id": funnelDrawn,
  "/pictures/finalists/:id": finalistsDrawn,
  "/pictures/slices/:id": sliceDrawn,
  [SHORTLIST_PICTURE]: drawsOfShortlist,
};

/** The drawing at a path of the page; null where there is nothing to draw. */
export async function drawingAt(deps: Deps, path: string): Promise<Picture | null> {
  const found = atPath(DRAWINGS, path);
  return found === null ? null : await found.what(deps, found.id.replace(/\.svg$/, ""));
}

export function servePictures<E extends Env>(page: Hono<E>, { deps, log }: PageParts): void {
  for (const path of Object.keys(DRAWINGS)) {
    page.get(path, async (context) => {
      try {
        const picture = await drawingAt(await deps(), context.req.path);
        if (picture === null) return context.body(null, 404);
        const { dark, narrow } = context.req.query();
        const svg = await picture.svg(dark === undefined ? "light" : "dark", narrow !== undefined);
        return context.body(svg, 200, { "content-type": "image/svg+xml; charset=utf-8" });
      } catch (error) {
        return failed(context, error);
      }
    });
  }
  const failed = (context: Context, error: unknown) => {
    if (isDomainError(error)) return context.body(null, 503);
    log.error({ err: error }, "a picture failed");
    return context.body(null, 500);
  };
}
