/** Views as plain text, to be pasted into a report. */
import { visible } from "../domain/plain-text.ts";
import type { Block, Line, Section, View } from "./view.ts";

/** A table that is wider is written row by row. */
const WIDEST = 120;

export function plainText(view: View, readAt: string): string {
  const parts = [
    headed(visible(view.title), "="),
    lineText(view.lead),
    ...(view.verdict === undefined ? [] : [lineText(view.verdict.line)]),
    ...view.sections.map(sectionText),
    `Read at ${readAt}.`,
  ];
  return `${parts.join("\n\n")}\n`;
}

const headed = (title: string, underline: string): string => `${title}\n${underline.repeat(Array.from(title).length)}`;

const sectionText = ({ title, blocks }: Section): string =>
  [headed(visible(title), "-"), ...blocks.map(blockText)].join("\n\n");

function blockText(block: Block): string {
  switch (block.kind) {
    case "paragraph":
    case "note":
      return lineText(block.line);
    case "list":
      return block.lines.map((line) => `- ${lineText(line)}`).join("\n");
    case "facts":
      return aligned(block.facts.map(({ name, value }) => [`${visible(name)}:`, lineText(value)])).join("\n");
    case "code":
      return `${visible(block.label)}:\n${visible(block.text).replaceAll(/^/gm, "    ")}`;
    case "picture":
      return visible(block.says);
    case "table":
      return tableText(block);
  }
}

function tableText({ columns, rows, empty }: Extract<Block, { kind: "table" }>): string {
  if (rows.length === 0) return visible(empty);
  const titles = columns.map(({ title }) => visible(title));
  const cells = rows.map((row) => row.cells.map(lineText));
  const lines = aligned(
    [titles, ...cells],
    columns.map(({ figures = false }) => figures),
  );
  if (lines.every((line) => line.length <= WIDEST)) return lines.join("\n");
  return cells
    .map((row) =>
      row
        .flatMap((cell, at) => (cell === "" ? [] : [`${at === 0 ? "- " : "  "}${titles[at] ?? ""}: ${cell}`]))
        .join("\n"),
    )
    .join("\n");
}

/** Columns under each other, two spaces apart. */
function aligned(rows: readonly (readonly string[])[], figures: readonly boolean[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => (figures[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function lineText(line: Line): string {
  const pieces = Array.isArray(line) ? line : [line];
  return visible(
    pieces.map((piece: Line) => (typeof piece === "string" ? piece : "text" in piece ? piece.text : "")).join(""),
  ).replaceAll(/\s*\n\s*/g, " ");
}
