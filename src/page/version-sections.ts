/** The versions of a strategy, the newest first, and what ran texts that are no version of it. */
import type { Deps } from "../research/ports.ts";
import { shortVersion } from "../research/strategies/save-strategies.ts";
import { hashesOf, toldVersions, type ToldVersion } from "../research/strategies/told-versions.ts";
import type { StrategyFile } from "../strategies/strategy-folder.ts";
import type { StrategyVersion } from "../strategies/history-log.ts";
import { ifThere } from "./missing.ts";
import { askedAt, experimentLink, strategyLink } from "./places.ts";
import { pageLinks } from "./query.ts";
import { ranBlocks, ranText, textsOf, type Ran } from "./ran-blocks.ts";
import { paragraph, section, type Line, type Section } from "./view.ts";
import { moment, quoteOf } from "./words.ts";

/** What is known of a strategy; null for what cannot be read now. */
export interface KnownStrategy {
  readonly name: string;
  readonly file: StrategyFile | "none" | null;
  /** Newest first. */
  readonly versions: readonly StrategyVersion[] | null;
  readonly ran: Ran | null;
}

/** Versions on a page, and texts that are none. */
const ROWS = 10;

export async function versionSections(deps: Deps, known: KnownStrategy, page: number): Promise<readonly Section[]> {
  const { name, file, versions, ran } = known;
  const from = (page - 1) * ROWS;
  const told = versions === null ? null : await ifThere(toldVersions(deps, name, versions, { from, count: ROWS }));
  const hashes = versions === null || told === null ? null : await ifThere(hashesOf(deps, name, versions));
  if (versions === null || told === null || hashes === null) {
    return [section("Versions", paragraph(UNREADABLE, "bad")), ...otherTexts(name, ran, null, null)];
  }
  const more = versions.length > from + ROWS;
  const changed = file === null || file === "none" || hashes.has(file.sha256) ? null : file.sha256;
  return [
    ...(page === 1 && changed !== null ? [changedFile(changed, ran)] : []),
    ...told.map((version) => versionSection(version, ran)),
    ...(page > 1 || more ? [section("More versions", ...pageLinks(strategyLink(name).href, { page }, more))] : []),
    ...(more ? [] : otherTexts(name, ran, hashes, changed)),
  ];
}

const UNREADABLE = "The versions cannot be read now. What ran is listed by the text that it ran.";

const changedFile = (text: string, ran: Ran | null): Section =>
  section(
    "The file as it is now",
    paragraph("It was changed outside and is no version yet. It becomes one when research next looks at it."),
    ...(ran === null ? [] : ranBlocks(ranText(ran, text))),
  );

function versionSection(version: ToldVersion, ran: Ran | null): Section {
  const { commit, at, change, author, experimentId, reason, difference, sha256 } = version;
  const how: Line =
    experimentId === null
      ? `${change} by ${author}.`
      : [`${change} by ${author}, for an `, experimentLink(experimentId, "experiment"), "."];
  return section(
    `Version ${shortVersion(commit)}, ${moment(at)} UTC`,
    paragraph(how),
    ...(reason === null ? [] : [quoteOf(author, at, reason)]),
    ...(difference === null ? [] : [{ kind: "code", label: "What changed", text: difference, open: true } as const]),
    ...(sha256 === null || ran === null ? [] : ranBlocks(ranText(ran, sha256))),
  );
}

/** @param hashes of the texts of all versions; null while they cannot be read @param shown a text that is shown already */
function otherTexts(
  name: string,
  ran: Ran | null,
  hashes: ReadonlySet<string> | null,
  shown: string | null,
): Section[] {
  if (ran === null) return [];
  const others = textsOf(ran).filter((text) => text === null || (text !== shown && hashes?.has(text) !== true));
  const left = others.length - ROWS;
  return [
    ...others.slice(0, ROWS).map((text) => section(titleOf(text, hashes !== null), ...ranBlocks(ranText(ran, text)))),
    ...(left <= 0
      ? []
      : [
          section(
            "More texts",
            paragraph([
              `${left} older texts ran: `,
              { text: "all its jobs", href: askedAt("/runs", { strategy: name }) },
            ]),
          ),
        ]),
  ];
}

const titleOf = (text: string | null, versionsKnown: boolean): string =>
  text === null
    ? "Jobs whose text is not on record"
    : `Text ${text.slice(0, 12)}${versionsKnown ? " of no version" : ""}`;
