/** Versions of a strategy with their texts, and what changed between them. */
import { DomainError, isDomainError } from "../../domain/errors.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import type { StrategyVersion } from "../../strategies/history-log.ts";
import type { Deps } from "../ports.ts";
import { lineDifference } from "./line-difference.ts";

export interface ToldVersion extends StrategyVersion {
  /** SHA-256 of its text, by which jobs name it; null for a removal, and for a text that cannot be read. */
  readonly sha256: string | null;
  readonly text: string | null;
  /** The lines that are others than in the text before it; null when there is none, or it is the same. */
  readonly difference: string | null;
}

/** So many texts are read to know which version a job ran. */
const MOST_READ = 300;

/**
 * Some versions, told whole.
 * @param versions all of the strategy, the newest first
 * @throws DomainError `folder_unavailable`
 */
export async function toldVersions(
  deps: Deps,
  name: string,
  versions: readonly StrategyVersion[],
  { from, count }: { readonly from: number; readonly count: number },
): Promise<readonly ToldVersion[]> {
  const files: (StrategyFile | null)[] = [];
  for (const version of versions.slice(from, from + count + 1)) files.push(await textOf(deps, name, version));
  return versions.slice(from, from + count).map((version, at) => {
    const [own, earlier] = [files[at] ?? null, files[at + 1] ?? null];
    const difference = own === null || earlier === null ? null : lineDifference(earlier.text, own.text);
    return { ...version, sha256: own?.sha256 ?? null, text: own?.text ?? null, difference };
  });
}

/** The hashes of the texts of all versions, or of the newest where there are very many. @throws DomainError `folder_unavailable` */
export async function hashesOf(
  deps: Deps,
  name: string,
  versions: readonly StrategyVersion[],
): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>();
  for (const version of versions.slice(0, MOST_READ)) {
    const hash = deps.versionHashes.get(version.blob ?? "") ?? (await textOf(deps, name, version))?.sha256;
    if (hash !== undefined) hashes.add(hash);
  }
  return hashes;
}

/** Null for a removal, and for a text that cannot be read. */
async function textOf(
  { strategies, versionHashes }: Deps,
  name: string,
  { commit, blob }: StrategyVersion,
): Promise<StrategyFile | null> {
  if (blob === null) return null;
  try {
    const file = await strategies.readVersion(name, commit);
    versionHashes.set(blob, file.sha256);
    return file;
  } catch (error) {
    if (isDomainError(error, "strategy_not_found", "strategy_invalid")) return null;
    throw error instanceof DomainError
      ? error
      : new DomainError("folder_unavailable", {
          what: "A text in the history of the strategies cannot be read.",
          cause: error,
        });
  }
}
