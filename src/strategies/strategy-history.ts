/**
 * Every version of every strategy, as commits of a bare git repository inside the strategies folder. Several processes,
 * and an operator's own git, may write at once, because the branch is moved under git's own lock file.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import * as git from "isomorphic-git";
import { oneLine } from "../domain/plain-text.ts";
import { gitFiles as fs } from "./git-files.ts";
import { moveRef } from "./git-ref.ts";
import { SUFFIX } from "./strategy-file.ts";
import { messageOf, readMessage, type Change, type ChangeNote } from "./version-message.ts";

/** Not `.git`: that would make the folder a repository inside one that surrounds it. */
export const HISTORY_FOLDER = ".history.git";

export interface StrategyVersion {
  /** Id of the commit, 40 hex digits. */
  readonly commit: string;
  readonly change: Change;
  /** Git's id of the text; null for a removal. */
  readonly blob: string | null;
  readonly author: string;
  readonly reason: string | null;
  readonly experimentId: string | null;
  /** ISO-8601 UTC. */
  readonly at: string;
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
  /** Every strategy that ever existed. */
  names(): Promise<readonly string[]>;
  /** The bytes of a version; not for removals. */
  read(version: StrategyVersion): Promise<Uint8Array>;
}

const BRANCH = "refs/heads/main";

/** @param folder the strategies folder, which exists */
export function createStrategyHistory(folder: string): StrategyHistory {
  const gitdir = join(folder, HISTORY_FOLDER);
  const at = { fs, gitdir, cache: {} };
  const log = new HistoryLog(gitdir);
  return {
    async commit(work) {
      await begin(gitdir);
      return await moveRef(join(gitdir, BRANCH), async (move) => {
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
    },

    newest: async () => await treeOf(gitdir, await headOf(gitdir)),
    versions: async (name) => await log.versions(name),
    names: async () => await log.names(),
    read: async ({ blob }) => (await git.readBlob({ ...at, oid: blob ?? "" })).blob,
  };
}

/** Git's id of a text that is not in the repository yet. */
export const blobIdOf = async (bytes: Uint8Array): Promise<string> => (await git.hashBlob({ object: bytes })).oid;

async function begin(gitdir: string): Promise<void> {
  if (await exists(join(gitdir, "HEAD"))) return;
  await git.init({ fs, gitdir, bare: true, defaultBranch: "main" });
}

const exists = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );

async function headOf(gitdir: string): Promise<string | null> {
  try {
    return await git.resolveRef({ fs, gitdir, ref: BRANCH });
  } catch (error) {
    if (error instanceof git.Errors.NotFoundError) return null;
    throw error;
  }
}

/** Strategies of a commit by name. */
async function treeOf(gitdir: string, commit: string | null): Promise<Map<string, string>> {
  if (commit === null) return new Map();
  const { tree } = await git.readTree({ fs, gitdir, oid: commit });
  return new Map(
    tree
      .filter(({ type, path }) => type === "blob" && path.endsWith(SUFFIX))
      .map(({ path, oid }) => [path.slice(0, -SUFFIX.length), oid]),
  );
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

/** The commits of each strategy. They are read once, and later only the new ones. */
class HistoryLog {
  readonly #gitdir: string;
  #head: string | null = null;
  #tree: ReadonlyMap<string, string> = new Map();
  #versions = new Map<string, StrategyVersion[]>();
  #reading: Promise<void> = Promise.resolve();

  constructor(gitdir: string) {
    this.#gitdir = gitdir;
  }

  async names(): Promise<readonly string[]> {
    await this.#current();
    return [...this.#versions.keys()].toSorted();
  }

  async versions(name: string): Promise<readonly StrategyVersion[]> {
    await this.#current();
    return this.#versions.get(name)?.toReversed() ?? [];
  }

  async #current(): Promise<void> {
    const read = this.#reading.catch(() => undefined).then(async () => await this.#catchUp());
    this.#reading = read;
    await read;
  }

  async #catchUp(): Promise<void> {
    const head = await headOf(this.#gitdir);
    if (head === this.#head || head === null) return;
    const fresh: git.ReadCommitResult[] = [];
    let next: string | undefined = head;
    while (next !== undefined && next !== this.#head) {
      const read: git.ReadCommitResult = await git.readCommit({ fs, gitdir: this.#gitdir, oid: next });
      fresh.push(read);
      next = read.commit.parent[0];
    }
    // The history does not continue what was read: somebody has replaced it.
    if (next === undefined && this.#head !== null) this.#forget();
    for (const commit of fresh.toReversed()) await this.#add(commit);
  }

  #forget(): void {
    this.#head = null;
    this.#tree = new Map();
    this.#versions = new Map();
  }

  async #add({ oid, commit }: git.ReadCommitResult): Promise<void> {
    const tree = await treeOf(this.#gitdir, oid);
    const said = readMessage(commit.message);
    const common = {
      commit: oid,
      author: commit.author.name,
      reason: said.reason,
      experimentId: said.experimentId,
      at: new Date(commit.author.timestamp * 1000).toISOString(),
    };
    for (const name of new Set([...tree.keys(), ...this.#tree.keys()])) {
      const [before, after] = [this.#tree.get(name), tree.get(name)];
      if (before === after) continue;
      const change = after === undefined ? "removed" : before === undefined ? "created" : "changed";
      const versions = this.#versions.get(name) ?? [];
      versions.push({ ...common, change, blob: after ?? null });
      this.#versions.set(name, versions);
    }
    this.#tree = tree;
    this.#head = oid;
  }
}
