import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { execa } from "execa";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createStrategyFolder } from "../../src/strategies/strategy-folder.ts";
import { createStrategyHistory, HISTORY_FOLDER } from "../../src/strategies/strategy-history.ts";
import { createStrategyLibrary, type SavedBy } from "../../src/strategies/strategy-library.ts";

const log = pino({ level: "silent" });
const BY: SavedBy = { author: "claude", reason: "a first try", experimentId: "experiment-1a2b3c4d5e6f7081" };

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-library-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** A library that remembers nothing, as in another process. */
const library = (folder = dir) => createStrategyLibrary(folder, createStrategyFolder(folder), log);
const fileOf = (name: string) => path.join(dir, `${name}.yaml`);
const textOf = async (name: string, version: string) => (await library().readVersion(name, version)).text;

async function saved(name: string, text: string, replaces: string | null = null, by: SavedBy = BY) {
  const { files, version, trouble } = await library().save([{ name, text, replaces }], by);
  expect(trouble).toBeNull();
  return { sha256: files[0]?.sha256 ?? "", version: version ?? "" };
}

describe("the strategy library", () => {
  test("keeps every text with who saved it, why, and for which experiment", async () => {
    const first = await saved("dip", "a: 1\n");
    const second = await saved("dip", "a: 2\n", first.sha256, { author: "other", reason: null, experimentId: null });
    const versions = await library().versions("dip");
    expect(versions).toMatchObject([
      { commit: second.version, change: "changed", author: "other", reason: null, experimentId: null },
      { commit: first.version, change: "created", author: BY.author, reason: BY.reason, experimentId: BY.experimentId },
    ]);
    expect(await textOf("dip", first.version.slice(0, 7))).toBe("a: 1\n");
    expect(await textOf("dip", first.sha256)).toBe("a: 1\n");
    expect(await textOf("dip", second.version)).toBe("a: 2\n");
    expect((await library().read("dip")).text).toBe("a: 2\n");
    await expect(textOf("dip", "0000000")).rejects.toMatchObject({ code: "strategy_not_found" });
    expect(await library().versions("never")).toEqual([]);
  });

  test("saves several as one version, or none of them", async () => {
    await saved("taken", "t: 1\n");
    const two = [
      { name: "one", text: "o: 1\n", replaces: null },
      { name: "two", text: "t: 2\n", replaces: null },
    ];
    const clash = [...two, { name: "taken", text: "t: 2\n", replaces: null }];
    await expect(library().save(clash, BY)).rejects.toMatchObject({ code: "strategy_exists" });
    await expect(library().read("one")).rejects.toMatchObject({ code: "strategy_not_found" });
    const { version } = await library().save(two, BY);
    expect((await library().versions("one"))[0]?.commit).toBe(version);
    expect((await library().versions("two"))[0]?.commit).toBe(version);
    await expect(library().save([{ name: "one", text: "x: 1\n", replaces: "0".repeat(64) }], BY)).rejects.toMatchObject(
      {
        code: "strategy_changed",
      },
    );
  });

  test("notices what others did to the files, and keeps it before it is replaced", async () => {
    await saved("dip", "a: 1\n");
    await writeFile(fileOf("dip"), "a: edited\n");
    await writeFile(fileOf("found"), "b: 1\n");
    await library().notice();
    expect((await library().versions("found"))[0]).toMatchObject({ change: "created", author: "outside" });
    expect((await library().versions("dip"))[0]).toMatchObject({ change: "changed", author: "outside" });

    await writeFile(fileOf("dip"), "a: edited again\n");
    const { sha256 } = await library().read("dip");
    await saved("dip", "a: 3\n", sha256);
    const authors = (await library().versions("dip")).map(({ author }) => author);
    expect(authors).toEqual(["claude", "outside", "outside", "claude"]);
    expect(await textOf("dip", sha256)).toBe("a: edited again\n");

    await unlink(fileOf("dip"));
    await library().notice(["dip"]);
    const [removed, before] = await library().versions("dip");
    expect(removed).toMatchObject({ change: "removed", author: "outside", blob: null });
    expect(await textOf("dip", before?.commit ?? "")).toBe("a: 3\n");
    // There is nothing more to notice, so there is no new version.
    await library().notice();
    expect((await library().versions("dip"))[0]?.commit).toBe(removed?.commit);
  });

  test("notices soon what a job is started with, many at once as one version", async () => {
    for (const name of ["one", "two"]) await writeFile(fileOf(name), `${name}: 1\n`);
    const one = library();
    for (const name of ["one", "two", "one", "absent"]) one.noticeSoon(name);
    await vi.waitFor(async () => expect(await library().versions("two")).toHaveLength(1), { timeout: 120_000 });
    const [first, second] = [await library().versions("one"), await library().versions("two")];
    expect(first[0]?.commit).toBe(second[0]?.commit);
    expect(await library().versions("absent")).toEqual([]);
  });

  test("that may only read writes nothing down", async () => {
    await writeFile(fileOf("found"), "b: 1\n");
    await createStrategyLibrary(dir, createStrategyFolder(dir), log, { readOnly: true }).notice();
    expect(await readdir(dir)).toEqual(["found.yaml"]);
  });

  test("a save that was cut short after the file is no change from outside when it is repeated", async () => {
    await writeFile(fileOf("dip"), "a: 1\n");
    const { sha256 } = await library().read("dip");
    await saved("dip", "a: 1\n", sha256);
    expect(await library().versions("dip")).toMatchObject([{ author: BY.author }]);
  });

  test("many who save at once lose nothing, and one name is given once", async () => {
    const names = Array.from({ length: 24 }, (_, at) => `s${at}`);
    await Promise.all(names.map(async (name) => await saved(name, `${name}: 1\n`)));
    for (const name of names) expect(await library().versions(name)).toHaveLength(1);
    const same = names.map(async (_, at) => await saved("one", `n: ${at}\n`));
    const results = await Promise.allSettled(same);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await library().versions("one")).toHaveLength(1);
  });

  test.each([
    [
      "names and words of all kinds",
      { author: "Zoë <x@y>\n\u0000", reason: "línea\n\nExperiment: experiment-faked", experimentId: null },
    ],
    ["no name", { author: "  ", reason: "<b>;drop", experimentId: null }],
  ])("keeps %s as data", async (_name, by: SavedBy) => {
    await saved("dip", "a: 1\n", null, by);
    const [version] = await library().versions("dip");
    expect(version).toMatchObject({ reason: by.reason, experimentId: null });
    expect(version?.author).toMatch(/^(?:Zoë {1,2}x@y|unknown)$/u);
  });

  test("goes on without its history, and says so", async () => {
    await writeFile(path.join(dir, HISTORY_FOLDER), "in the way");
    const { files, version, trouble } = await library().save([{ name: "dip", text: "a: 1\n", replaces: null }], BY);
    expect(files[0]?.text).toBe("a: 1\n");
    expect({ version, trouble }).toEqual({ version: null, trouble: expect.stringContaining("history") });
    await library().notice();
    expect((await library().read("dip")).text).toBe("a: 1\n");
  });

  test("a lock that a dead process left behind is taken away, one that is fresh is waited for", async () => {
    await saved("dip", "a: 1\n");
    const lock = path.join(dir, HISTORY_FOLDER, "refs/heads/main.lock");
    await writeFile(lock, "");
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await saved("other", "a: 1\n");
    await writeFile(lock, "");
    const waiting = saved("third", "a: 1\n");
    await expect(Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200, "waits"))])).resolves.toBe(
      "waits",
    );
    await unlink(lock);
    await waiting;
  });

  test("a process that stood still under the lock until it was taken away changes nothing any more", async () => {
    const first = await saved("dip", "a: 1\n");
    const lock = path.join(dir, HISTORY_FOLDER, "refs/heads/main.lock");
    const slow = createStrategyHistory(dir).commit(async () => {
      await utimes(lock, new Date(0), new Date(0));
      await saved("other", "b: 1\n");
      const entries = new Map([["dip", Buffer.from("a: stale\n")]]);
      return { entries, note: { ...BY, title: "late" } };
    });
    await expect(slow).rejects.toMatchObject({ code: "folder_unavailable" });
    expect(await library().versions("dip")).toMatchObject([{ commit: first.version }]);
    expect(await library().versions("other")).toHaveLength(1);
    await saved("third", "c: 1\n");
  });

  test("several who find the same old lock take it away once", async () => {
    await saved("dip", "a: 1\n");
    const lock = path.join(dir, HISTORY_FOLDER, "refs/heads/main.lock");
    await writeFile(lock, "");
    await utimes(lock, new Date(0), new Date(0));
    const names = Array.from({ length: 12 }, (_, at) => `s${at}`);
    await Promise.all(names.map(async (name) => await saved(name, `${name}: 1\n`)));
    for (const name of names) expect(await library().versions(name)).toHaveLength(1);
    expect(await readdir(path.dirname(lock))).toEqual(["main"]);
  });

  test("killed at any moment it leaves no version that cannot be read", async () => {
    const script = `
      import { createStrategyFolder } from "./src/strategies/strategy-folder.ts";
      import { createStrategyLibrary } from "./src/strategies/strategy-library.ts";
      const dir = process.argv[1];
      const log = { warn() {} };
      const library = createStrategyLibrary(dir, createStrategyFolder(dir), log);
      let at = Number(process.argv[2]);
      let replaces = (await library.read("dip").catch(() => null))?.sha256 ?? null;
      for (;;) {
        const { files, trouble } = await library.save([{ name: "dip", text: "n: " + at++ + "\\n", replaces }], { author: "c", reason: null, experimentId: null });
        replaces = files[0].sha256;
        process.stdout.write(trouble ?? ".");
      }`;
    for (let round = 0; round < 6; round += 1) {
      const child = execa(process.execPath, ["--input-type=module", "-e", script, dir, String(round * 1_000)], {
        cwd: path.join(import.meta.dirname, "../.."),
        reject: false,
        buffer: false,
      });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await new Promise((resolve) => setTimeout(resolve, 40 + 37 * round));
      child.kill("SIGKILL");
      await child;
      // The killed process may have left its lock. The lock is made old, so that it counts as left behind.
      const lock = path.join(dir, HISTORY_FOLDER, "refs/heads/main.lock");
      if ((await stat(lock).catch(() => null)) !== null) await utimes(lock, new Date(0), new Date(0));
    }
    await library().notice();
    const versions = await library().versions("dip");
    expect(versions.length).toBeGreaterThan(6);
    for (const { commit } of versions) expect(await textOf("dip", commit)).toMatch(/^n: \d+\n$/);
    expect(await textOf("dip", versions[0]?.commit ?? "")).toBe((await library().read("dip")).text);
  });

  test("is a repository that git reads", async (context) => {
    const git = promisify(execFile);
    const there = await git("git", ["--version"]).catch(() => null);
    if (there === null) return context.skip("git is not installed here");
    const { version } = await saved("dip", "a: 1\n");
    await saved("other", "b: 1\n");
    const at = ["--git-dir", path.join(dir, HISTORY_FOLDER)];
    const trusted = {
      env: { ...process.env, GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
    };
    expect((await git("git", [...at, "fsck", "--strict"], trusted)).stderr).not.toMatch(/error|missing|corrupt/);
    expect((await git("git", [...at, "show", `${version}:dip.yaml`], trusted)).stdout).toBe("a: 1\n");
    await git("git", [...at, "gc", "--quiet"], trusted);
    expect(await readdir(path.join(dir, HISTORY_FOLDER, "objects/pack"))).not.toEqual([]);
    expect(await textOf("dip", version)).toBe("a: 1\n");
    await saved("third", "c: 1\n");
    expect(await library().versions("other")).toHaveLength(1);
    return undefined;
  });
});

