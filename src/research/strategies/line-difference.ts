/** Which lines of a text are others than before, to be read by a human. */
import { structuredPatch } from "diff";

const MOST_LINES = 80;
const MOST_CHARS = 200;
/** Lines that stayed are shown beside those that changed. */
const BESIDE = 1;
/** More differences are not looked for: that would take longer than anybody reads. */
const MOST_DIFFERENT = 2_000;

/**
 * Changed lines, `-` before those that went and `+` before those that came, each place under a line that says where it is.
 * At most so many lines, each at most so long. Null when no line differs.
 */
export function lineDifference(before: string, after: string): string | null {
  const found = structuredPatch("", "", before, after, "", "", { context: BESIDE, maxEditLength: MOST_DIFFERENT });
  if (found === undefined) return "More lines differ than can be shown: hardly anything stayed.";
  const lines = found.hunks.flatMap(({ newStart, lines: changed }) => [`at line ${newStart}:`, ...changed]);
  if (lines.length === 0) return null;
  const shown = lines.slice(0, MOST_LINES).map(short);
  return [
    ...shown,
    ...(lines.length > MOST_LINES ? [`... ${lines.length - MOST_LINES} more lines are not shown`] : []),
  ].join("\n");
}

const short = (line: string): string =>
  line.length <= MOST_CHARS ? line : `${line.slice(0, MOST_CHARS).toWellFormed()}...`;
