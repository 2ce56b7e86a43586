/** docs/ktrdr.md has every section that a comment cites, and names only recordings and figures that are there. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const page = read("docs/ktrdr.md");
/** A section is a heading, or a row of a table that begins with its number. */
const sections = new Set(
  Array.from(page.matchAll(/^(?:#{2,3}|\|) (\d+(?:\.\d+)?)(?:\.? \|?)/gm), ([, number]) => number),
);
const texts = globSync(["{src,lab,demo,sandbox,test,bench,scripts}/**/*.ts", "docs/**/*.md", "*.md"], {
  cwd: ROOT,
}).map((file) => ({ file, text: read(file) }));

test("every section that is cited exists", () => {
  const cited = texts.flatMap(({ file, text }) =>
    Array.from(text.matchAll(/§(\d+(?:\.\d+)?)(?:-(\d+\.\d+))?/g), ([, ...numbers]) => numbers)
      .flat()
      .flatMap((number) => (number === undefined ? [] : [{ file, number }])),
  );
  expect(cited.length).toBeGreaterThan(150);
  expect(cited.filter(({ number }) => !sections.has(number))).toEqual([]);
});

test("nothing cites a document that is not here", () => {
  const elsewhere = new RegExp(String.raw`contract[\s*]+§`);
  expect(texts.filter(({ text }) => elsewhere.test(text)).map(({ file }) => file)).toEqual([]);
});

test("every recording and figure that it names is a fixture", () => {
  const recordings = globSync("test/fixtures/ktrdr/*.json", { cwd: ROOT }).map((file) => path.basename(file));
  const numbers = Array.from(page.matchAll(/\brec ((?:\d{2}(?:, )?)+)/g), ([, list = ""]) => list.split(", ")).flat();
  expect(numbers.length).toBeGreaterThan(20);
  for (const number of numbers.filter((one) => one !== "")) {
    expect(
      recordings.some((file) => file.startsWith(`${number}-`)),
      `rec ${number}`,
    ).toBe(true);
  }
  const figures = globSync("test/fixtures/ktrdr-real/*.json", { cwd: ROOT }).map((file) =>
    path.basename(file, ".json"),
  );
  const named = Array.from(page.matchAll(/\bfig ([a-z-]+)/g), ([, name]) => name);
  expect(named.length).toBeGreaterThan(8);
  expect(figures).toEqual(expect.arrayContaining(named));
});
