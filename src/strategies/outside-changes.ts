/** What others did to the files since the newest version: an editor, git, a copy. */
import { LRUCache } from "lru-cache";
import { encode } from "./strategy-file.ts";
import type { StrategyEntry, StrategyFolder } from "./strategy-folder.ts";
import { blobIdOf } from "./strategy-history.ts";

/** Compares the files with the newest versions of the history. */
export class OutsideChanges {
  readonly #folder: StrategyFolder;
  /** Git's ids by file name, time and size, so that an unchanged file is not read again. */
  readonly #ids = new LRUCache<string, string>({ max: 10_000 });

  constructor(folder: StrategyFolder) {
    this.#folder = folder;
  }

  /** Bytes by name; null for a strategy that was removed. Of these names, or of all. */
  async against(
    newest: ReadonlyMap<string, string>,
    names?: readonly string[],
  ): Promise<Map<string, Uint8Array | null>> {
    const files = names === undefined ? await this.#folder.list() : await this.#entriesOf(names);
    const changes = new Map<string, Uint8Array | null>();
    for (const file of files) {
      const bytes = await this.#changed(file, newest.get(file.name));
      if (bytes !== null) changes.set(file.name, bytes);
    }
    const there = new Set(files.map(({ name }) => name));
    for (const name of names ?? newest.keys()) if (newest.has(name) && !there.has(name)) changes.set(name, null);
    return changes;
  }

  async #entriesOf(names: readonly string[]): Promise<StrategyEntry[]> {
    const entries = await Promise.all([...new Set(names)].map(async (name) => await this.#folder.entry(name)));
    return entries.filter((entry) => entry !== null);
  }

  /** The bytes of a file that differs from the history; null for one that does not, or cannot be read. */
  async #changed(
    { name, modifiedAt, bytes: size }: StrategyEntry,
    newest: string | undefined,
  ): Promise<Uint8Array | null> {
    const key = JSON.stringify([name, modifiedAt, size]);
    if (newest !== undefined && this.#ids.get(key) === newest) return null;
    const file = await this.#folder.read(name).catch(() => null);
    if (file === null) return null;
    const bytes = encode(file.text);
    const id = await blobIdOf(bytes);
    this.#ids.set(key, id);
    return id === newest ? null : bytes;
  }
}