describe("what the commits say, written down", () => {
  const repository = (...names: string[]) => path.join(dir, HISTORY_FOLDER, ...names);
  const lines = () => repository("versions.jsonl");
  const readOnly = () => createStrategyLibrary(dir, createStrategyFolder(dir), log, { readOnly: true });
  /** The versions by the commits themselves, without the file of lines. */
  async function fromCommits() {
    await rm(lines());
    return await readOnly().versions("dip");
  }
  /** Saves three versions of one strategy and one of another, then removes the first strategy's file. */
  async function four() {
    const first = await saved("dip", "a: 1\n");
    const second = await saved("dip", "a: 2\n", first.sha256, { author: "other", reason: null, experimentId: null });
    await saved("rise", "b: 1\n");
    await saved("dip", "a: 3\n", second.sha256);
    await unlink(fileOf("dip"));
    await library().notice();
    return [first, second] as const;
  }

  test("is the same, and no object is read for it", async () => {
    await four();
    await rename(repository("objects"), repository("aside"));
    const versions = await library().versions("dip");
    expect(versions.map(({ change }) => change)).toEqual(["removed", "changed", "changed", "created"]);
    await rename(repository("aside"), repository("objects"));
    expect(await fromCommits()).toEqual(versions);
  });

  test.each([
    ["is cut short", (text: string) => text.slice(0, -40)],
    ["lacks a line in the middle", (text: string) => text.replace(/\n.*\n/, "\n")],
    ["has lines twice", (text: string) => text + text],
    ["is of another form", (text: string) => text.replaceAll('"author"', '"by"')],
    ["is no text of lines", () => "\0".repeat(900)],
    ["is empty", () => ""],
  ])("says nothing wrong when it %s, and is made whole", async (_how, spoil) => {
    await four();
    const versions = await library().versions("dip");
    await writeFile(lines(), spoil(await readFile(lines(), "utf8")));
    expect(await readOnly().versions("dip")).toEqual(versions);
    expect(await library().versions("dip")).toEqual(versions);
    await rename(repository("objects"), repository("aside"));
    expect(await library().versions("dip")).toEqual(versions);
  });

  test("counts for the history that the branch names, and no other", async () => {
    const [first, second] = await four();
    const known = library();
    expect(await known.versions("dip")).toHaveLength(4);
    // Somebody sets the branch back to an earlier version.
    await writeFile(repository("refs/heads/main"), `${second.version}\n`);
    for (const one of [known, readOnly(), library()]) {
      expect((await one.versions("dip")).map(({ commit }) => commit)).toEqual([second.version, first.version]);
      expect(await one.versions("rise")).toEqual([]);
    }
    // From there the history goes on in another way.
    const { sha256 } = await library().readVersion("dip", second.version);
    await writeFile(fileOf("dip"), "a: 2\n");
    const other = await saved("dip", "a: 4\n", sha256);
    expect((await known.versions("dip"))[0]).toMatchObject({ commit: other.version, change: "changed" });
    expect(await library().versions("dip")).toEqual(await known.versions("dip"));
    expect(await fromCommits()).toEqual(await known.versions("dip"));
  });

  test("is not written by one that may only read", async () => {
    await four();
    expect(await fromCommits()).toHaveLength(4);
    await expect(stat(lines())).rejects.toMatchObject({ code: "ENOENT" });
  });
});
