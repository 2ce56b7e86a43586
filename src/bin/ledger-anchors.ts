/** Heads of the ledger of trials that were kept outside the database, where its owner cannot change them with it. */
import { realpath } from "node:fs/promises";
import { createStrategyHistory } from "../strategies/strategy-history.ts";
import { anchorsOfVersions } from "../research/overview/ledger-check.ts";
import type { Anchor } from "../store/ledger.ts";
import { openBackup } from "../backup/backup-reader.ts";

/**
 * The head that a backup kept.
 * @throws DomainError `backup_unusable`, `folder_unavailable`
 */
export async function anchorsOfBackup(folder: string): Promise<readonly Anchor[]> {
  const { manifest } = await openBackup(folder);
  return manifest.ledger === null ? [] : [{ ...manifest.ledger, place: `the backup ${folder}` }];
}

/** The heads that the versions of the strategies name; none where there is no folder. */
export async function anchorsOfStrategies(dir: string): Promise<readonly Anchor[]> {
  const folder = await realpath(dir).catch(() => null);
  if (folder === null) return [];
  return anchorsOfVersions(await createStrategyHistory(folder, true).ledgerMarks());
}
