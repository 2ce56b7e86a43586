/** Views as plain text, to be pasted into a report or read in a terminal. */
import { forTerminal } from "../domain/plain-text.ts";
import type { Block, Line, Section, View } from "./view.ts";

/** A table that is wider is written row by row. */
const WIDEST = 120;

export function plainText(view: View, readAt: string): string {
  const parts = [
    headed(forTerminal(view.title), "="),
    lineText(view.lead),
    ...(view.verdict === undefined ? [] : [lineText(view.verdict.line)]),
    ...view.sections.map(sectionText),
    `Read at ${readAt}.`,
  ];
  return `${parts.join("\n\n")}\n`;
}

const headed = (title: string, underline: string): string => `${title}\n${underline.repeat(Array.from(title).length)}`;

const sectionText = ({ title, blocks }: Section): string =>
  [headed(forTerminal(title), "-"), ...blocks.flatMap((block) => blockText(block) ?? [])].join("\n\n");

/** Null for what cannot be used in a text. */
function blockText(block: Block): string | null {
  switch (block.kind) {
    case "paragraph":
    case "note":
      return lineText(block.line);
    case "list":
      return block.lines.map((line) => `- ${lineText(line)}`).join("\n");
    case "facts":
      return aligned(block.facts.map(({ name, value }) => [`${forTerminal(name)}:`, lineText(value)])).join("\n");
    case "code":
      return `${forTerminal(block.label)}:\n${forTerminal(block.text).replaceAll(/^/gm, "    ")}`;
    case "quote":
      return `${forTerminal(block.text).replaceAll(/^/gm, "> ")}\n(${forTerminal(block.by)})`;
    case "decision":
    case "search":
      return null;
    case "picture":
      return forTerminal(block.says);
    case "table":
      return tableText(block);
  }
}

function tableText({ columns, rows, empty }: Extract<Block, { kind: "table" }>): string {
  if (rows.length === 0) return forTerminal(empty);
  const titles = columns.map(({ title }) => forTerminal(title));
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
  return forTerminal(
    pieces.map((piece: Line) => (typeof piece === "string" ? piece : "text" in piece ? piece.text : "")).join(""),
  ).replaceAll(/\s*\n\s*/g, " ");
}
