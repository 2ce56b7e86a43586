/** One job: what it shows, what that is worth, and exactly what made it. */
import { isDomainError } from "../../domain/errors.ts";
import { statusOf, type TaskStatus } from "../../research/jobs/task-status.ts";
import { seenCampaign } from "../../research/results/seen-campaign.ts";
import { pictureOf, toldResult } from "../../research/results/told-result.ts";
import type { Deps } from "../../research/ports.ts";
import { campaignView } from "../campaign/campaign-view.ts";
import { factBlocks, tableOfFacts } from "../fact-blocks.ts";
import { codeOf, nowOf, originOf } from "../job-blocks.ts";
import { runPicture } from "../places.ts";
import type { MakeView } from "../request.ts";
import { paragraph, section, type Block, type Section, type Tone } from "../view.ts";
import { sentence } from "../words.ts";

type ToldRun = Awaited<ReturnType<typeof toldResult>>;
/** What an answer may hold, whatever the job was. */
type Facts = Readonly<Record<string, unknown>>;

export const oneRun: MakeView = async ({ deps, id }) => {
  const seen = seenCampaign(deps, id);
  const [status, campaign, told] = await Promise.all([
    statusOf(deps, id),
    seen,
    seen.then(async (one) => (one === null ? await toldOrNull(deps, id) : null)),
  ]);
  if (campaign !== null) return await campaignView(deps, campaign, status);
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
