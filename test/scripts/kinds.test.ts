import { existsSync, globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, matchesGlob, normalize } from "node:path";
import { expect, test } from "vitest";
import { FAST, LAB } from "../support/kinds.ts";

const IMPORTED =
  /^(?:import|export)\s+(?!type\b)(?:[^;"]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)|new URL\("(\.[^"]+\.ts)"/gm;
const known = new Map<string, Promise<readonly string[]>>();

/** What a file of this repository loads directly: paths from the root, and names of packages. */
const loadedBy = async (file: string) =>
  [...(await readFile(file, "utf8")).matchAll(IMPORTED)].map(([, from, lazily, beside]) => {
    const name = from ?? lazily ?? beside ?? "";
    return name.startsWith(".") ? normalize(`${dirname(file)}/${name}`) : name;
  });

/** Everything that a test file loads, directly or through other files. */
async function reached(file: string): Promise<ReadonlySet<string>> {
  const seen = new Set([file]);
  for (const each of seen) {
    // A name that is no file comes from a text that the test writes.
    if (!each.endsWith(".ts") || !existsSync(each)) continue;
    if (!known.has(each)) known.set(each, loadedBy(each));
    for (const loaded of (await known.get(each)) ?? []) seen.add(loaded);
  }
  return seen;
}

const STARTS_PROCESSES = ["node:child_process", "node:cluster", "execa", "test/support/postgres.ts"];

test.each(FAST)("%s is fast: nothing that it loads can start a process", async (file) => {
  const loaded = await reached(file);
  expect(loaded.size).toBeGreaterThan(1);
  expect(STARTS_PROCESSES.filter((name) => loaded.has(name))).toEqual([]);
});

test("the files that start a lab are those of the kind that says so", async () => {
  const files = globSync("test/**/*.test.ts");
  const starting = async (file: string) => ((await reached(file)).has("lab/lab.ts") ? [file] : []);
  const labs = (await Promise.all(files.map(starting))).flat();
  expect(labs.length).toBeGreaterThan(10);
  expect(labs.filter((file) => !LAB.some((glob) => matchesGlob(file, glob)))).toEqual([]);
});
