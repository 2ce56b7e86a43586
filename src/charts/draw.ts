import { createRequire } from "node:module";
import type { TopLevelSpec } from "vega-lite";
import { DomainError } from "../domain/errors.ts";

/** Carried along: a slim image has no fonts, and letters without one are not drawn at all. */
const FONT = { file: "dejavu-fonts-ttf/ttf/DejaVuSans.ttf", family: "DejaVu Sans" };

/** Pixels a point of the picture has; twice as many as it is shown with look sharp and cost little. */
const ZOOM = 1.5;

/**
 * Draws a chart as PNG. The libraries are loaded with the first one: most sessions never want any.
 * @throws DomainError `charts_missing` where they are not installed (the bundle for desktop clients has none)
 */
export async function draw(spec: TopLevelSpec): Promise<Uint8Array> {
  const { vega, vegaLite, Resvg } = await libraries();
  const { spec: compiled } = vegaLite.compile({ ...spec, config: { font: FONT.family, background: "white" } });
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  try {
    const svg = await view.toSVG();
    const font = {
      loadSystemFonts: false,
      fontFiles: [createRequire(import.meta.url).resolve(FONT.file)],
      defaultFontFamily: FONT.family,
    };
    return new Resvg(svg, { font, fitTo: { mode: "zoom", value: ZOOM } }).render().asPng();
  } finally {
    view.finalize();
  }
}

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
