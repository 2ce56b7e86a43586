/** The registry: what waits for a human, the champions, and what became of the others. */
import { missingOf } from "../../domain/registry/evidence.ts";
import { forwardText } from "../../domain/registry/forward.ts";
import { isOpen } from "../../domain/registry/stage.ts";
import { lastText } from "../../research/registry/told-candidate.ts";
import type { Deps } from "../../research/ports.ts";
import type { Candidate } from "../../store/candidate-row.ts";
import { approvalLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { paragraph, section, table, type Block, type Section } from "../view.ts";
import { counted, moment } from "../words.ts";
import { gatesTable } from "./approval.ts";

const MOST = 100;
/** So many are shown with their evidence on the first view; the others stand in the list. */
const WITH_EVIDENCE = 2;

export const approvals: MakeView = async ({ deps }) => {
  const all = await deps.records.registry.list({ limit: MOST });
  const waiting = all.filter(({ stage }) => stage === "waiting");
  return {
    title: "Champions",
    lead: waitingSentence(waiting),
    ...(waiting.length === 0 ? {} : { tone: "doubt" }),
    alive: true,
    sections: [
      section("Waiting for you", waitingTable(waiting)),
      section("Champions", ended(all, ["champion"], "No strategy is a champion.")),
      section(
        "Candidates that lack something",
        lacking(all.filter(({ stage }) => isOpen(stage) && stage !== "waiting")),
      ),
      section(
        "What became of others",
        ended(all, ["rejected", "withdrawn", "expired", "replaced", "demoted"], "There are no others."),
      ),
    ],
  };
};

const waitingSentence = (waiting: readonly Candidate[]): string =>
  waiting.length === 0
    ? "Nothing waits for you."
    : `${counted(waiting.length, "candidate waits", "candidates wait")} for you to decide.`;

/** The second thing of a morning: what is asked of the human, with its evidence. */
export async function waitingSection(deps: Deps): Promise<Section> {
  const { registry } = deps.records;
  const shown = await registry.list({ stages: ["waiting", "champion"], limit: MOST });
  const waiting = shown.filter(({ stage }) => stage === "waiting");
  const champions = shown.filter(({ stage }) => stage === "champion");
  const losing = (await Promise.all(champions.map(async (one) => await demotionOf(deps, one)))).flat();
  if (waiting.length + losing.length === 0) return section("Waiting for you", paragraph("Nothing waits for you."));
  return section(
    "Waiting for you",
    ...losing,
    ...(waiting.length === 0 ? [] : [paragraph(waitingSentence(waiting), "doubt")]),
    ...waiting.slice(0, WITH_EVIDENCE).flatMap(briefly),
    ...(waiting.length > WITH_EVIDENCE ? [waitingTable(waiting.slice(WITH_EVIDENCE))] : []),
  );
}

/** What proposes to take a champion's title; nothing while days after its approval do not say that it loses. */
async function demotionOf({ records: { registry } }: Deps, { jobId, strategy }: Candidate): Promise<Block[]> {
  const forward = await registry.forward(jobId);
  if (forward?.mean !== "below 0") return [];
  return [paragraph([approvalLink(jobId, strategy), `: ${forwardText(forward)}`], "bad")];
}

const briefly = (candidate: Candidate): Block[] => {
  const { strategy, symbol, timeframe, expiresAt, gates, jobId } = candidate;
  return [
    paragraph([
      approvalLink(jobId, `${strategy} on ${symbol} ${timeframe}`),
      `: read it and decide until ${moment(expiresAt)} UTC.`,
    ]),
    gatesTable(gates.filter(({ required }) => required)),
  ];
};

const waitingTable = (waiting: readonly Candidate[]): Block =>
  table({
    caption: "Candidates that wait, the last proposed first",
    columns: [{ title: "candidate" }, { title: "market" }, { title: "until (UTC)" }, { title: "proposed by" }],
    rows: waiting.map((one) => ({
      cells: [nameOf(one), marketOf(one), moment(one.expiresAt), one.proposedBy],
      tone: "doubt",
    })),
    empty: "Nothing waits for you.",
  });

const lacking = (candidates: readonly Candidate[]): Block =>
  table({
    caption: "Candidates that lack something, the last changed first",
    columns: [{ title: "candidate" }, { title: "market" }, { title: "stage" }, { title: "what is missing" }],
    rows: candidates.map((one) => {
      const missing = missingOf(one.gates).map(({ gate }) => gate.replaceAll("_", " "));
      return { cells: [nameOf(one), marketOf(one), one.stage, missing.join(", ")] };
    }),
    empty: "No candidate lacks anything.",
  });

const ended = (all: readonly Candidate[], stages: readonly Candidate["stage"][], empty: string): Block =>
  table({
    caption: stages.join(", "),
    columns: [{ title: "candidate" }, { title: "market" }, { title: "stage" }, { title: "what was decided" }],
    rows: all
      .filter(({ stage }) => stages.includes(stage))
      .map((one) => ({
        cells: [nameOf(one), marketOf(one), one.stage, lastText(one) ?? "-"],
        ...(one.stage === "champion" ? { tone: "good" as const } : {}),
      })),
    empty,
  });

const nameOf = ({ jobId, strategy }: Candidate) => approvalLink(jobId, strategy);
const marketOf = ({ symbol, timeframe }: Candidate): string => `${symbol} ${timeframe}`;
