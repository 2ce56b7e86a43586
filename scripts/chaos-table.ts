import type { RunReport } from "../test/chaos/perform.ts";
import type { Cell } from "../test/chaos/matrix.ts";

/** The result of a run of the matrix in a word. `-`: its step was never reached, so that nothing was struck. */
export function wordFor({ scenario, broken, struck }: RunReport): "held" | "BROKE" | "-" {
  if (broken.length > 0) return "BROKE";
  return struck.length < scenario.strikes.length ? "-" : "held";
}

/** A Markdown table for each set of columns. */
export function tableOf(cells: readonly Cell[], reportOf: (cell: Cell) => RunReport | undefined): string[] {
  const columnsOf = (row: string) => cells.filter((cell) => cell.row === row).map(({ column }) => column);
  const rows = [...new Set(cells.map(({ row }) => row))];
  let heading = "";
  return rows.flatMap((row) => {
    const columns = columnsOf(row);
    const found = columns.map((column) => {
      const cell = cells.find((one) => one.row === row && one.column === column);
      const report = cell === undefined ? undefined : reportOf(cell);
      return report === undefined ? "" : `${wordFor(report)}, ${(report.durationMs / 1_000).toFixed(0)} s`;
    });
    const head = `| | ${columns.join(" | ")} |`;
    const opening = head === heading ? [] : ["", head, `|---|${"---|".repeat(columns.length)}`];
    heading = head;
    return [...opening, `| ${row} | ${found.join(" | ")} |`];
  });
}
