/** One job: what it shows, what that is worth, and exactly what made it. */
import { jobInWebUi } from "../../domain/web-ui.ts";
import { isDomainError } from "../../domain/errors.ts";
import { kindOf } from "../../domain/kinds/index.ts";
import { statusOf, type TaskStatus } from "../../research/jobs/task-status.ts";
import { pictureOf, toldResult } from "../../research/results/told-result.ts";
import type { Deps } from "../../research/ports.ts";
import { knownOf } from "../../domain/job-status.ts";
import { factBlocks, linesOf, tableOfFacts } from "../fact-blocks.ts";
import { experimentLink, runLink, runPicture, strategyLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { facts, paragraph, section, separated, type Block, type Section, type Tone } from "../view.ts";
import { lasting, moment, sentence } from "../words.ts";

type ToldRun = Awaited<ReturnType<typeof toldResult>>;
/** What an answer may hold, whatever the job was. */
type Facts = Readonly<Record<string, unknown>>;

export const oneRun: MakeView = async ({ deps, id }) => {
  const [status, told] = await Promise.all([statusOf(deps, id), toldOrNull(deps, id)]);
  const { state, final, headline } = status.status;
  return {
    title: id,
    lead: sentence(told === null ? headline : told.headline),
    ...toneOf(status, told),
    alive: !final,
    sections: [
      ...(final ? [] : [section("Now", nowOf(status))]),
      ...(told === null ? [] : await toldSections(deps, id, told)),
      section("Where it comes from", originOf(deps, id, status, told), ...callOf(told)),
      ...(final ? [] : [section("What to do", paragraph(status.status.next))]),
      ...(state === "failed" && told === null ? [section("Why", paragraph(headline, "bad"))] : []),
    ],
  };
};

/** Null while it is open. */
async function toldOrNull(deps: Deps, id: string): Promise<ToldRun | null> {
  try {
    return await toldResult(deps, id, "full");
  } catch (error) {
    if (isDomainError(error, "task_not_finished", "task_not_found")) return null;
    throw error;
  }
}

function toneOf({ status: { state } }: TaskStatus, told: Facts | null): { tone?: Tone } {
  if (state === "failed" || state === "stalled" || state === "worker_down") return { tone: "bad" };
  return told !== null && told["in_sample"] === true ? { tone: "doubt" } : {};
}

function nowOf({ status }: TaskStatus): Block {
  const { state, percent, step, position, etaSeconds } = status;
  return facts({
    state,
    percent: percent === null ? null : `${percent} %`,
    step,
    "place in the queue": position === null ? null : String(position),
    "time left": etaSeconds === null ? null : `about ${lasting(etaSeconds * 1_000)}`,
  });
}

/** Everything of an answer that has a section of its own; the rest is provenance. */
async function toldSections(deps: Deps, id: string, told: ToldRun): Promise<Section[]> {
  const all: Facts = told;
  const luck = all["luck"] as Facts | undefined;
  const caveats = all["caveats"] as readonly string[] | undefined;
  const result = await deps.records.results.get(id);
  const drawn: Block[] =
    pictureOf(deps, result) === null ? [] : [{ kind: "picture", src: runPicture(id), says: pictureSays(told.kind) }];
  const made: (Section | null)[] = [
    caveats === undefined || caveats.length === 0 ? null : section("Read this first", { kind: "list", lines: caveats }),
    luck === undefined
      ? null
      : section("Luck", paragraph(String(luck["says"])), ...factBlocks(luck, { without: ["says"] })),
    figuresSection("Figures", all["figures"], {}, drawn),
    figuresSection("Holding the market instead", all["buy_and_hold"]),
    rowsSection("Strategies in it", all["groups"]),
    rowsSection("Its runs", all["items"]),
    figuresSection("Why it failed", all["failure"]),
    figuresSection("What is kept of it", all["partial"]),
    typeof all["rule"] === "string" ? section("The rule", paragraph(all["rule"])) : null,
    figuresSection("As KTRDR named and computed them", all["raw"], { asTheyAre: true }),
  ];
  return made.filter((one) => one !== null);
}

const pictureSays = (kind: string): string =>
  kind === "training"
    ? "Losses of the training by epoch, and accuracies where there are any."
    : "Equity beside holding, 1 at the beginning. The figures stand below.";

const figuresSection = (
  title: string,
  value: unknown,
  told: Parameters<typeof factBlocks>[1] = {},
  drawn: readonly Block[] = [],
): Section | null =>
  typeof value === "object" && value !== null ? section(title, ...drawn, ...factBlocks(value as Facts, told)) : null;

const rowsSection = (title: string, value: unknown): Section | null =>
  Array.isArray(value) && value.length > 0 ? section(title, tableOfFacts(title, value as readonly Facts[])) : null;

function originOf(deps: Deps, id: string, { record, kind }: TaskStatus, told: ToldRun | null): Block {
  const job = knownOf(record);
  const produced = ((told as Facts | null)?.["produced_by"] ?? {}) as Facts;
  const experiments = (((told as Facts | null)?.["experiments"] ?? []) as readonly string[]).map((one) =>
    experimentLink(one),
  );
  const { temporalUi, temporalNamespace } = deps.links;
  const took = job === null || job.finishedAt === null ? null : Date.parse(job.finishedAt) - Date.parse(job.admittedAt);
  return facts({
    kind: kind === null ? null : kindOf(kind).name.replaceAll("_", " "),
    strategy: job?.strategy == null ? null : strategyLink(job.strategy),
    market: job?.symbol == null ? null : `${job.symbol} ${job.timeframe ?? ""}`,
    "part of": job?.parentJobId == null ? null : runLink(job.parentJobId),
    "asked for by": job?.client ?? null,
    "begun (UTC)": job === null ? null : moment(job.admittedAt),
    "ended (UTC)": job?.finishedAt == null ? null : moment(job.finishedAt),
    "took, with waiting": took === null ? null : lasting(took),
    ...linesOf(without(produced, ["strategy", "symbol", "timeframe"])),
    experiments: experiments.length === 0 ? null : separated(experiments),
    machinery:
      temporalUi === null ? null : { text: "in Temporal", href: jobInWebUi(temporalUi, temporalNamespace, id) },
  });
}

const without = (all: Facts, names: readonly string[]): Facts =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));

/** The call that made it, to the letter, and the request that came of it. */
function callOf(told: ToldRun | null): Block[] {
  const manifest = (told as Facts | null)?.["manifest"] as Facts | undefined;
  if (manifest === undefined) return [];
  const { call, request } = manifest;
  return [
    ...(call === undefined ? [] : [codeOf("The call that made it", call)]),
    codeOf("The request, complete", request),
  ];
}

const codeOf = (label: string, value: unknown): Block => ({
  kind: "code",
  label,
  text: JSON.stringify(value, null, 2),
});
