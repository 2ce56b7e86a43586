import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";

const page = await readFile(path.join(ROOT, "docs/faults.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| what |"))
  .map((line) => line.split(" | "));

test("every fault on the page names its proof", () => {
  expect(rows.length).toBeGreaterThan(25);
  for (const row of rows) expect(row.at(-1), row[0]).toMatch(/^`test\/[\w/.-]+\.ts`: ".+" \|$/);
});

test.each(rows.map((row) => [row[0]?.slice(2) ?? "", row.at(-1) ?? ""]))("%s", async (_what, proof) => {
  const [, file = "", title = ""] = /^`(.+?)`: "(.+)" \|$/.exec(proof) ?? [];
  const text = (await readFile(path.join(ROOT, file), "utf8")).replaceAll(/\s+/g, " ");
  expect(text).toContain(title);
});
