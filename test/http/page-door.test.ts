/** Who may read the page, through its front door, with a real record. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addToken } from "../../src/http/token-file.ts";
import { createPageAccess, type PageAccess } from "../../src/store/page-access.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { migrate } from "../../src/store/migrate.ts";
import { ask, browserAt, CALLER, pressed, PUBLIC, startPageServer, type PageServer } from "../support/page-door.ts";
import { createTestDatabase, startTestPostgres, type TestDatabase } from "../support/postgres.ts";

let folder: string;
let database: TestDatabase;
let pool: Pool;
let access: PageAccess;
let server: PageServer;
let token: string;
let tokensFile: string;
/** Every link and cookie that the tests made. */
const secrets: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-page-"));
  database = await createTestDatabase();
  pool = createPool(database.url);
  access = createPageAccess(pool);
  tokensFile = path.join(folder, "tokens.json");
  token = await addToken(tokensFile, { name: "tess", scope: "research", expires: "2099-01-01T00:00:00.000Z" });
  server = await startPageServer({ databaseUrl: database.url, tokensFile });
});
afterAll(async () => {
  await server.stop();
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function linkFor(name: string, more: Partial<Parameters<PageAccess["newLink"]>[0]> = {}): Promise<string> {
  const link = await access.newLink({ name, scope: "read", days: 7, origin: PUBLIC, ...more });
  secrets.push(link);
  return link;
}

const COOKIE = "__Host-ktrdr_page";
const HOST = { host: "research.example.com" };

/** A browser that was let in. */
async function letIn(name: string, more: Parameters<typeof linkFor>[1] = {}, { port } = server) {
  const browser = browserAt(port, more.origin ?? PUBLIC);
  const page = await browser.press(await browser.go(`/enter?link=${await linkFor(name, more)}`, {}, "cross"));
  expect(page).toMatchObject({ status: 200, text: `page for ${name} to ${more.scope ?? "read"}` });
  const [cookie = ""] = browser.jar.values();
  secrets.push(cookie);
  return { browser, cookie };
}

const read = async (cookie: string, name = COOKIE) =>
  await ask(server.port, "/", { headers: { ...HOST, cookie: `${name}=${cookie}` } });

describe("a link", () => {
  test("lets a browser in that presses the button, and only then", async () => {
    const link = await linkFor("ada");
    const browser = browserAt(server.port, PUBLIC);
    expect((await browser.go("/")).status).toBe(401);
    for (const method of ["GET", "HEAD", "GET"]) {
      expect((await browser.go(`/enter?link=${link}`, { method }, "cross")).status).toBe(200);
    }
    expect((await pool.query("select 1 from page_links where name = 'ada' and used_at is null")).rowCount).toBe(1);
    expect(browser.jar.size).toBe(0);

    const button = await browser.go(`/enter?link=${link}`, {}, "cross");
    // The form's Origin would be `null` with a policy that hides it all; this one hides the path and the link.
    expect(button.headers["referrer-policy"]).toBe("strict-origin");
    expect(button.text).toContain("<button>");
    expect((await browser.press(button)).text).toBe("page for ada to read");
    secrets.push(...browser.jar.values());
    expect((await browser.go("/runs/one")).text).toBe("a run");
  });

  test("gives a cookie that scripts, other sites and the clear never see, and that ends", async () => {
    const answer = await ask(server.port, "/enter", pressed(await linkFor("bea", { days: 2 })));
    expect(answer).toMatchObject({ status: 303, text: "", headers: { location: "/" } });
    const [cookie = "", ...others] = answer.headers["set-cookie"] ?? [];
    expect(others).toEqual([]);
    const [pair = "", ...attributes] = cookie.split("; ");
    secrets.push(pair.split("=")[1] ?? "");
    expect(pair).toMatch(/^__Host-ktrdr_page=[\w-]{43}$/);
    expect(attributes.filter((one) => !one.startsWith("Max-Age")).toSorted()).toEqual([
      "HttpOnly",
      "Path=/",
      "SameSite=Strict",
      "Secure",
    ]);
    const maxAge = Number(/Max-Age=(\d+)/.exec(cookie)?.[1]);
    expect(maxAge).toBeGreaterThan(2 * 86_400 - 60);
    expect(maxAge).toBeLessThanOrEqual(2 * 86_400);
  });

  test("without TLS gives a cookie that works without TLS, and under its own name only", async () => {
    const { cookie, browser } = await letIn("cleo", { origin: server.origin });
    expect([...browser.jar.keys()]).toEqual(["ktrdr_page"]);
    expect((await read(cookie, "ktrdr_page")).status).toBe(200);
    expect((await read(cookie)).status).toBe(401);
    const tls = await letIn("cora");
    expect((await read(tls.cookie, "ktrdr_page")).status).toBe(401);
    // A planted cookie in front does not keep a reader out.
    const both = `ktrdr_page=${"A".repeat(43)}; ${COOKIE}=${tls.cookie}`;
    expect((await ask(server.port, "/", { headers: { ...HOST, cookie: both } })).status).toBe(200);
  });

  test("carries its scope, and no reader gets more than the server gives", async () => {
    await letIn("dan", { scope: "operate" });
    const modest = await startPageServer({ databaseUrl: database.url, tokensFile, most: "read" });
    try {
      const link = await linkFor("dan", { scope: "operate" });
      const browser = browserAt(modest.port, PUBLIC);
      const page = await browser.press(await browser.go(`/enter?link=${link}`));
      secrets.push(...browser.jar.values());
      expect(page.text).toBe("page for dan to read");
    } finally {
      await modest.stop();
    }
  });

  test("lets one browser in of ten that come at once, by two servers", async () => {
    const second = await startPageServer({ databaseUrl: database.url, tokensFile });
    try {
      const form = pressed(await linkFor("eve"));
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) => ask([server, second][n % 2]?.port ?? 0, "/enter", form)),
      );
      const statuses = answers.map(({ status }) => status);
      expect([303, 403].map((one) => statuses.filter((status) => status === one).length)).toEqual([1, 9]);
      const cookies = answers.flatMap(({ headers }) => headers["set-cookie"] ?? []);
      expect(cookies).toHaveLength(1);
      secrets.push(/=([\w-]+)/.exec(cookies[0] ?? "")?.[1] ?? "");
    } finally {
      await second.stop();
    }
  });

  const dead: readonly (readonly [string, () => Promise<string>])[] = [
    [
      "was used",
      async () => {
        const link = await linkFor("finn");
        expect((await ask(server.port, "/enter", pressed(link))).status).toBe(303);
        return link;
      },
    ],
    [
      "has ended",
      async () => {
        const link = await linkFor("gil");
        await pool.query("update page_links set ends_at = now() where name = 'gil'");
        return link;
      },
    ],
    [
      "was revoked",
      async () => {
        const link = await linkFor("hal");
        await access.revoke("hal");
        return link;
      },
    ],
    ["is of another address", async () => await linkFor("ian", { origin: "https://other.example.com" })],
    ["never was", async () => "A".repeat(43)],
    ["is a piece of one", async () => (await linkFor("jon")).slice(1)],
    ["is nothing", async () => ""],
    ["is a statement", async () => "' or 1=1 --"],
  ];
  test("that does not work says the same, whatever it was wrong in", async () => {
    const said = new Set<string>();
    for (const [what, make] of dead) {
      const answer = await ask(server.port, "/enter", pressed(await make()));
      expect(answer.status, what).toBe(403);
      expect(answer.headers["set-cookie"], what).toBeUndefined();
      said.add(answer.text);
    }
    expect([...said]).toEqual([expect.stringMatching(/was used[^]*has ended[^]*ktrdr-mcp page-link new/)]);
  });

  test.each(["", "?link=", "?link=%22%3E%3Cscript%3E", `?link=${"A".repeat(8_000)}`, "?link=%FF%00"])(
    "that is none is not repeated: /enter%s",
    async (query) => {
      const answer = await ask(server.port, `/enter${query}`, { headers: HOST });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain("This link does not work");
      expect(answer.text).not.toMatch(/script>|AAAA/);
    },
  );

  test.each([
    ["without an Origin", null],
    ["from nowhere (a page in a sandbox, or with its Origin hidden)", "null"],
    ["from another site", "https://evil.example.com"],
    ["from a page that may call /mcp", CALLER],
    ["from the same host without TLS", "http://research.example.com"],
    ["from another port", "https://research.example.com:8443"],
  ])("sent %s is refused, and still works", async (_what, origin) => {
    const link = await linkFor("kim");
    const form = pressed(link, origin);
    const answer = await ask(server.port, "/enter", { ...form, headers: { ...form.headers, ...HOST } });
    expect(answer.status).toBe(403);
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect((await ask(server.port, "/enter", pressed(link))).status).toBe(303);
  });

  test("in a form that is far too large is not read", async () => {
    const form = pressed(await linkFor("lea"));
    const answer = await ask(server.port, "/enter", { ...form, body: `${form.body}&x=${"x".repeat(100_000)}` });
    expect(answer.status).toBe(413);
  });
});

