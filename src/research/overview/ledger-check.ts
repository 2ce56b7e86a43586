/** Whether the lines of the ledger are what they were, by their chain and by hashes that were kept outside the database. */
import { isDomainError, type DomainError } from "../../domain/errors.ts";
import type { Anchor, LedgerCheck } from "../../store/ledger.ts";
import type { VersionMark } from "../../strategies/strategy-history.ts";
import type { Deps } from "../ports.ts";
import { shortVersion } from "../strategies/save-strategies.ts";

export interface CheckedLedger extends LedgerCheck {
  /** The heads kept elsewhere that it was compared with, or why they cannot be read. */
  readonly anchors: readonly Anchor[] | DomainError;
}

/** The heads that the versions of the strategies name. */
export const anchorsOfVersions = (marks: readonly VersionMark[]): readonly Anchor[] =>
  marks.map(({ seq, hash, commit }) => ({ seq, hash, place: `the strategies' version ${shortVersion(commit)}` }));

/**
 * Reads the whole ledger: about a second for 100,000 lines. Whoever asks meanwhile is given the same answer, so that many
 * readers cost the database no more than one.
 * @throws DomainError `database_unavailable`
 */
export type CheckLedger = () => Promise<CheckedLedger>;

type Sources = Pick<Deps, "records" | "strategies">;

export function createLedgerCheck(sources: Sources): CheckLedger {
  let underWay: Promise<CheckedLedger> | null = null;
  return async () => {
    underWay ??= checkOf(sources).finally(() => {
      underWay = null;
    });
    return await underWay;
  };
}

async function checkOf({ records, strategies }: Sources): Promise<CheckedLedger> {
  const anchors = await strategies.ledgerMarks().then(anchorsOfVersions, (error: unknown) => {
    if (isDomainError(error, "folder_unavailable")) return error;
    throw error;
  });
  const check = await records.ledger.check(isDomainError(anchors) ? [] : anchors);
  return { ...check, anchors };
}
