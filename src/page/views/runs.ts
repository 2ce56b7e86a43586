/** Every job, the newest first. */
import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { honestHeadline, JOB_KINDS } from "../../domain/kinds/index.ts";
import { FINAL_STATUSES } from "../../domain/outcome.ts";
import { weighJobs, type WeighedRun } from "../../research/jobs/luck-of.ts";
import type { Deps } from "../../research/ports.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { ifThere } from "../missing.ts";
import { askedAt, runLink, strategyLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { paragraph, section, table, type Block, type Line, type Link, type Tone } from "../view.ts";
import { luckCell, moment, toneOf } from "../words.ts";

const ROWS = 25;
const STATUSES = ["open", ...FINAL_STATUSES] as const;

const Query = z.object({
  status: z.enum(STATUSES).optional(),
  kind: z.enum(JOB_KINDS).optional(),
  strategy: z.string().max(200).optional(),
  before: z.string().max(200).optional(),
});
type Query = z.infer<typeof Query>;

export const runs: MakeView = async ({ deps, query }) => {
  const asked = Query.safeParse(query);
  if (!asked.success) {
    throw new DomainError("invalid_input", {
      what: "This list cannot be asked for so.",
      why: `status is one of ${STATUSES.join(", ")}; kind is one of ${JOB_KINDS.join(", ")}.`,
    });
  }
  const { status, kind, strategy, before } = asked.data;
  const found = await deps.records.jobs.list({
    ...(status === undefined ? {} : { status }),
    ...(kind === undefined ? {} : { kind }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(before === undefined ? {} : { before }),
    limit: ROWS + 1,
    withoutParts: kind === undefined,
  });
  const rows = found.slice(0, ROWS);
  const oldest = rows.at(-1);
  const older =
    found.length > ROWS && oldest !== undefined
      ? [{ text: "Older ones", href: askedAt("/runs", { ...asked.data, before: oldest.jobId }) }]
      : [];
  return {
    title: "Runs",
    lead: leadOf(asked.data, rows.length),
    alive: before === undefined,
    sections: [
      section("Choose", ...choices(asked.data)),
      section("Jobs", await jobTable(deps, rows), ...older.map((link) => paragraph(link))),
    ],
  };
};

function leadOf({ status, kind, strategy }: Query, rows: number): string {
  const what = [status, kind ?? "job"].filter((word) => word !== undefined).join(" ");
  const of = strategy === undefined ? "" : ` of ${strategy}`;
  return rows === 0 ? `There is no ${what}${of}.` : `Every ${what}${of}, the newest first.`;
}

function choices(now: Query): Block[] {
  const { before: _page, ...asked } = now;
  const line = (name: "status" | "kind", values: readonly string[]): Line => {
    const { [name]: chosen, ...others } = asked;
    const all: Link | string = chosen === undefined ? "all" : { text: "all", href: askedAt("/runs", others) };
    const links = values.map((value) =>
      value === chosen ? value : { text: value, href: askedAt("/runs", { ...others, [name]: value }) },
    );
    return [`${name}: `, ...[all, ...links].flatMap((piece, at) => (at === 0 ? [piece] : [", ", piece]))];
  };
  return [{ kind: "list", lines: [line("status", STATUSES), line("kind", JOB_KINDS)] }];
}

/** Jobs as a table, with what their figures are worth. */
export async function jobTable(deps: Deps, jobs: readonly JobRecord[]): Promise<Block> {
  const weighed = await ifThere(weighJobs(deps, jobs));
  return table({
    caption: "Jobs, the newest first",
    columns: [
      { title: "begun (UTC)" },
      { title: "kind" },
      { title: "strategy" },
      { title: "market" },
      { title: "state" },
      { title: "what came out" },
      { title: "luck", figures: true },
    ],
    rows: jobs.map((job) => {
      const own = weighed?.get(job.jobId);
      const tone = rowTone(job, own);
      return { cells: cellsOf(job, own), ...(tone === null ? {} : { tone }) };
    }),
    empty: "There are no jobs.",
  });
}

function cellsOf(job: JobRecord, weighed: WeighedRun | undefined): Line[] {
  const { kind, strategy, symbol, timeframe, status, admittedAt, outcome, jobId } = job;
  return [
    runLink(jobId, moment(admittedAt)),
    kind,
    strategy === null ? "-" : strategyLink(strategy),
    symbol === null ? "-" : `${symbol} ${timeframe ?? ""}`,
    status,
    outcome === null ? "" : honestHeadline(outcome.headline, weighed?.inSample ?? false),
    weighed === undefined ? "" : luckCell(weighed.luck),
  ];
}

function rowTone({ status }: JobRecord, weighed: WeighedRun | undefined): Tone | null {
  if (status === "failed") return "bad";
  if (weighed === undefined) return null;
  return toneOf(weighed.luck) === "good" ? "good" : null;
}
