/** One strategy: what it is, how it became so, and what each of its texts did. */
import { z } from "zod";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { oneLine } from "../../domain/plain-text.ts";
import type { Deps } from "../../research/ports.ts";
import { toldVersions } from "../../research/strategies/told-versions.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import { ifThere } from "../missing.ts";
import { runLink } from "../places.ts";
import { PageNumber, readQuery } from "../query.ts";
import { bestOf, bestText, ranOf } from "../ran-blocks.ts";
import type { MakeView } from "../request.ts";
import { versionSections, type KnownStrategy } from "../version-sections.ts";
import { facts, paragraph, section, type Section } from "../view.ts";
import { counted, moment, toneOf } from "../words.ts";

const MOST_CHARS = 60_000;
const MOST_OF_A_LINE = 2_000;
const Query = z.object({ page: PageNumber });

export const oneStrategy: MakeView = async ({ deps, id: name, query }) => {
  const { page } = readQuery(Query, query, "page is a number from 1 to 999.");
  const known = await knownOf(deps, name);
  const best = known.ran === null ? null : bestOf(known.ran);
  return {
    title: `Strategy ${oneLine(name, 100)}`,
    lead: `${stateText(known)} ${didText(known)}`,
    ...(best === null ? {} : { tone: toneOf(best.luck) }),
    alive: known.ran?.jobs.some(({ status }) => status === "open") ?? false,
    sections: [
      ...(page === 1 ? [await whatItIs(deps, known)] : []),
      ...(known.ran === null
        ? [
            section(
              "What it did",
              paragraph("PostgreSQL does not answer: which versions ran cannot be told now.", "bad"),
            ),
          ]
        : []),
      ...(await versionSections(deps, known, page)),
    ],
  };
};

/** @throws DomainError `strategy_not_found`; of the part that would have to know it, while that is away */
async function knownOf(deps: Deps, name: string): Promise<KnownStrategy> {
  const [file, versions, ran, jobs] = await Promise.all([
    ifThere(fileOf(deps, name)),
    ifThere(deps.strategies.versions(name)),
    ifThere(ranOf(deps, name)),
    ifThere(deps.records.jobs.list({ strategy: name, limit: 1 })),
  ]);
  const found = (file !== null && file !== "none") || (versions ?? []).length > 0 || (jobs ?? []).length > 0;
  if (found) return { name, file, versions, ran };
  if (ran === null)
    throw new DomainError("database_unavailable", { what: "PostgreSQL does not answer, and no file has this name." });
  if (file === null)
    throw new DomainError("folder_unavailable", {
      what: "The folder of the strategies cannot be read, and no job has this name.",
    });
  throw new DomainError("strategy_not_found", { what: `There is no strategy ${name}, and there never was one.` });
}

/** A name that no file can have is none. */
async function fileOf({ strategies }: Deps, name: string): Promise<StrategyFile | "none"> {
  try {
    return await strategies.read(name);
  } catch (error) {
    if (isDomainError(error, "strategy_not_found", "strategy_invalid", "invalid_input")) return "none";
    throw error;
  }
}

function stateText({ file, versions }: KnownStrategy): string {
  const [newest] = versions ?? [];
  if (file === null) return "The folder of the strategies cannot be read now; only the record is told.";
  if (newest === undefined)
    return file === "none"
      ? "It exists only on record: no file and no version of it is left."
      : "Its file has no version yet.";
  const { change, author, at } = newest;
  if (file === "none")
    return change === "removed" ? `It was removed by ${author}, found ${moment(at)} UTC.` : "Its file is gone.";
  return `Its newest version is of ${moment(at)} UTC, ${change} by ${author}.`;
}

function didText({ ran }: KnownStrategy): string {
  if (ran === null) return "What it did cannot be told now.";
  if (ran.jobs.length === 0) return "It never ran.";
  if (ran.draws.length === 0) {
    const walked = ran.jobs.some(({ kind, status }) => kind === "walk_forward" && status === "completed");
    return walked ? "It was walked forward; no other backtest of it has finished." : "No backtest of it has finished.";
  }
  const best = bestOf(ran);
  return best === null
    ? "Nothing that it did counts; the tables say why."
    : `Of all that its texts did on days that they were not trained on, luck explains least what they did ${bestText(best)}.`;
}

async function whatItIs(deps: Deps, known: KnownStrategy): Promise<Section> {
  const [text, made] = await Promise.all([newestText(deps, known), ifThere(deps.records.campaigns.madeStrategies())]);
  const campaign = made?.get(known.name) ?? null;
  if (text === null) return section("What it is", paragraph("No text of it can be read now.", "doubt"));
  const { summary, findings } = deps.texts.judge({ name: known.name, text });
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const listed = (names: readonly string[] = []) =>
    names.length === 0 ? null : oneLine(names.join(", "), MOST_OF_A_LINE);
  return section(
    "What it is",
    facts({
      "point of the campaign": campaign === null ? null : runLink(campaign),
      "description, in its author's words":
        summary?.description == null ? null : oneLine(summary.description, MOST_OF_A_LINE),
      symbols: listed(summary?.symbols),
      timeframes: listed(summary?.timeframes),
      indicators: listed(summary?.indicatorTypes),
      "labels that it learns": summary?.labels?.source ?? null,
      "warm-up": summary === null ? null : counted(summary.warmUpBars, "bar"),
      [`features, the ${summary?.features.length ?? 0} inputs of its network`]: listed(summary?.features),
      "errors in its text": errors === 0 ? null : String(errors),
    }),
    { kind: "code", label: "Its newest text", text: cutText(text) },
  );
}

const cutText = (text: string): string =>
  text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS).toWellFormed()}\n... the rest is not shown.`;

/** The text of its file, else of its newest version, else the one that its newest job was started with. */
async function newestText(deps: Deps, { name, file, versions, ran }: KnownStrategy): Promise<string | null> {
  if (file !== null && file !== "none") return file.text;
  const at = (versions ?? []).findIndex(({ blob }) => blob !== null);
  const [told] =
    at < 0 ? [] : ((await ifThere(toldVersions(deps, name, versions ?? [], { from: at, count: 1 }))) ?? []);
  if (told?.text != null) return told.text;
  for (const jobId of ran?.jobs.flatMap(({ newest }) => newest) ?? []) {
    const text = await ifThere(deps.records.jobs.strategyText(jobId));
    if (text !== null) return text;
  }
  return null;
}
