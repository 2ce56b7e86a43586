import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../src/root.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { browserAt, startPageServer } from "../support/page-door.ts";
import { addToken } from "../../src/http/token-file.ts";
import { deadEnvironment } from "../support/mcp.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  env = { ...(await deadEnvironment()), PATH: process.env["PATH"] ?? "", DATABASE_URL: database.url };
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
afterEach(async () => void (await pool.query("delete from page_sessions; delete from page_links")));

const sh = async (command: string, more: Readonly<Record<string, string>> = {}) =>
  await execa("sh", ["-c", command], { cwd: ROOT, env: { ...env, ...more }, extendEnv: false, reject: false });
const pageLink = async (rest: string, more: Readonly<Record<string, string>> = {}) =>
  await sh(`bin/ktrdr-mcp page-link ${rest}`, more);
const HERE = { MCP_PUBLIC_URL: "http://127.0.0.1:3100" };

test("docs/http.md: its commands make, list and revoke a link", async () => {
  const document = await readFile(path.join(ROOT, "docs/http.md"), "utf8");
  const commands = [...document.matchAll(/^bin\/ktrdr-mcp page-link .*$/gm)].map(([command]) => command);
  expect(commands.map((command) => command.split(" ")[2])).toEqual(["new", "list", "revoke"]);
  const [setting = ""] = /^export MCP_PUBLIC_URL=.*$/m.exec(document) ?? [];
  const [make = "", list = "", revoke = ""] = commands;
  const made = await sh(`${setting}\n${make}`);
  expect(made.stdout).toMatch(/^https:\/\/research\.example\.com\/enter\?link=[\w-]{43}$/);
  expect(made.stderr).toMatch(/read as ada for 7 days.*within 15 minutes/);
  expect((await sh(list)).stdout).toMatch(/^ada\tread\tlink\t\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const revoked = await sh(revoke);
  expect([revoked.exitCode, revoked.stdout]).toEqual([0, ""]);
  expect(revoked.stderr).toContain("ada is out. Sessions that ended: 0; links: 1.");
  const none = await sh(list);
  expect([none.stdout, none.stderr]).toEqual(["", "No link is open, and no browser is let in."]);
});

test("what it prints lets a browser in, which it then lists and puts out", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-page-link-"));
  const tokensFile = path.join(folder, "tokens.json");
  await addToken(tokensFile, { name: "tess", scope: "read", expires: "2099-01-01T00:00:00.000Z" });
  const server = await startPageServer({ databaseUrl: database.url, tokensFile });
  try {
    const { stdout } = await pageLink(`new --name bob --scope operate --days 30 --url ${server.origin}`);
    const link = new URL(stdout);
    expect(link.origin).toBe(server.origin);
    const browser = browserAt(server.port, link.origin);
    const page = await browser.press(await browser.go(`${link.pathname}${link.search}`, {}, "cross"));
    expect(page.text).toBe("page for bob to operate");
    const listed = (await pageLink("list")).stdout.split("\t");
    expect(listed.slice(0, 3)).toEqual(["bob", "operate", "session"]);
    expect((Date.parse(listed[3] ?? "") - Date.now()) / 86_400_000).toBeCloseTo(30, 1);
    expect((await pageLink("revoke --name bob")).stderr).toContain("Sessions that ended: 1; links: 0.");
    const another = await startPageServer({ databaseUrl: database.url, tokensFile });
    const [name = "", value = ""] = [...browser.jar][0] ?? [];
    const late = browserAt(another.port, link.origin);
    late.jar.set(name, value);
    expect((await late.go("/")).status).toBe(401);
    await another.stop();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

test("--url wins over MCP_PUBLIC_URL, and both may end with a slash", async () => {
  expect((await pageLink("new --name ada", { MCP_PUBLIC_URL: "https://One.example.com/" })).stdout).toContain(
    "https://one.example.com/enter?",
  );
  expect((await pageLink("new --name ada --url https://two.example.com:8443/", HERE)).stdout).toContain(
    "https://two.example.com:8443/enter?",
  );
});

test("--approve makes a link that lets a browser decide, for one day", async () => {
  const { stdout, stderr } = await pageLink("new --approve --name ada", HERE);
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:3100\/enter\/approving\?link=[\w-]{43}$/);
  expect(stderr).toContain("read and decide about candidates as ada for 1 day:");
  expect((await pageLink("list")).stdout).toMatch(/^ada\tread\+approve\tlink\t/);
});

test("without TLS beyond this machine it warns", async () => {
  expect((await pageLink("new --name ada", HERE)).stderr).not.toContain("TLS");
  const { exitCode, stderr } = await pageLink("new --name ada --url http://research.example.com");
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining("Without TLS")]);
});

describe("it refuses", () => {
  test.each([
    ["new", "--name is missing"],
    ["new --name 'ada@login.example.com'", "--name has letters, digits"],
    ["new --name ''", "--name is missing"],
    ["new --name ada --scope all", "--scope is one of read, research, operate"],
    ["new --name ada --days 0", "--days is a number from 1 to 30"],
    ["new --name ada --days 31", "--days is a number from 1 to 30"],
    ["new --name ada --days 1.5", "--days is a number from 1 to 30"],
    ["new --name ada --url research.example.com", "--url: Not like https://"],
    ["new --name ada --url ftp://research.example.com", "--url: Not like https://"],
    ["new --name ada --url https://research.example.com/mcp", "--url: Not like https://"],
    ["new --name ada --url 'https://user@research.example.com'", "--url: Not like https://"],
    ["new ada", '"ada" is not understood'],
    ["news", '"news" is not understood'],
    ["", "What is to be done?"],
    ["list --nam ada", "Usage: ktrdr-mcp page-link new"],
    ["revoke", "--name is missing"],
  ])("%s", async (rest, why) => {
    const { exitCode, stdout, stderr } = await pageLink(rest, HERE);
    expect(stderr).toContain(why);
    expect([exitCode, stdout]).toEqual([2, ""]);
  });

  test("a link without an address, and says what to give", async () => {
    const { exitCode, stdout, stderr } = await pageLink("new --name ada");
    expect(stderr).toMatch(/address of the server[^]*MCP_PUBLIC_URL[^]*--url[^]*https:\/\/research\.example\.com/);
    expect([exitCode, stdout]).toEqual([1, ""]);
  });

  test("an MCP_PUBLIC_URL with a path", async () => {
    const { exitCode, stderr } = await pageLink("list", { MCP_PUBLIC_URL: "https://research.example.com/mcp" });
    expect(stderr).toMatch(/MCP_PUBLIC_URL/);
    expect(exitCode).toBe(1);
  });

  test("to put out who is not in, and says who is", async () => {
    await pageLink("new --name ada", HERE);
    const { exitCode, stderr } = await pageLink("revoke --name bob");
    expect(stderr).toMatch(/Nobody of the name "bob"[^]*There are: ada/);
    expect(exitCode).toBe(1);
  });

  test("while PostgreSQL is away, in words", async () => {
    const { DATABASE_URL = "" } = await deadEnvironment();
    const { exitCode, stdout, stderr } = await pageLink("new --name ada", { ...HERE, DATABASE_URL });
    expect(stderr).toContain("The database does not answer");
    expect([exitCode, stdout]).toEqual([1, ""]);
  });
});
