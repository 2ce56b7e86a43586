import { expect, test } from "vitest";
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

test.each(["/home/me/a b", "/home/me/a#b", "/home/me/a%20b", "/home/mé"])("%s can", (folder) => {
  expect(() => assertBundlable(`${folder}/src/workflows/index.ts`)).not.toThrow();
});

test("the bundle of unchanged sources is kept, and is what a fresh one would be", async () => {
  await loadWorkflows();
  const { code } = await bundleWorkflows();
  expect(await loadWorkflows()).toEqual({ code, sourceMap: "" });
});
