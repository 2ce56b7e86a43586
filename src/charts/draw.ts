import { createRequire } from "node:module";
import type { TopLevelSpec } from "vega-lite";
import { DomainError } from "../domain/errors.ts";

/** Our own font: a slim container image has none, and without a font no letters are drawn. */
const FONT = { file: "dejavu-fonts-ttf/ttf/DejaVuSans.ttf", family: "DejaVu Sans" };

/** Pixels per point of the picture, so that it looks sharp. */
const ZOOM = 1.5;

/**
 * Draws a chart as PNG. The libraries are loaded with the first chart, because most sessions need none.
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
