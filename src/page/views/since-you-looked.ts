/** The first view of a morning: what happened, whether anything survived, what it cost, what runs. */
import { experimentRow } from "../../research/memory/experiment-facts.ts";
import { luckCourse } from "../../research/overview/luck-course.ts";
import { shortlist, type Contender } from "../../research/overview/shortlist.ts";
import { statusOf } from "../../research/jobs/task-status.ts";
import type { Deps } from "../../research/ports.ts";
import { searchTerms } from "../../domain/search-terms.ts";
import type { Ended, FailureCount, Spent } from "../../store/overview.ts";
import { ifThere, readable } from "../missing.ts";
import { experimentLink, insightLink, luckLink, runLink, strategyLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { facts, paragraph, section, table, type Line, type Section, type View } from "../view.ts";
import { counted, lasting, moment, unended } from "../words.ts";
import { waitingSection } from "./approvals.ts";
import { chartOf } from "./luck.ts";
import { contenderBlocks, survives, survivalSentence } from "./shortlist.ts";

const DAY_MS = 24 * 3_600_000;
const SHOWN = { contenders: 5, open: 10, insights: 10, experiments: 10 } as const;

export const sinceYouLooked: MakeView = async ({ deps, now, lastVisit }) => {
  const since = (lastVisit ?? new Date(now.getTime() - DAY_MS)).toISOString();
  const when =
    lastVisit === null
      ? "In the last 24 hours"
      : `Since you looked ${lasting(now.getTime() - lastVisit.getTime())} ago`;
  const { overview } = deps.records;
  const [ended, spent, contenders, open] = await Promise.all([
    ifThere(overview.ended(since)),
    ifThere(overview.spent(since)),
    ifThere(shortlist(deps, SHOWN.contenders)),
    ifThere(deps.records.jobs.list({ status: "open", limit: SHOWN.open + 1 })),
  ]);
  const sections = await Promise.all([
    readable("Waiting for you", waitingSection(deps)),
    readable("Orders of the operator", ordersOf(deps)),
    readable("What went wrong", wrong(deps, since)),
    readable("Did anything survive?", survived(deps, contenders)),
    readable("What runs now", running(deps)),
    readable("What was learnt", learnt(deps, since)),
    readable("What happened", Promise.resolve(happened(ended, spent, since))),
  ]);
  return {
    title: "Since you looked",
    lead: leadOf(when, ended, spent, open?.length ?? null),
    ...(ended === null ? { tone: "bad" } : {}),
    ...verdictOn(contenders),
    alive: true,
    sections: sections.flat(),
  };
};

function leadOf(when: string, ended: readonly Ended[] | null, spent: Spent | null, open: number | null): Line {
  if (ended === null || spent === null) {
    return "PostgreSQL does not answer, so nobody can say now what happened. Research goes on; what is known stands below.";
  }
  const now =
    open === null
      ? ""
      : open === 0
        ? " Nothing runs now."
        : ` ${counted(Math.min(open, SHOWN.open), "job")}${open > SHOWN.open ? " and more" : ""} ${open === 1 ? "is" : "are"} open now.`;
  const cost =
    spent.hours === 0 && spent.trials === 0
      ? ""
      : ` It cost ${hoursText(spent.hours)} of computing and ${counted(spent.trials, "trial")}.`;
  return `${when}: ${endedText(ended)}.${cost}${now}`;
}

const hoursText = (hours: number): string => (hours < 1 ? lasting(hours * 3_600_000) : `${hours.toFixed(1)} hours`);

function endedText(ended: readonly Ended[]): string {
  const all = sum(ended);
  if (all === 0) return "no job ended";
  const failed = sum(ended.filter(({ status }) => status === "failed"));
  const stopped = sum(ended.filter(({ status }) => status === "cancelled" || status === "terminated"));
  const parts = [
    counted(all, "job ended", "jobs ended"),
    failed === 0 ? null : `${failed} failed`,
    stopped === 0 ? null : `${stopped} ${stopped === 1 ? "was" : "were"} stopped`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

const sum = (rows: readonly Ended[]): number => rows.reduce((all, { jobs }) => all + jobs, 0);

function verdictOn(contenders: readonly Contender[] | null): Pick<View, "verdict"> {
  if (contenders === null) return {};
  const line = survivalSentence(contenders);
  return { verdict: { line, ...(contenders.some(survives) ? { tone: "good" } : {}) } };
}

async function ordersOf(deps: Deps): Promise<Section | null> {
  const { pause, budget } = await deps.records.research.current();
  if (pause === null && budget === null) return null;
  return section(
    "Orders of the operator",
    ...(pause === null
      ? []
      : [
          paragraph(
            `Research is paused since ${moment(pause.since)} UTC${pause.reason === null ? "" : `: ${unended(pause.reason)}`}. Nothing new starts.`,
            "bad",
          ),
        ]),
    ...(budget === null
      ? []
      : [
          paragraph(
            `${budget.usedHours.toFixed(1)} of today's ${budget.hours} hours of computing are used; they renew at ${moment(budget.renewsAt)} UTC.`,
          ),
        ]),
  );
}

async function wrong(deps: Deps, since: string): Promise<Section | null> {
  const failures = await deps.records.overview.failures(since);
  if (failures.length === 0) return null;
  return section(
    "What went wrong",
    table({
      caption: "Why jobs failed, the most frequent reason first",
      columns: [
        { title: "jobs", figures: true },
        { title: "reason" },
        { title: "the newest" },
        { title: "what was said of it" },
      ],
      rows: failures.map(({ code, jobs, jobId, headline }: FailureCount) => ({
        cells: [String(jobs), code.replaceAll("_", " "), runLink(jobId), headline],
        tone: "bad",
      })),
      empty: "Nothing failed.",
    }),
  );
}

async function survived(deps: Deps, contenders: readonly Contender[] | null): Promise<Section> {
  const [newest] = await deps.records.trials.tried(1);
  if (newest === undefined) return section("Did anything survive?", paragraph("Nothing was tried yet."));
  const course = await luckCourse(deps, newest);
  return section(
    "Did anything survive?",
    ...chartOf(course),
    paragraph([
      "More: ",
      luckLink(newest, `luck on ${newest}`),
      ", ",
      { text: "other symbols", href: "/luck" },
      ", ",
      { text: "the whole shortlist", href: "/shortlist" },
      ".",
    ]),
    ...(contenders === null ? [] : contenderBlocks(contenders, false)),
  );
}

async function running(deps: Deps): Promise<Section> {
  const open = await deps.records.jobs.list({ status: "open", limit: SHOWN.open, withoutParts: true });
  const rows = await Promise.all(
    open.map(async (job) => ({ job, told: (await ifThere(statusOf(deps, job.jobId)))?.status ?? null })),
  );
  return section(
    "What runs now",
    table({
      caption: "Open jobs, the newest first",
      columns: [
        { title: "job" },
        { title: "strategy" },
        { title: "state" },
        { title: "percent", figures: true },
        { title: "what it does" },
      ],
      rows: rows.map(({ job, told }) => {
        const troubled =
          told?.state === "stalled" || told?.state === "worker_down" || told?.state === "ktrdr_unreachable";
        return {
          cells: [
            runLink(job.jobId),
            job.strategy === null ? "-" : strategyLink(job.strategy),
            told?.state.replaceAll("_", " ") ?? "unknown",
            told?.percent == null ? "" : `${Math.floor(told.percent)} %`,
            told?.headline ?? "Temporal does not answer.",
          ],
          ...(troubled ? { tone: "bad" as const } : {}),
        };
      }),
      empty: "Nothing runs.",
    }),
    paragraph({ text: "All open jobs", href: "/runs?status=open" }),
  );
}

async function learnt(deps: Deps, since: string): Promise<Section> {
  const { insights, experiments } = deps.records;
  const [{ hits }, all] = await Promise.all([
    insights.search({ terms: searchTerms(""), since: since.slice(0, 10), limit: SHOWN.insights, offset: 0 }),
    experiments.list({ status: "concluded", limit: SHOWN.experiments * 3, offset: 0 }),
  ]);
  const concluded = all
    .filter(({ conclusion }) => conclusion !== null && conclusion.concludedAt > since)
    .slice(0, SHOWN.experiments);
  const successors = await insights.successors([
    ...hits.map(({ insightId }) => insightId),
    ...concluded.map(({ experimentId }) => experimentId),
  ]);
  const saved = hits.filter(({ savedAt }) => savedAt > since);
  return section(
    "What was learnt",
    table({
      caption: "Experiments that were concluded",
      columns: [{ title: "verdict" }, { title: "hypothesis" }, { title: "experiment" }],
      rows: concluded.map((one) => {
        const row = experimentRow(one, 300, successors.get(one.experimentId));
        const verdict = row.verdict?.replaceAll("_", " ") ?? "";
        return {
          cells: [
            successors.has(one.experimentId) ? `superseded (was: ${verdict})` : verdict,
            row.hypothesis,
            experimentLink(one.experimentId),
          ],
        };
      }),
      empty: "No experiment was concluded.",
    }),
    table({
      caption: "Insights that were saved",
      columns: [{ title: "kind" }, { title: "insight" }, { title: "by" }, { title: "whole" }],
      rows: saved.map(({ insightId, category, body, client }) => ({
        cells: [
          successors.has(insightId) ? `superseded (was: ${category})` : category,
          body.slice(0, 300),
          client,
          insightLink(insightId, "open"),
        ],
      })),
      empty: "No insight was saved.",
    }),
  );
}

function happened(ended: readonly Ended[] | null, spent: Spent | null, since: string): Section {
  if (ended === null || spent === null)
    return section("What happened", paragraph("PostgreSQL does not answer.", "bad"));
  return section(
    "What happened",
    table({
      caption: "Jobs that ended",
      columns: [{ title: "kind" }, { title: "how it ended" }, { title: "jobs", figures: true }],
      rows: ended.map(({ kind, status, jobs }) => ({
        cells: [kind.replaceAll("_", " "), status, { text: String(jobs), href: `/runs?kind=${kind}&status=${status}` }],
      })),
      empty: "No job ended.",
    }),
    facts({
      "from (UTC)": moment(since),
      "KTRDR computed": hoursText(spent.hours),
      "new trials": String(spent.trials),
    }),
  );
}