describe("a session", () => {
  test("that has ended reads no more", async () => {
    const { secret } = (await access.enter(await linkFor("mia"), PUBLIC)) ?? { secret: "" };
    await pool.query("update page_sessions set ends_at = now() where name = 'mia'");
    expect((await read(secret)).status).toBe(401);
  });

  test("of a name that was revoked reads no more", async () => {
    const sessions = [
      await access.enter(await linkFor("ned"), PUBLIC),
      await access.enter(await linkFor("ned"), PUBLIC),
    ];
    await access.revoke("ned");
    for (const session of sessions) expect((await read(session?.secret ?? "")).status).toBe(401);
  });

  test("is not shown by a browser that another site sends here: it is told how to read on", async () => {
    const { browser } = await letIn("olga");
    const answer = await browser.go("/", {}, "cross");
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('<a href="">open this page again</a>');
    expect((await browser.go("/")).status).toBe(200);
  });

  const garbage: readonly (readonly [string, string])[] = [
    ["nothing", `${COOKIE}=`],
    ["no value", COOKIE],
    ["a random one", `${COOKIE}=${"A".repeat(43)}`],
    ["one sign short", `${COOKIE}=${"A".repeat(42)}`],
    ["10 kB", `${COOKIE}=${"A".repeat(10_000)}`],
    ["percent signs", `${COOKIE}=%00%FF%E0%A4%A`],
    ["Latin-1", `${COOKIE}=\u00e9\u00ff`],
    ["quotes", `${COOKIE}="${"A".repeat(41)}"`],
    ["a statement", `${COOKIE}=' or '1'='1`],
    ["many", Array.from({ length: 200 }, (_, n) => `${COOKIE}=${n}`).join("; ")],
    ["semicolons", ";;;=;=;"],
    ["names of objects", `__proto__=1; constructor=${"A".repeat(43)}; ${COOKIE}=toString`],
  ];
  test.each(garbage)("is not made of %s", async (_what, cookie) => {
    expect((await ask(server.port, "/", { headers: { ...HOST, cookie } })).status).toBe(401);
  });

  test("is not what the database keeps of it", async () => {
    const { cookie } = await letIn("pia");
    const { rows } = await pool.query<{ sha256: string }>(
      "select sha256 from page_sessions union all select sha256 from page_links",
    );
    for (const { sha256 } of rows) {
      expect((await read(sha256)).status).toBe(401);
      expect((await read(Buffer.from(sha256, "hex").toString("base64url"))).status).toBe(401);
    }
    expect((await read(cookie)).status).toBe(200);
  });
});

