/** The versions of each strategy, as the commits tell them. */
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as git from "isomorphic-git";
import { z } from "zod";
import { gitFiles as fs } from "./git-files.ts";
import { headOf, treeOf } from "./git-tree.ts";
import { readMessage, type Change, type ChangeNote } from "./version-message.ts";

export interface StrategyVersion extends Pick<ChangeNote, "author" | "reason" | "experimentId"> {
  /** Id of the commit, 40 hex digits. */
  readonly commit: string;
  readonly change: Change;
  /** Git's id of the text; null for a removal. */
  readonly blob: string | null;
  /** ISO-8601 UTC. */
  readonly at: string;
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
export class HistoryLog {
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
