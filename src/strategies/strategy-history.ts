/**
 * Every version of every strategy, as commits of a bare git repository inside the strategies folder. Several processes,
 * and an operator's own git, may write at once, because the branch is moved under git's own lock file.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import * as git from "isomorphic-git";
import { oneLine } from "../domain/plain-text.ts";
import { succeeds } from "../succeeds.ts";
import { gitFiles as fs } from "./git-files.ts";
import { moveRef } from "./git-ref.ts";
import { BRANCH, headOf, treeOf } from "./git-tree.ts";
import { HistoryLog, type StrategyVersion } from "./history-log.ts";
import { SUFFIX } from "./strategy-file.ts";
import { ledgerMarkOf, messageOf, type ChangeNote, type LedgerMark } from "./version-message.ts";

/** Not `.git`: that would make the folder a repository inside one that surrounds it. */
export const HISTORY_FOLDER = ".history.git";

/** A line of the ledger, and the commit that names it. */
export interface VersionMark extends LedgerMark {
  readonly commit: string;
}

/** Bytes by name; null for a strategy that was removed. */
export type Entries = ReadonlyMap<string, Uint8Array | null>;

export interface StrategyHistory {
  /**
   * Runs `work` while nobody else changes the history.
   * @param work gets git's id of each strategy's newest text
   * @returns the id of the new commit; null when `work` answers null, or changes nothing
   */
  commit(
    work: (
      newest: ReadonlyMap<string, string>,
    ) => Promise<{ readonly entries: Entries; readonly note: ChangeNote } | null>,
  ): Promise<string | null>;
  /** Git's id of each strategy's newest text. */
  newest(): Promise<ReadonlyMap<string, string>>;
  /** Newest first; empty for a strategy that never existed. */
  versions(name: string): Promise<readonly StrategyVersion[]>;
  /** The newest version of each strategy that ever existed, by its name. */
  newestVersions(): Promise<ReadonlyMap<string, StrategyVersion>>;
  /** Every strategy that ever existed. */
  names(): Promise<readonly string[]>;
  /** The lines of the ledger that the commits name, newest first, each with its commit. */
  ledgerMarks(): Promise<readonly VersionMark[]>;
  /** The bytes of a version; not for removals. */
  read(version: StrategyVersion): Promise<Uint8Array>;
}

/**
 * @param folder the strategies folder, which exists
 * @param readOnly nothing is written, not even what makes reading quicker
 */
export function createStrategyHistory(folder: string, readOnly = false): StrategyHistory {
  const gitdir = join(folder, HISTORY_FOLDER);
  const at = { fs, gitdir, cache: {} };
  const log = new HistoryLog(gitdir, readOnly);
  return {
    async commit(work) {
      await begin(gitdir);
      const commit = await moveRef(join(gitdir, BRANCH), async (move) => {
        const head = await headOf(gitdir);
        const tree = await treeOf(gitdir, head);
        const wanted = await work(tree);
        if (wanted === null) return null;
        const next = new Map(tree);
        for (const [name, bytes] of wanted.entries) {
          if (bytes === null) next.delete(name);
          else next.set(name, await git.writeBlob({ fs, gitdir, blob: bytes }));
        }
        if (sameTree(tree, next)) return null;
        const commit = await writeCommit(gitdir, next, head, wanted.note);
        await move(commit);
        return commit;
      });
      // Written down now, it is read quickly later. What is saved is saved, whatever comes of that.
      if (commit !== null) await log.catchUp().catch(() => undefined);
      return commit;
    },

    newest: async () => await treeOf(gitdir, await headOf(gitdir)),
    versions: async (name) => await log.versions(name),
    newestVersions: async () => await log.newestVersions(),
    names: async () => await log.names(),
    ledgerMarks: async () => {
      const commits = (await headOf(gitdir)) === null ? [] : await git.log({ ...at, ref: BRANCH });
      return commits.flatMap(({ oid, commit }) => {
        const mark = ledgerMarkOf(commit.message);
        return mark === null ? [] : [{ ...mark, commit: oid }];
      });
    },
    read: async ({ blob }) => (await git.readBlob({ ...at, oid: blob ?? "" })).blob,
  };
}

/** Git's id of a text that is not in the repository yet. */
export const blobIdOf = async (bytes: Uint8Array): Promise<string> => (await git.hashBlob({ object: bytes })).oid;

async function begin(gitdir: string): Promise<void> {
  if (await succeeds(stat(join(gitdir, "HEAD")))) return;
  await git.init({ fs, gitdir, bare: true, defaultBranch: "main" });
}

const sameTree = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([name, oid]) => b.get(name) === oid);

async function writeCommit(
  gitdir: string,
  strategies: ReadonlyMap<string, string>,
  parent: string | null,
  note: ChangeNote,
): Promise<string> {
  const entries = [...strategies].map(([name, oid]) => {
    return { mode: "100644", path: `${name}${SUFFIX}`, oid, type: "blob" as const };
  });
  const tree = await git.writeTree({ fs, gitdir, tree: entries });
  const person = {
    ...authorOf(note.author),
    timestamp: Math.floor((note.at === undefined ? Date.now() : Date.parse(note.at)) / 1000),
    timezoneOffset: 0,
  };
  const commit = {
    message: messageOf(note),
    tree,
    parent: parent === null ? [] : [parent],
    author: person,
    committer: person,
  };
  return await git.writeCommit({ fs, gitdir, commit });
}

/** A client may have any name: characters that git's format cannot hold are left out. */
function authorOf(name: string): { name: string; email: string } {
  const plain = oneLine(name.replaceAll(/[<>]/g, " "), 100);
  return { name: plain === "" ? "unknown" : plain, email: "strategies@ktrdr-mcp.invalid" };
}
