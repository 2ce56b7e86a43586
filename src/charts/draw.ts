import { hash } from "node:crypto";
import { createRequire } from "node:module";
import { LRUCache } from "lru-cache";
import type { Config, TopLevelSpec } from "vega-lite";
import { DomainError } from "../domain/errors.ts";
import { visible } from "../domain/plain-text.ts";
import { compactSvg } from "./compact-svg.ts";

/** Our own font: a slim container image has none, and without a font no letters are drawn. */
const FONT = { file: "dejavu-fonts-ttf/ttf/DejaVuSans.ttf", family: "DejaVu Sans" };

/** Pixels per point of the picture, so that it looks sharp. */
const ZOOM = 1.5;

/** One drawing, in the forms in which it is shown. Each throws DomainError `charts_missing`. */
export interface Picture {
  /** For answers to a model. */
  png(): Promise<Uint8Array>;
  /** For a page; `narrow` for one on a telephone, whose letters would become too small if it were shrunk. */
  svg(theme: Theme, narrow?: boolean): Promise<string>;
}

export type Theme = "light" | "dark";

/** Width of a drawing on a telephone, where an axis of figures stands beside it. Pixels. */
export const NARROW = 275;

const INK = { light: "#1c1e21", dark: "#e7e8ea" } as const;
const LINES = { light: "#d9dbde", dark: "#3a3e44" } as const;

/** Nothing is drawn before it is asked for. @param width of the drawing on a telephone, without its axis */
export type Draw = (spec: TopLevelSpec, width?: number) => Picture;

/** Remembers what it drew lately: a page is opened again more often than research goes on. */
export function createDraw(): Draw {
  const drawings = new LRUCache<string, string>({ maxSize: 4_000_000, sizeCalculation: ({ length }) => length });
  return (spec, width = NARROW) => ({
    png: async () => await asPng(spec),
    async svg(theme, narrow = false) {
      const key = hash("sha256", JSON.stringify([spec, theme, narrow]));
      const known = drawings.get(key);
      if (known !== undefined) return known;
      const svg = await themed(spec, theme, narrow ? width : null);
      drawings.set(key, svg);
      return svg;
    },
  });
}

async function asPng(spec: TopLevelSpec): Promise<Uint8Array> {
  const svg = await drawn(spec, { font: FONT.family, background: "white" });
  const { Resvg } = await libraries();
  const font = {
    loadSystemFonts: false,
    fontFiles: [createRequire(import.meta.url).resolve(FONT.file)],
    defaultFontFamily: FONT.family,
  };
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: ZOOM } }).render().asPng();
}

async function themed(spec: TopLevelSpec, theme: Theme, narrow: number | null): Promise<string> {
  const [ink, line] = [INK[theme], LINES[theme]];
  const svg = await drawn(narrow === null ? spec : { ...spec, ...narrowed(spec, narrow) }, {
    // The page says beside a picture what it shows.
    aria: false,
    font: "sans-serif",
    background: "transparent",
    axis: {
      labelColor: ink,
      titleColor: ink,
      domainColor: line,
      gridColor: line,
      tickColor: line,
      ...(narrow === null
        ? { labelLimit: 320 }
        : {
            labelLimit: 110,
            titleLimit: 280,
          }),
      titleFontWeight: "normal",
    },
    legend: { labelColor: ink, titleColor: ink, ...(narrow === null ? {} : { orient: "bottom", labelLimit: 280 }) },
    title: { color: ink },
    view: { stroke: line },
  });
  return compactSvg(svg);
}

function narrowed(spec: TopLevelSpec, width: number): object {
  return "vconcat" in spec ? { vconcat: spec.vconcat.map((part) => ({ ...part, width })) } : { width };
}

/** Names of others are among its texts. */
async function drawn(spec: TopLevelSpec, config: Config): Promise<string> {
  const { vega, vegaLite } = await libraries();
  const view = new vega.View(vega.parse(vegaLite.compile({ ...spec, config }).spec), { renderer: "none" });
  try {
    return visible(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/**
 * Loaded with the first chart, because most sessions need none.
 * @throws DomainError `charts_missing` where they are not installed (the bundle for desktop clients has none)
 */
async function libraries() {
  try {
    const [vega, vegaLite, { Resvg }] = await Promise.all([
      import("vega"),
      import("vega-lite"),
      import("@resvg/resvg-js"),
    ]);
    return { vega, vegaLite, Resvg };
  } catch (error) {
    throw new DomainError("charts_missing", {
      what: "Charts cannot be drawn by this installation.",
      why: "the libraries for it are not part of it",
      next: "repeat the call without chart",
      cause: error,
    });
  }
}
