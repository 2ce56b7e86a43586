import { hash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { MAX_STRATEGY_BYTES } from "../../src/strategies/strategy-file.ts";
import { createStrategyFolder } from "../../src/strategies/strategy-folder.ts";
import { failure } from "../ktrdr/support.ts";

async function folder() {
  const root = await mkdtemp(join(tmpdir(), "strategies-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const dir = join(root, "strategies");
  await mkdir(dir);
  await writeFile(join(root, "secret.yaml"), "secret: true\n");
  return { root, dir, strategies: createStrategyFolder(dir) };
}

const text = "name: a\ndescription: größer\n";

test("what is written is read back, with the hash of its bytes", async () => {
  const { dir, strategies } = await folder();
  const written = await strategies.write("a", text, { overwrite: false });
  expect(written.sha256).toBe(hash("sha256", text));
  expect(await strategies.read("a")).toEqual(written);
  expect(await readFile(join(dir, "a.yaml"), "utf8")).toBe(text);
  expect(await strategies.exists("a")).toBe(true);
  expect(await strategies.exists("b")).toBe(false);
  expect(await readdir(dir)).toEqual(["a.yaml"]);
});

test("nothing is overwritten unless asked", async () => {
  const { dir, strategies } = await folder();
  await strategies.write("a", text, { overwrite: false });
  expect((await failure(strategies.write("a", "other", { overwrite: false }))).code).toBe("strategy_exists");
  expect((await strategies.read("a")).text).toBe(text);
  await strategies.write("a", "other", { overwrite: true });
  expect((await strategies.read("a")).text).toBe("other");
  expect(await readdir(dir)).toEqual(["a.yaml"]);
});

test("of many exclusive writers one wins, and readers never see a part", async () => {
  const { strategies } = await folder();
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
  const outcomes = await Promise.allSettled(texts.map((each) => strategies.write("a", each, { overwrite: false })));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const rewriting = texts.map((each) => strategies.write("a", each, { overwrite: true }));
  const readings = await Promise.all(Array.from({ length: 30 }, () => strategies.read("a")));
  for (const reading of readings) expect(texts).toContain(reading.text);
  await Promise.all(rewriting);
});

test("list: plain files with proper names, sorted", async () => {
  const { dir, root, strategies } = await folder();
  await strategies.write("b", text, { overwrite: false });
  await strategies.write("a", "x", { overwrite: false });
  await writeFile(join(dir, "notes.txt"), "");
  await writeFile(join(dir, ".hidden.yaml"), "");
  await writeFile(join(dir, "bad name.yaml"), "");
  await mkdir(join(dir, "sub.yaml"));
  await symlink(join(root, "secret.yaml"), join(dir, "link.yaml"));
  expect(await strategies.list()).toMatchObject([
    { name: "a", bytes: 1 },
    { name: "b", bytes: Buffer.byteLength(text) },
  ]);
});

test("links lead nowhere, and are replaced, never followed", async () => {
  const { dir, root, strategies } = await folder();
  await symlink(join(root, "secret.yaml"), join(dir, "link.yaml"));
  expect((await failure(strategies.read("link"))).code).toBe("strategy_not_found");
  expect(await strategies.exists("link")).toBe(false);
  expect((await failure(strategies.write("link", text, { overwrite: false }))).code).toBe("strategy_exists");
  await strategies.write("link", text, { overwrite: true });
  expect(await readFile(join(root, "secret.yaml"), "utf8")).toBe("secret: true\n");
  expect((await strategies.read("link")).text).toBe(text);
});

test("folders and pipes are not strategies", async () => {
  const { dir, strategies } = await folder();
  await mkdir(join(dir, "sub.yaml"));
  execFileSync("mkfifo", [join(dir, "pipe.yaml")]);
  expect((await failure(strategies.read("sub"))).code).toBe("strategy_not_found");
  expect((await failure(strategies.read("pipe"))).code).toBe("strategy_not_found");
});

test("too large, not UTF-8, or not storable", async () => {
  const { dir, strategies } = await folder();
  const huge = "x".repeat(MAX_STRATEGY_BYTES + 1);
  for (const bad of [huge, "a\u0000b", "\uD800"]) {
    expect((await failure(strategies.write("a", bad, { overwrite: false }))).code).toBe("invalid_input");
  }
  await strategies.write("most", huge.slice(1), { overwrite: false });
  expect((await strategies.read("most")).text).toHaveLength(MAX_STRATEGY_BYTES);
  await writeFile(join(dir, "huge.yaml"), huge);
  await writeFile(join(dir, "latin.yaml"), Buffer.from([0xe4, 0xff]));
  expect((await failure(strategies.read("huge"))).code).toBe("strategy_invalid");
  expect((await failure(strategies.read("latin"))).code).toBe("strategy_invalid");
});

test("a missing, unset or wrong folder is unavailable", async () => {
  const { dir, root } = await folder();
  const cases = [undefined, join(root, "nowhere"), join(root, "secret.yaml")];
  for (const each of cases) {
    const strategies = createStrategyFolder(each);
    expect((await failure(strategies.list())).code).toBe("folder_unavailable");
    expect((await failure(strategies.read("a"))).code).toBe("folder_unavailable");
    expect((await failure(strategies.write("a", text, { overwrite: true }))).code).toBe("folder_unavailable");
  }
  await chmod(dir, 0o555);
  // Root may write in spite of the permissions.
  const outcome = await createStrategyFolder(dir)
    .write("a", text, { overwrite: false })
    .catch((error: unknown) => error);
  if (process.getuid?.() !== 0) expect(outcome).toMatchObject({ code: "folder_unavailable" });
  await chmod(dir, 0o755);
});

test("a folder reached through a link is fine", async () => {
  const { dir, root } = await folder();
  await symlink(dir, join(root, "alias"));
  await createStrategyFolder(join(root, "alias")).write("a", text, { overwrite: false });
  expect(await readdir(dir)).toEqual(["a.yaml"]);
});

test("property: no name leaves the folder", async () => {
  const { dir, root, strategies } = await folder();
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      "../secret",
      "..",
      ".",
      "",
      "/etc/passwd",
      "a/b",
      "a\\b",
      "a.yaml",
      "a\u0000",
      "ä",
      "-a",
      "_a",
      "a".repeat(101),
    ),
    fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/),
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (name) => {
      const proper = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name) && !name.includes("\n");
      const outcome = await strategies.write(name, name, { overwrite: true }).catch((error: unknown) => error);
      if (proper) expect(outcome).toMatchObject({ name, text: name });
      else expect(outcome).toMatchObject({ code: "invalid_input" });
      if (!proper) expect((await failure(strategies.read(name))).code).toBe("invalid_input");
      if (!proper) expect((await failure(strategies.exists(name))).code).toBe("invalid_input");
    }),
    { numRuns: 200 },
  );
  expect((await readdir(root)).toSorted()).toEqual(["secret.yaml", "strategies"]);
  for (const file of await readdir(dir)) expect(file).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]*\.yaml$/);
});
