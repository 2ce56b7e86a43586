/** Every experiment: what was expected before anything ran, and what came out. */
import { z } from "zod";
import type { Experiment } from "../../domain/experiment.ts";
import type { Insight } from "../../domain/insight.ts";
import { experimentRow } from "../../research/memory/experiment-facts.ts";
import type { Deps } from "../../research/ports.ts";
import { experimentLink, insightLink } from "../places.ts";
import { PageNumber, pageLinks, readQuery, ROWS } from "../query.ts";
import type { MakeView } from "../request.ts";
import { paragraph, section, table, type Block, type Line, type Section } from "../view.ts";
import { counted, moment } from "../words.ts";

const STATUSES = ["open", "concluded"] as const;
type Status = (typeof STATUSES)[number];

const Query = z.object({ status: z.enum(STATUSES).optional(), page: PageNumber });
const SHOWN_CHARS = 300;

/** A page of a list. */
interface Found {
  readonly status: Status;
  readonly page: number;
  readonly rows: readonly Experiment[];
  readonly more: boolean;
  /** What holds instead of verdicts, by experiment. */
  readonly successors: ReadonlyMap<string, Insight>;
}

export const experiments: MakeView = async ({ deps, query }) => {
  const { status, page } = readQuery(
    Query,
    query,
    `status is one of ${STATUSES.join(", ")}; page is a number from 1 to 999.`,
  );
  const lists = await Promise.all((status === undefined ? STATUSES : [status]).map((one) => found(deps, one, page)));
  return { title: "Experiments", lead: leadOf(lists), sections: lists.map(sectionOf) };
};

async function found({ records }: Deps, status: Status, page: number): Promise<Found> {
  const all = await records.experiments.list({ status, limit: ROWS + 1, offset: (page - 1) * ROWS });
  const rows = all.slice(0, ROWS);
  const successors = await records.insights.successors(rows.map(({ experimentId }) => experimentId));
  return { status, page, rows, more: all.length > ROWS, successors };
}

function leadOf(lists: readonly Found[]): Line {
  const [open, concluded] = STATUSES.map((wanted) => lists.find(({ status }) => status === wanted));
  if (lists.every(({ rows }) => rows.length === 0)) {
    return "No experiment stands here. One is written down before anything runs: what is expected, and the figure that decides. Code judges it afterwards.";
  }
  const waiting = open === undefined ? "" : `${openText(open)} `;
  const [newest] = concluded?.rows ?? [];
  if (concluded === undefined || newest === undefined) return waiting.trim();
  return [`${waiting}The newest verdict: `, ...verdictPieces(newest, concluded.successors), "."];
}

const openText = ({ rows, more }: Found): string =>
  rows.length === 0
    ? "No experiment waits for its verdict."
    : `${more ? `More than ${ROWS} experiments wait` : counted(rows.length, "experiment waits", "experiments wait")} for a verdict.`;

function sectionOf({ status, page, rows, more, successors }: Found): Section {
  return status === "open"
    ? section("Open", openTable(rows), ...pageLinks("/experiments", { status, page }, more))
    : section(
        "Concluded",
        concludedTable(rows, successors),
        ...pageLinks("/experiments", { status, page }, more),
        paragraph(
          "Code gives a verdict: by the figure in the middle of the announced runs, by enough trades, and by how often luck alone looks as good.",
        ),
      );
}

const COLUMNS = [
  { title: "hypothesis" },
  { title: "what decides" },
  { title: "written down (UTC)" },
  { title: "by" },
  { title: "experiment" },
];

const openTable = (rows: readonly Experiment[]): Block =>
  table({
    caption: "Experiments without a verdict, the newest first",
    columns: COLUMNS,
    rows: rows.map((one) => ({ cells: cellsOf(one) })),
    empty: "No experiment waits for its verdict.",
  });

const concludedTable = (rows: readonly Experiment[], successors: ReadonlyMap<string, Insight>): Block =>
  table({
    caption: "Experiments with a verdict, the newest first",
    columns: [{ title: "verdict" }, ...COLUMNS],
    rows: rows.map((one) => ({
      cells: [verdictPieces(one, successors), ...cellsOf(one)],
      ...(successors.has(one.experimentId) ? { tone: "doubt" as const } : {}),
    })),
    empty: "No experiment is concluded.",
  });

function cellsOf(one: Experiment): Line[] {
  const { hypothesis, criterion, started_at: at, by } = experimentRow(one, SHOWN_CHARS, undefined);
  return [hypothesis, criterion, moment(at), by, experimentLink(one.experimentId)];
}

/** The verdict; that another insight holds instead comes first. */
function verdictPieces({ experimentId, conclusion }: Experiment, successors: ReadonlyMap<string, Insight>) {
  const verdict = conclusion?.judgement.verdict.replaceAll("_", " ") ?? "";
  const successor = successors.get(experimentId);
  return successor === undefined
    ? [verdict]
    : ["superseded by ", insightLink(successor.insightId, "an insight"), ` (was: ${verdict})`];
}
