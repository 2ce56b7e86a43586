/** Decisions on the page over real HTTP: the product's own page, door and record, and a worker that carries them out. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkTo } from "../../src/http/page-address.ts";
import { addToken } from "../../src/http/token-file.ts";
import { createPageAccess, type PageAccess } from "../../src/store/page-access.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { serveApproving, startDecidingWorker, type ApprovingSite } from "../support/approving-site.ts";
import { recordCandidate } from "../support/candidates.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { ask, browserAt, PUBLIC, type PageAnswer } from "../support/page-door.ts";
import type { RunningWorker } from "../support/workflow-env.ts";

let stack: Stack;
let pool: Pool;
let access: PageAccess;
let worker: RunningWorker;
let folder: string;
let token: string;
/** Where everybody may read, and where tokens or links are asked for. */
let servers: Record<"open" | "closed", ApprovingSite>;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
  pool = createPool(stack.databaseUrl);
  access = createPageAccess(pool);
  worker = await startDecidingWorker(stack, pool);
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-approvals-"));
  const tokensFile = path.join(folder, "tokens.json");
  token = await addToken(tokensFile, { name: "tess", scope: "operate", expires: "2099-01-01T00:00:00.000Z" });
  servers = {
    open: await serveApproving(stack, pool, null),
    closed: await serveApproving(stack, pool, tokensFile),
  };
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server.stop();
  await worker.stop();
  await pool.end();
  await stack.stop();
  await rm(folder, { recursive: true });
});

/** A browser that the operator let in. */
async function letIn(at: ApprovingSite, { approves = true, name = "ada" } = {}) {
  const secret = await access.newLink({ name, scope: "read", approves, days: 1, origin: at.origin });
  const link = new URL(linkTo(at.origin, secret, approves));
  const browser = browserAt(at.port, at.origin);
  const entered = await browser.press(await browser.go(`${link.pathname}${link.search}`, {}, "cross"));
  expect(entered.status).toBe(200);
  return browser;
}

type Browser = ReturnType<typeof browserAt>;

/** Each has a symbol of its own, because what is tried on one changes the evidence of all others on it. */
async function waiting(name: string): Promise<string> {
  const task_id = await recordCandidate(stack.writer, name, { symbol: name.toUpperCase() });
  expect(await stack.ask("propose_champion", { task_id, reason: `${name} <b>holds</b>.` })).toMatchObject({
    stage: "waiting",
  });
  return task_id;
}
const stageOf = async (jobId: string) => (await stack.deps.records.registry.get(jobId)).stage;

/** The hidden fields of the form on a candidate's view. */
function formIn({ text }: PageAnswer): Record<"token" | "evidence", string> {
  const [, form = ""] = /<form method="post" action="\/approvals\/[^"]+"[^>]*>(.*?)<\/form>/s.exec(text) ?? [];
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(form)?.[1] ?? "";
  return { token: value("token"), evidence: value("evidence") };
}

const fields = (more: Record<string, string>) => new URLSearchParams({ decision: "approve", ...more }).toString();
async function send(
  browser: Browser,
  jobId: string,
  more: Record<string, string>,
  headers: Record<string, string> = {},
) {
  return await browser.go(`/approvals/${jobId}`, { method: "POST", body: fields(more), headers });
}

