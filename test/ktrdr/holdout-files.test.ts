import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KeptFile } from "../../src/domain/holdout/holdout.ts";
import { assertDivisible, divide } from "../../src/ktrdr/holdout-files.ts";
import { filesBeyond, holdoutState } from "../../src/ktrdr/holdout-state.ts";
import { CALENDARS, rowsAt, textOf } from "../support/price-file.ts";

const CUT = { symbol: "ABC", timeframe: "1d", startDate: "2019-01-01" };
const ROWS = rowsAt(CALENDARS["stock 1d"]("2016-01-04", "2019-12-31"));
const at = ROWS.findIndex((row) => row >= "2019-01-01");
const HEAD = textOf(ROWS.slice(0, at));
const KEPT = textOf(ROWS.slice(at - 50));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-holdout-"));
  await writeFile(join(dir, "ABC_1d.csv"), textOf(ROWS), { mode: 0o644 });
});
afterEach(async () => await rm(dir, { recursive: true, force: true }));

const text = async (name: string) => await readFile(join(dir, name), "utf8");
async function divided(cut = CUT): Promise<{ files: KeptFile[]; steps: string[] }> {
  const [files, steps]: [KeptFile[], string[]] = [[], []];
  await divide(
    dir,
    cut,
    async (file) => void files.push(file),
    (step) => steps.push(step),
  );
  return { files, steps };
}

test("the open file ends before the day; the kept one has the rest and the 50 bars before it, for its owner only", async () => {
  const { files } = await divided();
  expect(await text("ABC_1d.csv")).toBe(HEAD);
  expect(await text("ABC.HOLDOUT_1d.csv")).toBe(KEPT);
  expect((await stat(join(dir, "ABC.HOLDOUT_1d.csv"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(dir, "ABC_1d.csv"))).mode & 0o777).toBe(0o644);
  expect(files).toMatchObject([{ lastDay: "2019-12-31", firstDay: ROWS[at - 50]?.slice(0, 10), bytes: KEPT.length }]);
  expect(files[0]?.years).toBeCloseTo(1, 1);
  expect((await readdir(dir)).toSorted()).toEqual(["ABC.HOLDOUT_1d.csv", "ABC_1d.csv"]);
});

test("done again, it changes nothing and tells the same", async () => {
  const { files: first } = await divided();
  expect(await divided()).toEqual({ files: first, steps: [] });
});

test("newer bars that a load put into the open file move behind the lock; what was kept stays as it was", async () => {
  await divided();
  const newer = rowsAt(CALENDARS["stock 1d"]("2019-12-02", "2020-02-28")).map((row) => row.replace(/,\d/, ",9"));
  await writeFile(join(dir, "ABC_1d.csv"), textOf([...ROWS.slice(0, at), ...newer]));
  const { files } = await divided();
  expect(await text("ABC_1d.csv")).toBe(HEAD);
  const added = newer.filter((row) => row > "2019-12-31T23");
  expect(await text("ABC.HOLDOUT_1d.csv")).toBe(KEPT + added.map((row) => `${row}\n`).join(""));
  expect(files[0]?.lastDay).toBe("2020-02-28");
});

describe("refuses, and changes nothing", () => {
  const refused = async (cut: typeof CUT, words: RegExp) => {
    const before = await Promise.all((await readdir(dir)).toSorted().map(async (name) => [name, await text(name)]));
    await expect(divided(cut)).rejects.toThrow(words);
    const after = await Promise.all((await readdir(dir)).toSorted().map(async (name) => [name, await text(name)]));
    expect(after).toEqual(before);
  };

  test.each([
    ["before the first bar", "2015-01-01"],
    ["soon after the first bar", "2016-02-01"],
    ["just before the last bar", "2019-12-02"],
    ["after the last bar", "2020-06-01"],
  ])("a day %s", async (_what, startDate) => {
    await refused({ ...CUT, startDate }, /does not divide the bars of ABC 1d/);
  });

  test("a symbol without a file", async () => await refused({ ...CUT, symbol: "NOPE" }, /no price file NOPE_1d\.csv/));

  test("times out of order, and times that nobody can read", async () => {
    await writeFile(join(dir, "ABC_1d.csv"), textOf([...ROWS.slice(0, 300), ...ROWS.slice(200, 400)]));
    await refused(CUT, /cannot be divided/);
    await writeFile(join(dir, "ABC_1d.csv"), textOf(ROWS.map((row, n) => (n === 77 ? `soon${row.slice(20)}` : row))));
    await refused(CUT, /cannot be divided/);
  });

  test("a link", async () => {
    await symlink(join(dir, "ABC_1d.csv"), join(dir, "LNK_1d.csv"));
    await refused({ ...CUT, symbol: "LNK" }, /cannot be used/);
  });

  test.each(["2018-06-01", "2019-06-03"])("another day than it was divided at: %s", async (startDate) => {
    await divided();
    await refused({ ...CUT, startDate }, /keeps other bars than those from/);
  });
});

test("a folder that is not there, or is a file, cannot be divided in", async () => {
  await expect(assertDivisible(undefined, CUT)).rejects.toThrow("cannot be divided here");
  await writeFile(join(dir, "file"), "");
  await expect(assertDivisible(join(dir, "file"), CUT)).rejects.toThrow("cannot be divided here");
  expect(await assertDivisible(dir, CUT)).toBe(dir);
  expect(await readdir(dir)).not.toContain(expect.stringMatching(/probe/));
});

test("finds what still holds bars of the kept days", async () => {
  await writeFile(join(dir, "ABC_1h.csv"), textOf(rowsAt(CALENDARS["stock 1h"]("2018-12-20", "2019-01-10"))));
  await writeFile(join(dir, "ABC_1w.csv"), textOf(rowsAt(CALENDARS["stock 1w"]("2016-01-04", "2018-12-20"))));
  await mkdir(join(dir, "ABC_folder.csv"));
  expect(await filesBeyond(dir, CUT)).toEqual(["ABC_1d.csv", "ABC_1h.csv"]);
  expect((await holdoutState(dir, CUT)).kept).toBeNull();
  const { files } = await divided();
  const { kept, beyond } = await holdoutState(dir, CUT);
  expect(beyond).toEqual(["ABC_1h.csv"]);
  expect(kept).toEqual({ bytes: files[0]?.bytes, sha256: files[0]?.sha256, mode: 0o600 });
});
