/**
 * Every version of every strategy, as commits of a bare git repository inside the strategies folder. Several processes,
 * and an operator's own git, may write at once, because the branch is moved under git's own lock file.
 */
import { appendFile, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as git from "isomorphic-git";
import { z } from "zod";
import { oneLine } from "../domain/plain-text.ts";
import { succeeds } from "../succeeds.ts";
import { gitFiles as fs } from "./git-files.ts";
import { moveRef } from "./git-ref.ts";
import { SUFFIX } from "./strategy-file.ts";
import {
  ledgerMarkOf,
  messageOf,
  readMessage,
  type Change,
  type ChangeNote,
  type LedgerMark,
} from "./version-message.ts";

/** Not `.git`: that would make the folder a repository inside one that surrounds it. */
export const HISTORY_FOLDER = ".history.git";

export interface StrategyVersion extends Pick<ChangeNote, "author" | "reason" | "experimentId"> {
  /** Id of the commit, 40 hex digits. */
  readonly commit: string;
  readonly change: Change;
  /** Git's id of the text; null for a removal. */
  readonly blob: string | null;
  /** ISO-8601 UTC. */
  readonly at: string;
}

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

const BRANCH = "refs/heads/main";

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

/**
 * What each commit says, one a line, the oldest first, because reading a commit and its tree takes a millisecond or two. A
 * commit's id is a hash of everything before it, so a line stays true. Git does not know this file, and backups leave it
 * out.
 */
const LINES = "versions.jsonl";

const Line = z.strictObject({
  commit: z.string(),
  parent: z.string().nullable(),
  author: z.string(),
  reason: z.string().nullable(),
  experimentId: z.string().nullable(),
  at: z.string(),
  /** Git's id of each text that it changed, by strategy; null for a removal. */
  blobs: z.record(z.string(), z.string().nullable()),
});
type Line = z.output<typeof Line>;

/** Each begins on a line of its own, even behind one that was cut short. */
const textOf = (lines: readonly Line[]): string => lines.map((line) => `\n${JSON.stringify(line)}`).join("");

/** The commits of each strategy. They are read once, and later only the new ones. */
class HistoryLog {
  readonly #gitdir: string;
  readonly #readOnly: boolean;
  readonly #file: string;
  #head: string | null = null;
  #tree = new Map<string, string>();
  #versions = new Map<string, StrategyVersion[]>();
  #reading: Promise<void> = Promise.resolve();

  constructor(gitdir: string, readOnly: boolean) {
    this.#gitdir = gitdir;
    this.#readOnly = readOnly;
    this.#file = join(gitdir, LINES);
  }

  async names(): Promise<readonly string[]> {
    await this.catchUp();
    return [...this.#versions.keys()].toSorted();
  }

  async newestVersions(): Promise<ReadonlyMap<string, StrategyVersion>> {
    await this.catchUp();
    return new Map(
      [...this.#versions].flatMap(([name, all]) => all.slice(-1).map((newest) => [name, newest] as const)),
    );
  }

  async versions(name: string): Promise<readonly StrategyVersion[]> {
    await this.catchUp();
    return this.#versions.get(name)?.toReversed() ?? [];
  }

  async catchUp(): Promise<void> {
    const read = this.#reading.catch(() => undefined).then(async () => await this.#read());
    this.#reading = read;
    await read;
  }

  async #read(): Promise<void> {
    // The lines are read first: the branch moves before its line is written, so no line is newer than the branch read next.
    if (this.#head === null) await this.#readLines();
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
    const replaced = next === undefined && this.#head !== null;
    if (replaced) {
      this.#head = null;
      this.#tree.clear();
      this.#versions.clear();
    }
    const lines: Line[] = [];
    for (const commit of fresh.toReversed()) {
      const line = lineOf(commit, this.#tree, await treeOf(this.#gitdir, commit.oid));
      this.#take(line);
      lines.push(line);
    }
    if (this.#readOnly) return;
    // Without lines the next process reads the commits, which is slower and gives the same.
    await (replaced ? fs.promises.writeFile : appendFile)(this.#file, textOf(lines)).catch(() => undefined);
  }

  /** Takes lines that follow each other. A line may be cut short by a crash, or written twice by two processes. */
  async #readLines(): Promise<void> {
    for (const text of (await readFile(this.#file, "utf8").catch(() => "")).split("\n")) {
      const line = Line.safeParse(jsonOf(text));
      if (line.success && line.data.parent === this.#head) this.#take(line.data);
    }
  }

  #take({ blobs, parent: _parent, ...common }: Line): void {
    for (const [name, blob] of Object.entries(blobs)) {
      const change = blob === null ? "removed" : this.#tree.has(name) ? "changed" : "created";
      if (blob === null) this.#tree.delete(name);
      else this.#tree.set(name, blob);
      const versions = this.#versions.get(name) ?? [];
      versions.push({ ...common, change, blob });
      this.#versions.set(name, versions);
    }
    this.#head = common.commit;
  }
}

function lineOf(
  { oid, commit }: git.ReadCommitResult,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Line {
  const changed = [...new Set([...after.keys(), ...before.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  return {
    commit: oid,
    parent: commit.parent[0] ?? null,
    author: commit.author.name,
    ...readMessage(commit.message),
    at: new Date(commit.author.timestamp * 1000).toISOString(),
    blobs: Object.fromEntries(changed.map((name) => [name, after.get(name) ?? null])),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
