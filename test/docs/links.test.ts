/** Links between pages lead somewhere. The tests that pages name exist, and so do the pages that sources name. */
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const pages = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT });

/** As GitHub names the anchor of a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

function leads(page: string, link: string): boolean {
  const [file = "", section] = link.split("#");
  const target = file === "" ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(ROOT, target))) return false;
  const headings = Array.from(read(target).matchAll(/^#+ (.+)$/gm), ([, heading = ""]) => anchor(heading));
  return section === undefined || headings.includes(section);
}

test("every link leads somewhere", () => {
  const links = pages.flatMap((page) =>
    Array.from(read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g), ([, link = ""]) => ({ page, link })),
  );
  expect(links.length).toBeGreaterThan(100);
  expect(links.filter(({ page, link }) => !leads(page, link))).toEqual([]);
});

test("every test and benchmark that a page names exists", () => {
  const named = pages.flatMap((page) =>
    Array.from(read(page).matchAll(/`((?:test|bench)\/[\w/-]+(?:\.\w+)*\.ts)`/g), ([, file = ""]) => ({ page, file })),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ file }) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});

test("every page that is named exists", () => {
  const named = globSync(["{bin,src,lab,demo,scripts,monitoring,temporal-config}/**/*", "*.{yml,json}"], {
    cwd: ROOT,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .flatMap((file) => Array.from(read(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g), ([page]) => ({ file, page })));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ page }) => !existsSync(path.join(ROOT, page)))).toEqual([]);
});
