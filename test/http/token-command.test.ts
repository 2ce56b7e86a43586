import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addToken, createTokenBook, readTokens, revokeToken } from "../../src/http/token-file.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const run = promisify(execFile);

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-token-"));
  file = path.join(folder, "tokens.json");
});
afterEach(() => rm(folder, { recursive: true }));

const shell = (command: string) =>
  run("sh", ["-c", command], { cwd: ROOT, env: { ...process.env, MCP_TOKENS_FILE: file } });
const token = (rest: string) => shell(`bin/ktrdr-mcp token ${rest}`);
const refused = async (rest: string) => {
  const { stderr, code } = await token(rest).then(
    () => ({ stderr: "it worked", code: 0 }),
    (error: { stderr: string; code: number }) => error,
  );
  expect([1, 2], stderr).toContain(code);
  return stderr;
};

test("docs/http.md: its commands make, list and revoke a token", async () => {
  const document = await readFile(path.join(ROOT, "docs/http.md"), "utf8");
  const commands = [...document.matchAll(/^bin\/ktrdr-mcp token .*$/gm)].map(([command]) => command);
  expect(commands.map((command) => command.split(" ")[2])).toEqual(["new", "list", "revoke"]);
  const [make = "", list = "", revoke = ""] = commands;
  const year = new Date().getUTCFullYear() + 1;
  const { stdout, stderr } = await shell(make.replace(/\d{4}-06-30/, `${year}-06-30`));
  expect(stdout).toMatch(/^ktrdr_[\w-]{43}\n$/);
  expect(stderr).toContain(`ada may research until ${year}-07-01T00:00:00.000Z`);
  expect(await createTokenBook(file).find(stdout.trim())).toMatchObject({ name: "ada", scope: "research" });
  expect((await shell(list)).stdout).toBe(`ada\tresearch\t${year}-07-01T00:00:00.000Z\n`);
  await shell(revoke);
  expect(await createTokenBook(file).find(stdout.trim())).toBeNull();
});

test("changes at the same time are all kept", async () => {
  const wish = { scope: "read", expires: "2099-01-01T00:00:00.000Z" } as const;
  const names = Array.from({ length: 8 }, (_, index) => `t${index}`);
  await Promise.all(names.map((name) => addToken(file, { ...wish, name })));
  await Promise.all([revokeToken(file, "t0"), addToken(file, { ...wish, name: "late" })]);
  const kept = (await readTokens(file)).map(({ name }) => name);
  expect(kept.toSorted()).toEqual(["late", ...names.slice(1)].toSorted());
  expect(await readdir(folder)).toEqual(["tokens.json"]);
});

test("a changed file stays readable for whom it was", async () => {
  await token("new --name ada --scope read --expires 2099-01-01");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await chmod(file, 0o640);
  await token("new --name bob --scope read --expires 2099-01-01");
  expect((await stat(file)).mode & 0o777).toBe(0o640);
});

test("a change that is never finished is named", async () => {
  await writeFile(`${file}.lock`, "");
  expect(await refused("new --name ada --scope read --expires 2099-01-01")).toContain(`delete ${file}.lock`);
});

describe("it refuses", () => {
  const good = "--scope read --expires 2099-01-01";
  test("a second token of one name, and to revoke one that is not there", async () => {
    await token(`new --name ada ${good}`);
    expect(await refused(`new --name ada ${good}`)).toContain('the name "ada" already');
    expect(await refused("revoke --name bob")).toMatch(/no token of the name "bob"[^]*There are: ada/);
  });
  test.each([
    ["new --scope read --expires 2099-01-01", "--name is missing"],
    ["new --name ada --scope all --expires 2099-01-01", "--scope is one of read, research, operate"],
    ["new --name ada --scope read", "--expires is missing"],
    ["new --name ada --scope read --expires 2001-01-01", "in the past"],
    ["new --name ada --scope read --expires soon", "needs a date"],
    [`new --name 'ada@login.example.com' ${good}`, "letters, digits"],
    ["news", '"news" is not understood'],
    ["list --nam ada", "Usage: ktrdr-mcp token new"],
    ["list", "cannot be used"],
  ])("%s", async (rest, why) => {
    expect(await refused(rest)).toContain(why);
  });
});