describe.each(["open", "closed"] as const)("at a page that is %s", (kind) => {
  test("a human decides, with the evidence before the eyes, once", async () => {
    const at = servers[kind];
    const jobId = await waiting(`dip${kind}`);
    const browser = await letIn(at);
    const [tab, other] = [await browser.go(`/approvals/${jobId}`), await browser.go(`/approvals/${jobId}`)];
    expect(tab.status).toBe(200);
    expect(tab.headers["referrer-policy"]).toBe("strict-origin");
    expect(tab.text).toContain("waits for you until");
    expect(tab.text).toMatch(/Luck explains it in less than 0\.1 %/);
    expect(tab.text).toContain("&lt;b&gt;holds&lt;/b&gt;");
    // The first tab's form gave way to the second one's.
    const late = await send(browser, jobId, { ...formIn(tab), name: `dip${kind}` });
    expect([late.status, late.text]).toEqual([409, expect.stringContaining("Another tab of this browser")]);
    expect(await stageOf(jobId)).toBe("waiting");
    const made = await send(browser, jobId, { ...formIn(other), name: `dip${kind}`, reason: "I looked." });
    expect([made.status, made.text]).toEqual([200, expect.stringContaining(`dip${kind} is the champion of`)]);
    const again = await send(browser, jobId, { ...formIn(other), name: `dip${kind}` });
    expect([again.status, again.text]).toEqual([
      409,
      expect.stringMatching(/does not wait[^]*is champion[^]*ada on the page/),
    ]);
    expect(await stageOf(jobId)).toBe("champion");
    const [event] = (await stack.deps.records.registry.history(jobId)).slice(-1);
    expect(event).toMatchObject({ what: "approved", by: "ada on the page", reason: "I looked." });
    expect((await browser.go(`/approvals/${jobId}`)).text).not.toContain("<form");
  });

  test("whoever only fetches its text, or its head, takes no form's place", async () => {
    const jobId = await waiting(`head${kind}`);
    const browser = await letIn(servers[kind]);
    const form = formIn(await browser.go(`/approvals/${jobId}`));
    expect((await browser.go(`/approvals/${jobId}?as=text`)).status).toBe(200);
    expect((await browser.go(`/approvals/${jobId}`, { method: "HEAD" })).status).toBe(200);
    const reject = { ...form, name: `head${kind}`, decision: "reject", reason: "I looked." };
    expect((await send(browser, jobId, reject)).text).toContain(`${jobId} is rejected.`);
  });

  test("rejecting needs a reason", async () => {
    const jobId = await waiting(`bad${kind}`);
    const browser = await letIn(servers[kind]);
    const form = formIn(await browser.go(`/approvals/${jobId}`));
    const name = `bad${kind}`;
    expect((await send(browser, jobId, { ...form, name, decision: "reject" })).status).toBe(400);
    const reject = { ...form, name, decision: "reject", reason: "One month earns it all." };
    expect((await send(browser, jobId, reject)).text).toContain(`${jobId} is rejected.`);
    expect((await browser.go("/approvals")).text).toMatch(/rejected by ada on the page at [^<]*One month earns it all/);
  });
});

describe("it is refused, with words of its own, and nothing is decided:", () => {
  let jobId: string;
  let browser: Browser;
  let form: Record<"token" | "evidence", string>;
  const name = "strict";
  beforeAll(async () => {
    jobId = await waiting(name);
    browser = await letIn(servers.open);
    form = formIn(await browser.go(`/approvals/${jobId}`));
    expect(form.token).toMatch(/^[\w-]{43}$/);
  });

  const refused = async (answer: Promise<PageAnswer>, status: number, words: RegExp) => {
    const { status: found, text } = await answer;
    expect([found, text]).toEqual([status, expect.stringMatching(words)]);
    expect(await stageOf(jobId)).toBe("waiting");
  };

  test("another name", async () => {
    await refused(send(browser, jobId, { ...form, name: "Strict" }), 409, /name that was typed is not that of/);
  });
  test("evidence that nobody saw", async () => {
    await refused(send(browser, jobId, { ...form, name, evidence: "f".repeat(64) }), 409, /form is of other evidence/);
  });
  test("a made-up token", async () => {
    await refused(send(browser, jobId, { ...form, name, token: "A".repeat(43) }), 409, /Another tab/);
  });
  test("the form of another candidate", async () => {
    const other = await waiting("other");
    const theirs = formIn(await browser.go(`/approvals/${other}`));
    await refused(send(browser, jobId, { ...theirs, name }), 409, /Another tab|other evidence/);
  });
  test("another browser's form", async () => {
    const second = await letIn(servers.open, { name: "bob" });
    await refused(send(second, jobId, { ...form, name }), 409, /never shown the form/);
  });
  test("a foreign origin", async () => {
    const evil = { origin: "https://evil.example.com" };
    await refused(send(browser, jobId, { ...form, name }, evil), 403, /read at its own address only/);
  });
  test("another origin of this machine", async () => {
    const neighbour = { origin: "http://127.0.0.1:1" };
    await refused(send(browser, jobId, { ...form, name }, neighbour), 403, /sent from another address/);
  });
  test.each(["null", ""])("the origin %j", async (origin) => {
    const headers = {
      host: new URL(servers.open.origin).host,
      cookie: cookieOf(browser),
      ...(origin === "" ? {} : { origin }),
    };
    const body = fields({ ...form, name });
    await refused(ask(servers.open.port, `/approvals/${jobId}`, { method: "POST", headers, body }), 403, /address/);
  });
  test("a token of MCP, also beside a good cookie", async () => {
    const headers = { authorization: `Bearer ${token}` };
    await refused(send(browser, jobId, { ...form, name }, headers), 403, /A token approves nothing/);
    const stranger = browserAt(servers.closed.port, servers.closed.origin);
    await refused(send(stranger, jobId, { ...form, name }, headers), 403, /A token approves nothing/);
  });
  test("a browser without a session", async () => {
    for (const server of Object.values(servers)) {
      const stranger = browserAt(server.port, server.origin);
      await refused(
        send(stranger, jobId, { ...form, name }),
        403,
        /was not let in to decide[^]*page-link new --approve/,
      );
    }
  });
  test("a browser that only reads, which is shown no form", async () => {
    const reader = await letIn(servers.closed, { approves: false, name: "rea" });
    const view = await reader.go(`/approvals/${jobId}`);
    expect(view.text).not.toContain("<form");
    expect(view.text).toContain("page-link new --approve");
    await refused(send(reader, jobId, { ...form, name }), 403, /may read, and decides nothing/);
  });
  test("a session that has ended", async () => {
    const late = await letIn(servers.open, { name: "late" });
    const theirs = formIn(await late.go(`/approvals/${jobId}`));
    await access.revoke("late");
    await refused(send(late, jobId, { ...theirs, name }), 403, /session of this browser has ended, or was revoked/);
  });
  test("no decision, or too long a one", async () => {
    await refused(send(browser, jobId, { ...form, name, decision: "perhaps" }), 400, /That is no decision/);
    await refused(send(browser, jobId, { ...form, name, reason: "x".repeat(9_000) }), 413, /far too long/);
  });
  test("a candidate that nobody proposed", async () => {
    await refused(send(browser, "backtest-no", { ...form, name }), 404, /was never proposed/);
  });
  test("evidence that changed since, and it says what", async () => {
    const fresh = formIn(await browser.go(`/approvals/${jobId}`));
    await recordCandidate(stack.writer, "between", { symbol: "STRICT", without: ["walk", "costs", "draws"] });
    const stale = send(browser, jobId, { ...fresh, name });
    await refused(stale, 409, /is not what was seen any more[^]*luck:[^]*trials was \d+ and is \d+/);
    expect((await browser.go(`/approvals/${jobId}`)).text).toContain("What changed since it was proposed");
  });
});

