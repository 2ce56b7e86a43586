/** A campaign: how it stands, what became of its points, who leads, and where low losses lie. */
import { toneOf as luckTone } from "../words.ts";
import { caveatsOfCampaign } from "../../domain/campaign/caveats.ts";
import { compact } from "../../domain/facts.ts";
import { percentText } from "../../domain/kinds/words.ts";
import type { WeighedRun } from "../../research/jobs/luck-of.ts";
import type { TaskStatus } from "../../research/jobs/task-status.ts";
import type { Deps } from "../../research/ports.ts";
import { isSoundChoice, MOST_OVERFITTING } from "../../domain/luck/overfitting.ts";
import { progressOf, proxyOf, warningsOfMeasurements, weighFinalists } from "../../research/results/campaign-facts.ts";
import type { SeenCampaign } from "../../research/results/seen-campaign.ts";
import { factBlocks } from "../fact-blocks.ts";
import { codeOf, originOf } from "../job-blocks.ts";
import { facts, paragraph, section, type Section, type Tone, type View } from "../view.ts";
import { funnelBlocks } from "./funnel.ts";
import { leaderboardBlocks, leaderSentence } from "./leaderboard.ts";
import { orderBlocks } from "./orders.ts";
import { sliceBlocks } from "./slice-blocks.ts";
import { standingSentence } from "./standing-sentence.ts";

type Weighed = ReadonlyMap<string, WeighedRun>;

export async function campaignView(deps: Deps, seen: SeenCampaign, status: TaskStatus): Promise<View> {
  const { job, request, record, standing, result } = seen;
  const { final, next } = status.status;
  const { finalists } = standing;
  const [weighed, warned, now] = await Promise.all([
    weighFinalists(deps, request, finalists),
    warningsOfMeasurements(deps, finalists),
    deps.now(),
  ]);
  const progress = progressOf(job, request, record, now);
  const caveats = [
    ...(result?.caveats ?? caveatsOfCampaign(request, standing, null, null)).map(({ text }) => text),
    ...finalists.flatMap(({ jobId, strategy }) =>
      (warned.get(jobId) ?? []).map((text) => `The measurement of ${strategy} warns: ${text}`),
    ),
  ];
  return {
    title: job.jobId,
    lead: standingSentence(seen, progress),
    ...toneOf(seen, status),
    ...verdictOf(seen, weighed),
    alive: !final,
    sections: [
      ...(final ? [] : [section("Now", nowOf(status, progress))]),
      ...(caveats.length === 0 ? [] : [section("Read this first", { kind: "list", lines: caveats })]),
      ...failureOf(seen),
      section("From points to finalists", ...funnelBlocks(seen)),
      section("Leaderboard", ...leaderboardBlocks(seen, weighed)),
      ...worthOf(seen, weighed),
      section("Dimensions", ...sliceBlocks(seen)),
      section("Orders that were given", ...orderBlocks(record.orders)),
      section("Where it comes from", originOf(deps, job.jobId, status, null), codeOf("The request, complete", request)),
      ...(final ? [] : [section("What to do", paragraph(next))]),
    ],
  };
}

function toneOf({ job, standing }: SeenCampaign, { status: { state } }: TaskStatus): { tone?: Tone } {
  if (job.status === "failed" || state === "stalled" || state === "worker_down") return { tone: "bad" };
  return job.status !== "open" && standing.finalists.length === 0 ? { tone: "doubt" } : {};
}

function verdictOf({ standing, request }: SeenCampaign, weighed: Weighed): Pick<View, "verdict"> {
  const [first] = standing.finalists;
  if (first === undefined) return {};
  const luck = weighed.get(first.jobId)?.luck;
  const line = leaderSentence(first, luck ?? null, request);
  return { verdict: { line, ...(luck === undefined ? {} : { tone: luckTone(luck) }) } };
}

function nowOf({ status: { state, step, position } }: TaskStatus, { percent, counts }: ReturnType<typeof progressOf>) {
  return facts({
    state,
    percent: `${percent} %`,
    step: step ?? counts.now ?? null,
    "jobs of this step": counts.jobs_of_step ?? null,
    "place in the queue": position === null ? null : String(position),
  });
}

function failureOf({ job }: SeenCampaign): Section[] {
  const failure = job.outcome?.failure ?? null;
  return failure === null ? [] : [section("Why it failed", ...factBlocks(compact({ ...failure })))];
}

/** What the loss was worth as a guide, and the chance that the best finalist is overfitted. */
function worthOf({ request, record, standing, result }: SeenCampaign, weighed: Weighed): Section[] {
  if (standing.finalists.length === 0) return [];
  const chance = result?.overfitting ?? null;
  const overfitted =
    chance === null
      ? []
      : [
          paragraph(
            `The chance that the best finalist is overfitted is ${percentText(chance.probability, 0)}, by ${chance.blocks} measured blocks. In ${percentText(chance.loses, 0)} of all splits the finalist that is best in one half of the blocks loses in the other.${isSoundChoice(chance) && chance.probability > MOST_OVERFITTING ? " So the finalists are about equally good, and whichever is chosen earns." : ""}`,
          ),
        ];
  return [section("Was the loss a guide?", paragraph(proxyOf(request, record, standing, weighed)), ...overfitted)];
}
