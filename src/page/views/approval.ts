/** One candidate: what speaks for it, what happened to it, and the form by which a human decides. */
import { engineText } from "../../domain/facts.ts";
import { percentText } from "../../domain/kinds/words.ts";
import { oneLine } from "../../domain/plain-text.ts";
import { changesBetween } from "../../domain/registry/evidence.ts";
import { forwardText, type Forward } from "../../domain/registry/forward.ts";
import type { Gate } from "../../domain/registry/gate.ts";
import type { Candidate, CandidateEvent } from "../../store/candidate-row.ts";
import type { Evidence } from "../../store/candidate-evidence.ts";
import { approvalPath, runLink, strategyLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { facts, note, paragraph, section, separated, table, type Block, type Line, type Tone } from "../view.ts";
import { figure, moment, quoteOf } from "../words.ts";

export const oneApproval: MakeView = async ({ deps, id, approving }) => {
  const { registry } = deps.records;
  const asked = [registry.get(id), registry.history(id), registry.forward(id)] as const;
  const [candidate, history, forward] = await Promise.all(asked);
  const waits = candidate.stage === "waiting";
  const offered = waits && approving !== null ? await approving.offer(id) : null;
  const evidence = offered?.evidence ?? (await registry.evidence(id));
  return {
    title: `Candidate ${candidate.strategy}`,
    lead: leadOf(candidate),
    ...toneOf(candidate),
    // It is not read again by itself: whoever types a name must not find another form under it.
    sections: [
      ...(waits ? [section("Decide", ...decideBlocks(candidate, evidence, offered?.token ?? null))] : []),
      ...(candidate.stage === "champion" ? [section("Since its approval", ...forwardBlocks(candidate, forward))] : []),
      section("Evidence", ...evidenceBlocks(candidate, evidence)),
      section("Why it was proposed", quoteOf(candidate.proposedBy, candidate.proposedAt, candidate.reason)),
      section("What happened to it", historyTable(history)),
    ],
  };
};

/** Longer ones are whole in its history. */
const MOST_REASON_CHARS = 300;

function leadOf(candidate: Candidate): string {
  const { strategy, symbol, timeframe, stage, expiresAt, lastBy, lastReason } = candidate;
  const name = `${strategy} on ${symbol} ${timeframe}`;
  if (stage === "waiting") return `${name} waits for you until ${moment(expiresAt)} UTC.`;
  if (stage === "champion") return `${name} is the champion, by ${lastBy ?? "a human"}.`;
  if (stage === "candidate" || stage === "validated") return `${name} is ${stage}: something is missing still.`;
  return `${name} is ${stage}, by ${lastBy ?? "somebody"}${lastReason === null ? "." : `: "${oneLine(lastReason, MOST_REASON_CHARS)}"`}`;
}

function toneOf({ stage }: Candidate): { tone?: Tone } {
  if (stage === "champion") return { tone: "good" };
  return stage === "waiting" ? { tone: "doubt" } : {};
}

function decideBlocks(candidate: Candidate, { hash, reached }: Evidence, token: string | null): Block[] {
  const { jobId, strategy } = candidate;
  if (token === null) {
    return [
      paragraph(
        "This browser may read. Where the server runs, ktrdr-mcp page-link new --approve makes a link that lets it decide.",
      ),
      { kind: "code", label: "Or on a terminal", text: `bin/ktrdr-mcp approve ${jobId}`, open: true },
    ];
  }
  const less = reached === "waiting" ? [] : [paragraph("It shows less than when it began to wait.", "bad")];
  return [
    ...less,
    { kind: "decision", action: approvalPath(jobId), name: strategy, evidence: hash, token },
    note(
      "Your decision names the evidence below by its hash. When any of it changes before you send it, nothing is decided.",
    ),
  ];
}

const forwardBlocks = ({ jobId }: Candidate, forward: Forward | null): Block[] => [
  forward === null
    ? paragraph("Nothing was measured of it on days after its approval.")
    : paragraph(forwardText(forward), ...(forward.mean === "below 0" ? (["bad"] as const) : [])),
  note(`bin/ktrdr-mcp reject ${jobId} takes its title.`),
];

function evidenceBlocks(candidate: Candidate, evidence: Evidence): Block[] {
  const { gates, hash, facts: shown } = evidence;
  const changes = changesBetween(candidate.gates, gates);
  return [
    facts({
      run: runLink(shown.jobId),
      strategy: strategyLink(shown.strategy),
      days: `${shown.startDate} to ${shown.endDate}`,
      return: percentText(shown.totalReturn, 2),
      Sharpe: figure(shown.sharpe),
      drawdown: percentText(shown.maxDrawdown),
      trades: String(shown.trades),
      "computed by": engineText(shown.engine),
      hash: hash.slice(0, 16),
    }),
    gatesTable(gates),
    ...(shown.caveats.length === 0
      ? []
      : [paragraph("What must be known of its figures:", "doubt"), listOf(shown.caveats.map(({ text }) => text))]),
    ...(changes.length === 0 ? [] : [paragraph("What changed since it was proposed:", "doubt"), listOf(changes)]),
  ];
}

const listOf = (lines: readonly string[]): Block => ({ kind: "list", lines });

const HELD = { true: "holds", false: "fails", unknown: "not known" } as const;

export const gatesTable = (gates: readonly Gate[]): Block =>
  table({
    caption: "What it must show",
    columns: [{ title: "gate" }, { title: "holds" }, { title: "what the record says" }, { title: "from" }],
    rows: gates.map(({ gate, held, required, says, from }) => ({
      cells: [
        gate.replaceAll("_", " "),
        required ? HELD[`${held}`] : `${HELD[`${held}`]} (not required)`,
        says,
        sourcesOf(from),
      ],
      ...(held === true ? {} : { tone: required || held === false ? ("bad" as const) : ("doubt" as const) }),
    })),
    empty: "Nothing is known.",
  });

const MOST_SOURCES = 5;
const sourcesOf = (from: readonly string[]): Line =>
  from.length === 0 ? "-" : separated(from.slice(0, MOST_SOURCES).map((jobId, at) => runLink(jobId, `run ${at + 1}`)));

const historyTable = (events: readonly CandidateEvent[]): Block =>
  table({
    caption: "What happened to it, the newest first",
    columns: [{ title: "when (UTC)" }, { title: "what" }, { title: "by" }, { title: "why" }, { title: "evidence" }],
    rows: events.toReversed().map(({ at, what, by, reason, evidence }) => ({
      cells: [moment(at), what, by, reason ?? "-", evidence?.slice(0, 16) ?? "-"],
      ...(what === "refused" || what === "rejected" ? { tone: "bad" as const } : {}),
    })),
    empty: "Nothing happened.",
  });
