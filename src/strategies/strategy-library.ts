/** The strategies folder with its history: each save is a version, and so is each change of a file by others. */
import { hash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { DomainError, isDomainError } from "../domain/errors.ts";
import type { Logger } from "../logger.ts";
import type { StrategyVersion } from "./history-log.ts";
import { OutsideChanges } from "./outside-changes.ts";
import { createStrategyHistory, type StrategyHistory, type VersionMark } from "./strategy-history.ts";
import { decode, encode } from "./strategy-file.ts";
import type { StrategyFile, StrategyFolder } from "./strategy-folder.ts";
import type { ChangeNote, LedgerMark } from "./version-message.ts";

export interface NewStrategy {
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the text that it replaces; null: there must be no such strategy yet. */
  readonly replaces: string | null;
}

export type SavedBy = Pick<ChangeNote, "author" | "reason" | "experimentId">;

export interface Saved {
  readonly files: readonly StrategyFile[];
  /** Id of the saved version, 40 hex digits; null when the history could not be written. */
  readonly version: string | null;
  /** Why there is no version. */
  readonly trouble: string | null;
}

export interface StrategyLibrary extends Pick<StrategyFolder, "list" | "read"> {
  /**
   * Saves strategies together, as one version.
   * @throws DomainError `strategy_exists` or `strategy_changed` when one does not match its `replaces`, and then saves
   *   none; `folder_unavailable`
   */
  save(strategies: readonly NewStrategy[], by: SavedBy): Promise<Saved>;
  /** Newest first. @throws DomainError `folder_unavailable` */
  versions(name: string): Promise<readonly StrategyVersion[]>;
  /** The newest version of each strategy that ever had one, by its name. @throws DomainError `folder_unavailable` */
  newestVersions(): Promise<ReadonlyMap<string, StrategyVersion>>;
  /** The lines of the ledger that versions name, the newest first. @throws DomainError `folder_unavailable` */
  ledgerMarks(): Promise<readonly VersionMark[]>;
  /**
   * Reads an earlier text.
   * @param version the first digits of a version's id, or the SHA-256 of the text
   * @throws DomainError `strategy_not_found`
   */
  readVersion(name: string, version: string): Promise<StrategyFile & { readonly version: StrategyVersion }>;
  /** Every version of every strategy, each strategy's oldest first. */
  everything(): AsyncGenerator<CarriedVersion>;
  /**
   * Takes over a strategy's versions from elsewhere and writes the newest one as its file. Does nothing where the
   * strategy has a version or a file.
   * @returns how many were taken over
   */
  adopt(name: string, versions: readonly CarriedVersion[]): Promise<number>;
  /** Makes versions of what others did to these files, or to all. Never throws: no call fails because of it. */
  notice(names?: readonly string[]): Promise<void>;
  /** Does the same a moment later, for all names asked for until then: the start of a job does not wait for it. */
  noticeSoon(name: string): void;
}

/** A version with its text, for `export-memory`. */
export interface CarriedVersion extends SavedBy {
  readonly strategy: string;
  /** Null when this version removed the strategy. */
  readonly text: string | null;
  /** ISO-8601 UTC. */
  readonly at: string;
}

const SOON_MS = 250;

const OUTSIDE = { author: "outside", reason: null, experimentId: null } as const;

interface LibraryOptions {
  /** Changes of others make no versions. */
  readonly readOnly?: boolean | undefined;
  /** The last line of the ledger of trials, which each save keeps beside its reason. */
  readonly ledger?: () => Promise<LedgerMark | null>;
}

export function createStrategyLibrary(
  dir: string | undefined,
  folder: StrategyFolder,
  log: Logger,
  { readOnly = false, ledger = async () => null }: LibraryOptions = {},
): StrategyLibrary {
  let complained = false;
  const soon = new Set<string>();
  const historyOf = historyIn(dir, readOnly);
  const outside = new OutsideChanges(folder);
  const notice = async (names?: readonly string[]): Promise<void> => {
    if (readOnly) return;
    try {
      const history = await historyOf();
      const changes = await outside.against(await history.newest(), names);
      if (changes.size === 0) return;
      // Compared once more under the lock: what looked like a change of others may have been a save of ours under way.
      await history.commit(async (newest) => {
        const entries = await outside.against(newest, names);
        return entries.size === 0 ? null : { entries, note: { ...OUTSIDE, title: titleOf("outside", entries.keys()) } };
      });
    } catch (error) {
      // Warned of once: every further look would repeat it.
      log[complained ? "debug" : "warn"]({ err: error }, "changes of strategy files could not be written down");
      complained = true;
    }
  };
  return {
    list: async () => await folder.list(),
    read: async (name) => await folder.read(name),
    save: async (strategies, by) => await save({ folder, historyOf, outside, log, ledger }, strategies, by),
    versions: async (name) => await read(historyOf, (history) => history.versions(name)),
    newestVersions: async () => await read(historyOf, (history) => history.newestVersions()),
    ledgerMarks: async () => await read(historyOf, (history) => history.ledgerMarks()),

    readVersion: async (name, wanted) => await readVersion(await historyOf(), name, wanted),
    everything: () => everything(folder, historyOf),
    adopt: async (name, versions) => await adopt({ folder, historyOf, outside, log }, name, versions),

    notice,

    noticeSoon(name) {
      if (readOnly) return;
      if (soon.size === 0) {
        setTimeout(() => {
          const names = [...soon];
          soon.clear();
          void notice(names);
        }, SOON_MS).unref();
      }
      soon.add(name);
    },
  };
}

/** The folder may appear after the process has started. */
function historyIn(dir: string | undefined, readOnly: boolean): () => Promise<StrategyHistory> {
  let known: { readonly dir: string; readonly history: StrategyHistory } | null = null;
  return async () => {
    const real = await realpath(dir ?? "").catch(() => null);
    if (real === null) throw new DomainError("folder_unavailable", { what: "The strategies folder cannot be opened." });
    if (known?.dir !== real) known = { dir: real, history: createStrategyHistory(real, readOnly) };
    return known.history;
  };
}

/** @throws DomainError `folder_unavailable` */
async function read<T>(
  historyOf: () => Promise<StrategyHistory>,
  what: (history: StrategyHistory) => Promise<T>,
): Promise<T> {
  const history = await historyOf();
  return await what(history).catch((error: unknown) => {
    throw isDomainError(error) ? error : unreadable(error);
  });
}

const unreadable = (cause: unknown): DomainError =>
  new DomainError("folder_unavailable", { what: "The history of the strategies folder cannot be read.", cause });

async function readVersion(history: StrategyHistory, name: string, wanted: string) {
  for (const version of await history.versions(name)) {
    if (version.blob === null) continue;
    if (wanted.length < 64 && !version.commit.startsWith(wanted)) continue;
    const bytes = await history.read(version);
    if (wanted.length === 64 && hash("sha256", bytes) !== wanted) continue;
    return { name, text: decode(name, bytes), sha256: hash("sha256", bytes), modifiedAt: version.at, version };
  }
  throw new DomainError("strategy_not_found", {
    what: `There is no version ${wanted} of a strategy ${name}.`,
    next: "get_strategy without version names the newest ones",
  });
}

interface Parts {
  readonly folder: StrategyFolder;
  readonly historyOf: () => Promise<StrategyHistory>;
  readonly outside: OutsideChanges;
  readonly log: Logger;
}

async function save(
  { folder, historyOf, outside, log, ledger }: Parts & Required<Pick<LibraryOptions, "ledger">>,
  strategies: readonly NewStrategy[],
  by: SavedBy,
) {
  const names = strategies.map(({ name }) => name);
  const entries = new Map(strategies.map(({ name, text }) => [name, encode(text)]));
  let files: StrategyFile[] | null = null;
  let begun = false;
  const write = async (): Promise<StrategyFile[]> => {
    begun = true;
    for (const strategy of strategies) await assertReplaceable(folder, strategy);
    const written: StrategyFile[] = [];
    for (const { name, text, replaces } of strategies) {
      const same = replaces !== null && hash("sha256", entries.get(name) ?? new Uint8Array()) === replaces;
      written.push(same ? await folder.read(name) : await folder.write(name, text, { overwrite: replaces !== null }));
    }
    return written;
  };
  try {
    const history = await historyOf();
    // A change of others becomes a version before the file is replaced. A save of ours that was cut short is no such
    // change.
    await history.commit(async (newest) => {
      const found = await outside.against(newest, names);
      for (const [name, bytes] of found) if (bytes !== null && entries.get(name)?.equals(bytes)) found.delete(name);
      return found.size === 0
        ? null
        : { entries: found, note: { ...OUTSIDE, title: titleOf("outside", found.keys()) } };
    });
    // A database that is away keeps no strategy from being saved.
    const mark = await ledger().catch(() => null);
    const version = await history.commit(async () => {
      files = await write();
      return { entries, note: { ...by, title: titleOf("save", names), ledger: mark } };
    });
    // Without a change, the newest version has this text already.
    const standing = version ?? (await history.versions(names[0] ?? ""))[0]?.commit ?? null;
    return { files: files ?? (await write()), version: standing, trouble: null };
  } catch (error) {
    // A failure of the files is not one of the history, and files that are half written must not be written again.
    if (begun && files === null) throw error;
    log.warn({ err: error }, "a version of strategies could not be written down");
    // The strategy is saved without its history: every job records the text that it computes with.
    return { files: files ?? (await write()), version: null, trouble: "the history of the folder cannot be written" };
  }
}

async function* everything(
  folder: StrategyFolder,
  historyOf: () => Promise<StrategyHistory>,
): AsyncGenerator<CarriedVersion> {
  // Without a folder there is nothing to carry.
  if ((await folder.list().catch(() => null)) === null) return;
  const history = await historyOf();
  for (const strategy of await history.names()) {
    for (const version of (await history.versions(strategy)).toReversed()) {
      const text = version.blob === null ? null : decode(strategy, await history.read(version));
      const { author, reason, experimentId, at } = version;
      yield { strategy, text, author, reason, experimentId, at };
    }
  }
}

async function adopt({ folder, historyOf }: Parts, name: string, versions: readonly CarriedVersion[]): Promise<number> {
  const history = await historyOf();
  if ((await history.versions(name)).length > 0 || (await folder.exists(name))) return 0;
  for (const { text, author, reason, experimentId, at } of versions) {
    const entries = new Map([[name, text === null ? null : encode(text)]]);
    const note = { author, title: titleOf("save", [name]), reason, experimentId, at };
    await history.commit(async () => ({ entries, note }));
  }
  const newest = versions.at(-1)?.text ?? null;
  if (newest !== null) await folder.write(name, newest, { overwrite: false });
  return versions.length;
}

/** @throws DomainError `strategy_exists`, `strategy_changed` */
async function assertReplaceable(folder: StrategyFolder, { name, replaces }: NewStrategy): Promise<void> {
  const there = await folder.read(name).catch((error: unknown) => {
    if (isDomainError(error, "strategy_not_found")) return null;
    throw error;
  });
  if ((there?.sha256 ?? null) === replaces) return;
  throw new DomainError(replaces === null ? "strategy_exists" : "strategy_changed", {
    what: there === null ? `The strategy ${name} is gone.` : `The strategy ${name} has another text by now.`,
    ...(there === null ? {} : { why: `its sha256 is ${there.sha256}` }),
    next: "look at it with get_strategy, then decide again",
  });
}

const titleOf = (what: "save" | "outside", names: Iterable<string>): string => {
  const [first = "", ...rest] = names;
  const more = rest.length === 0 ? "" : ` and ${rest.length} more`;
  return what === "save" ? `${first}${more}` : `${first}${more}: changed outside of ktrdr-mcp`;
};
