import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { assertBundlable, bundleWorkflows, loadWorkflows } from "../../src/temporal/worker.ts";

test.each(["/home/me/wow!/ktrdr-mcp", "/home/me/why?/ktrdr-mcp"])(
  "%s cannot be bundled from, and says so",
  (folder) => {
    expect(() => assertBundlable(`${folder}/src/workflows/index.ts`)).toThrow(
      expect.objectContaining({
        code: "invalid_input",
        why: `the sources lie in ${folder}`,
        next: expect.stringContaining("a path without ! and ?"),
      }),
    );
  },
);

test("any other character of a folder does no harm", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bundle-"));
  const checkout = path.join(dir, `a b#c%20\u00e9[d]'"(e){f}&;*`);
  try {
    await mkdir(checkout);
    await cp(path.join(ROOT, "src"), path.join(checkout, "src"), { recursive: true });
    await cp(path.join(ROOT, "package.json"), path.join(checkout, "package.json"));
    await symlink(path.join(ROOT, "node_modules"), path.join(checkout, "node_modules"));
    const { href } = pathToFileURL(path.join(checkout, "src/temporal/worker.ts"));
    const script = `const { bundleWorkflows } = await import(${JSON.stringify(href)});
      console.log((await bundleWorkflows()).code.length);`;
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", script]);
    expect(Number(stdout)).toBeGreaterThan(100_000);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("the bundle of unchanged sources is kept, and is what a fresh one would be", async () => {
  await loadWorkflows();
  const { code } = await bundleWorkflows();
  expect(await loadWorkflows()).toEqual({ code, sourceMap: "" });
});