describe("a token", () => {
  test("of any scope reads the page", async () => {
    const answer = await ask(server.port, "/", { headers: { ...HOST, authorization: `Bearer ${token}` } });
    expect(answer).toMatchObject({ status: 200, text: "page for tess to research" });
  });

  test("that is wrong is refused as at /mcp, also beside a good cookie", async () => {
    const { cookie } = await letIn("quin");
    const headers = { ...HOST, authorization: `Bearer ktrdr_${"A".repeat(43)}`, cookie: `${COOKIE}=${cookie}` };
    const answer = await ask(server.port, "/", { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toContain("Bearer");
    expect(answer.text).toContain("invalid_token");
  });
});

describe("whoever was not let in", () => {
  test("is told in plain words how to get in, and a program is told as well", async () => {
    const answer = await ask(server.port, "/runs/one", { headers: HOST });
    expect(answer.status).toBe(401);
    expect(answer.headers["content-type"]).toContain("text/html");
    expect(answer.headers["www-authenticate"]).toContain("Bearer");
    expect(answer.text).toContain("ktrdr-mcp page-link new --name you");
    expect(answer.text).not.toMatch(/<form|a run/);
  });

  test("gets the style of these answers, and nothing else of the page", async () => {
    const style = await ask(server.port, "/page.css", { headers: HOST });
    expect(style).toMatchObject({ status: 200, text: "main {}" });
    const before = server.seen.passed.length;
    for (const at of ["/", "/runs/one", "/runs/none", "/broken", "/nowhere"]) {
      expect((await ask(server.port, at, { headers: HOST })).text, at).not.toMatch(/page for|a run|no such run/);
    }
    expect(server.seen.passed).toHaveLength(before);
  });
});

describe("other sites", () => {
  test.each([CALLER, "https://evil.example.com", "null", "http://localhost:6274"])(
    "cannot read the page, with or without a session: %s",
    async (origin) => {
      const { cookie } = await letIn("rosa");
      const headers = { ...HOST, origin, cookie: `${COOKIE}=${cookie}` };
      for (const method of ["GET", "OPTIONS", "POST"]) {
        const answer = await ask(server.port, "/", { method, headers });
        expect(answer.status, method).toBe(403);
        expect(answer.headers["access-control-allow-origin"], method).toBeUndefined();
      }
    },
  );

  test("that may call /mcp still may", async () => {
    const asks = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
    const answer = await ask(server.port, "/mcp", { method: "OPTIONS", headers: { ...HOST, ...asks, origin: CALLER } });
    expect(answer).toMatchObject({ status: 204, headers: { "access-control-allow-origin": CALLER } });
    const own = await ask(server.port, "/mcp", { method: "POST", headers: { ...HOST, origin: PUBLIC } });
    expect(own.status).toBe(403);
  });

  test.each(["evil.example.com", "research.example.com.evil.example.com", "169.254.169.254"])(
    "cannot bend a name to it: Host %s",
    async (host) => {
      for (const at of ["/", "/enter", "/page.css", "/nowhere"]) {
        expect((await ask(server.port, at, { headers: { host } })).status, at).toBe(403);
      }
    },
  );
});

test("the page cannot take a path of the server", async () => {
  const { cookie } = await letIn("sara");
  const headers = { ...HOST, cookie: `${COOKIE}=${cookie}`, accept: "application/json" };
  const asked = await Promise.all(["/mcp", "/health"].map((at) => ask(server.port, at, { headers })));
  expect(asked.map(({ status }) => status)).toEqual([401, 200]);
  for (const { text } of asked) expect(text).not.toContain("the page's");
});

test("nothing can be sent to the page, not even where it has a route for it", async () => {
  const { cookie } = await letIn("sven");
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const headers = { ...HOST, cookie: `${COOKIE}=${cookie}`, origin: PUBLIC };
    const answer = await ask(server.port, "/runs/one", { method, headers });
    expect([answer.status, answer.headers.allow], method).toEqual([405, "GET, HEAD"]);
  }
  expect(server.seen.posted).toBe(0);
  const head = await ask(server.port, "/runs/one", {
    method: "HEAD",
    headers: { ...HOST, cookie: `${COOKIE}=${cookie}` },
  });
  expect(head).toMatchObject({ status: 200, text: "" });
});

test("a reader who waits is answered before the server ends", async () => {
  const ending = await startPageServer({ databaseUrl: database.url, tokensFile });
  const authorization = `Bearer ${token}`;
  const answer = ask(ending.port, "/slow", { headers: { ...HOST, authorization } });
  await expect.poll(() => ending.seen.passed).toContain("/slow");
  const ended = ending.stop();
  ending.seen.letGo();
  expect(await answer).toMatchObject({ status: 200, text: "at last" });
  await ended;
});

test("a path that is nothing says so, to people and to programs", async () => {
  const nothing = async (accept: string) => await ask(server.port, "/nowhere", { headers: { ...HOST, accept } });
  expect(await nothing("text/html,*/*;q=0.8")).toMatchObject({
    status: 404,
    headers: { "content-type": expect.stringContaining("text/html") },
    text: expect.stringContaining('<a href="/">'),
  });
  expect(JSON.parse((await nothing("application/json")).text)).toMatchObject({ error: { code: -32_000 } });
});

test("every answer of the page has the headers that keep it to itself", async () => {
  const { cookie } = await letIn("tom");
  const known = { ...HOST, cookie: `${COOKIE}=${cookie}` };
  const answers = [
    [200, await ask(server.port, "/", { headers: known })],
    [404, await ask(server.port, "/runs/none", { headers: known })],
    [500, await ask(server.port, "/broken", { headers: known })],
    [404, await ask(server.port, "/nowhere", { headers: { ...known, accept: "text/html" } })],
    [401, await ask(server.port, "/", { headers: HOST })],
    [401, await ask(server.port, "/", { headers: { ...HOST, authorization: "Bearer x" } })],
    [403, await ask(server.port, "/", { headers: { host: "evil.example.com" } })],
    [405, await ask(server.port, "/", { headers: known, method: "POST" })],
    [403, await ask(server.port, "/enter", pressed("x"))],
    [303, await ask(server.port, "/enter", pressed(await linkFor("tom")))],
  ] as const;
  for (const [status, answer] of answers) {
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      "content-security-policy":
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(answer.text).not.toContain("the page is broken");
  }
  const style = await ask(server.port, "/page.css", { headers: HOST });
  expect(style.headers).toMatchObject({
    "cache-control": "private, max-age=3600",
    "content-security-policy": expect.stringContaining("default-src 'none'"),
  });
});

describe("on loopback without tokens", () => {
  let open: PageServer;
  beforeAll(async () => {
    open = await startPageServer({ databaseUrl: database.url, tokensFile: null });
  });
  afterAll(() => open.stop());

  test("whoever reaches the port reads, and a link is neither needed nor used up", async () => {
    expect((await ask(open.port, "/")).text).toBe("page for null to operate");
    const link = await linkFor("uma", { origin: open.origin });
    const browser = browserAt(open.port, open.origin);
    expect((await browser.go(`/enter?link=${link}`)).text).toBe("page for null to operate");
    expect(await ask(open.port, "/enter", pressed(link, open.origin))).toMatchObject({ status: 303, text: "" });
    expect(browser.jar.size).toBe(0);
    expect(await access.enter(link, open.origin)).not.toBeNull();
  });

  test("other names and other sites are refused all the same", async () => {
    expect((await ask(open.port, "/", { headers: { host: "evil.example.com" } })).status).toBe(403);
    expect((await ask(open.port, "/", { headers: { origin: "https://evil.example.com" } })).status).toBe(403);
  });
});

test("while PostgreSQL is away, who was seen before reads on, and others are told to come back", async () => {
  const postgres = await startTestPostgres();
  const url = postgres.url("ktrdr_mcp");
  await migrate(url);
  const own = createPool(url);
  const store = createPageAccess(own);
  const wish = { name: "vera", scope: "read", days: 7, origin: PUBLIC } as const;
  const [used, unseen, unused] = [await store.newLink(wish), await store.newLink(wish), await store.newLink(wish)];
  const stranger = await store.enter(unseen, PUBLIC);
  const front = await startPageServer({ databaseUrl: url, tokensFile });
  try {
    const browser = browserAt(front.port, PUBLIC);
    await browser.press(await browser.go(`/enter?link=${used}`));
    const cookie = { cookie: `${COOKIE}=${stranger?.secret ?? ""}` };
    await own.end();
    await postgres.stop();

    expect((await browser.go("/")).text).toBe("page for vera to read");
    for (const answer of [
      await ask(front.port, "/", { headers: { ...HOST, ...cookie } }),
      await ask(front.port, "/enter", pressed(unused)),
    ]) {
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5", "cache-control": "no-store" } });
      expect(answer.text).toContain("The database does not answer");
    }
    // Who brings nothing is not let in, whatever the database says, and tokens need none.
    expect((await ask(front.port, "/", { headers: HOST })).status).toBe(401);
    const authorization = `Bearer ${token}`;
    expect((await ask(front.port, "/", { headers: { ...HOST, authorization } })).status).toBe(200);

    const again = await postgres.restart();
    expect((await ask(front.port, "/", { headers: { ...HOST, ...cookie } })).status).toBe(200);
    expect((await ask(front.port, "/enter", pressed(unused))).status).toBe(303);
    await front.stop();
    await again.stop();
  } finally {
    await postgres.remove();
  }
});

test("no link and no cookie was ever written to the log or the database", async () => {
  await letIn("walt");
  const { rows } = await pool.query<{ row: string }>(
    "select t::text as row from page_links t union all select t::text from page_sessions t",
  );
  const kept = `${server.log()}${rows.map(({ row }) => row).join("\n")}`;
  expect(kept).toContain("a browser was let in to the page");
  expect(secrets.length).toBeGreaterThan(40);
  for (const secret of secrets) expect(kept).not.toContain(secret.slice(0, 20));
});