const cookieOf = ({ jar }: Browser): string => [...jar].map(([key, value]) => `${key}=${value}`).join("; ");

test("beside a browser's own session for TLS, one that a neighbouring host planted decides nothing", async () => {
  const jobId = await waiting("planted");
  const browser = await letIn({ ...servers.open, origin: PUBLIC });
  const own = browser.jar.get("__Host-ktrdr_page") ?? "";
  const planted = (await letIn(servers.open, { name: "mallory" })).jar.get("ktrdr_page") ?? "";
  browser.jar.clear();
  browser.jar.set("ktrdr_page", planted).set("__Host-ktrdr_page", own);
  const form = formIn(await browser.go(`/approvals/${jobId}`));
  await send(browser, jobId, { ...form, name: "planted", decision: "reject", reason: "I looked." });
  const [event] = (await stack.deps.records.registry.history(jobId)).slice(-1);
  expect(event).toMatchObject({ what: "rejected", by: "ada on the page" });
});

test("the first view says what waits, with its evidence, before everything else", async () => {
  const jobId = await waiting("morning");
  const { text } = await ask(servers.open.port, "/");
  const titles = [...text.matchAll(/<h2>([^<]+)<\/h2>/g)].map(([, title]) => title);
  expect(titles[0]).toBe("Waiting for you");
  expect(text).toContain(`href="/approvals/${jobId}"`);
  expect(text.indexOf("Luck explains it in")).toBeGreaterThan(0);
  const plain = (await ask(servers.open.port, `/approvals/${jobId}?as=text`)).text;
  expect(plain).toMatch(/waits for you until[^]*Decide[^]*bin\/ktrdr-mcp approve backtest-morning[^]*walk forward/);
  expect((await ask(servers.open.port, "/approvals/backtest-no")).status).toBe(404);
});

test("a link to decide lets a browser in once, and a GET uses nothing up", async () => {
  const secret = await access.newLink({
    name: "eve",
    scope: "read",
    approves: true,
    days: 1,
    origin: servers.open.origin,
  });
  const link = new URL(linkTo(servers.open.origin, secret, true));
  const first = browserAt(servers.open.port, servers.open.origin);
  const button = await first.go(`${link.pathname}${link.search}`, {}, "cross");
  await first.go(`${link.pathname}${link.search}`, { method: "HEAD" }, "cross");
  expect(first.jar.has("ktrdr_page")).toBe(false);
  expect((await first.press(button)).text).toContain("Champions");
  expect(first.jar.has("ktrdr_page")).toBe(true);
  const second = browserAt(servers.open.port, servers.open.origin);
  expect((await second.press(button)).status).toBe(403);
});
