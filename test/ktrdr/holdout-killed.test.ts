/** Dividing a price file survives SIGKILL between any two of its steps. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { CALENDARS, rowsAt, textOf } from "../support/price-file.ts";

const START = "2019-01-01";
const ROWS = rowsAt(CALENDARS["stock 1d"]("2017-01-02", "2019-12-31"));
const at = ROWS.findIndex((row) => row >= START);
const NEWER = rowsAt(CALENDARS["stock 1d"]("2020-01-03", "2020-03-31"));

const SCRIPT = new URL("../support/divide-and-die.ts", import.meta.url).pathname;
const run = async (dir: string, dieAt: number) =>
  await execa(process.execPath, [SCRIPT, dir, START, String(dieAt)], { reject: false });

/** Every bar there is, in the open file and the kept one together. */
async function bars(dir: string): Promise<Set<string>> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".csv"));
  const texts = await Promise.all(names.map(async (name) => await readFile(join(dir, name), "utf8")));
  return new Set(texts.flatMap((text) => text.trimEnd().split("\n").slice(1)));
}

/** Kills it at its first step, at its second, and so on until it reaches its end. */
async function killedEverywhere(prepare: (dir: string) => Promise<void>, all: readonly string[], kept: string) {
  for (let dieAt = 1; ; dieAt += 1) {
    const dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-killed-"));
    try {
      await prepare(dir);
      const { signal } = await run(dir, dieAt);
      expect(await bars(dir), `step ${dieAt}: no bar is lost`).toEqual(new Set(all));
      expect((await run(dir, 0)).exitCode, `step ${dieAt}: the same call finishes it`).toBe(0);
      expect(await readFile(join(dir, "ABC_1d.csv"), "utf8")).toBe(textOf(ROWS.slice(0, at)));
      expect(await readFile(join(dir, "ABC.HOLDOUT_1d.csv"), "utf8")).toBe(kept);
      expect((await readdir(dir)).filter((name) => name.startsWith("."))).toEqual([]);
      const recorded = new Set((await readFile(join(dir, "recorded"), "utf8")).trimEnd().split("\n"));
      expect(recorded.size, "whatever was recorded was the whole file").toBe(1);
      if (signal === undefined) return dieAt - 1;
      expect(signal).toBe("SIGKILL");
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
}

test("when it is set", async () => {
  const prepare = async (dir: string) => await writeFile(join(dir, "ABC_1d.csv"), textOf(ROWS));
  expect(await killedEverywhere(prepare, ROWS, textOf(ROWS.slice(at - 50)))).toBe(10);
});

test("when newer bars are moved behind the lock", async () => {
  const all = [...ROWS, ...NEWER];
  const prepare = async (dir: string) => {
    await writeFile(join(dir, "ABC.HOLDOUT_1d.csv"), textOf(ROWS.slice(at - 50)));
    await writeFile(join(dir, "ABC_1d.csv"), textOf([...ROWS.slice(0, at), ...NEWER]));
  };
  expect(await killedEverywhere(prepare, all, textOf([...ROWS.slice(at - 50), ...NEWER]))).toBe(10);
});
