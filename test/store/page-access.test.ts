import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createPageAccess, type PageAccess } from "../../src/store/page-access.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let access: PageAccess;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 30 });
  access = createPageAccess(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
afterEach(async () => void (await pool.query("delete from page_sessions; delete from page_links")));

const ORIGIN = "https://research.example.com";
const DAY_S = 86_400;
const linkFor = async (name: string, more: Partial<Parameters<PageAccess["newLink"]>[0]> = {}) =>
  await access.newLink({ name, scope: "read", days: 7, origin: ORIGIN, ...more });
const entered = async (name: string, more: Parameters<typeof linkFor>[1] = {}) => {
  const session = await access.enter(await linkFor(name, more), more.origin ?? ORIGIN);
  if (session === null) throw new Error("not let in");
  return session;
};

describe("a link", () => {
  it("begins one session, of its name, scope and days", async () => {
    const link = await linkFor("ada", { scope: "operate", days: 2 });
    const session = await access.enter(link, ORIGIN);
    expect(session).toMatchObject({ name: "ada", scope: "operate" });
    expect(session?.secondsLeft).toBeCloseTo(2 * DAY_S, -1);
    expect(await access.enter(link, ORIGIN)).toBeNull();
    expect(await access.find(session?.secret ?? "", true)).toMatchObject({ name: "ada", scope: "operate" });
  });

  it("lets one of twenty browsers in that come at once", async () => {
    const link = await linkFor("ada");
    const sessions = await Promise.all(Array.from({ length: 20 }, () => access.enter(link, ORIGIN)));
    expect(sessions.filter((session) => session !== null)).toHaveLength(1);
    expect((await pool.query("select 1 from page_sessions")).rowCount).toBe(1);
  });

  it.each([
    ["has ended", "update page_links set ends_at = now()"],
    ["was taken away", "delete from page_links"],
  ])("that %s lets nobody in", async (_what, change) => {
    const link = await linkFor("ada");
    await pool.query(change);
    expect(await access.enter(link, ORIGIN)).toBeNull();
  });

  it.each(["http://research.example.com", "https://research.example.com:8443", "https://evil.example.com", "null", ""])(
    "is not used up by a browser that is at %s",
    async (origin) => {
      const link = await linkFor("ada");
      expect(await access.enter(link, origin)).toBeNull();
      expect(await access.enter(link, ORIGIN)).not.toBeNull();
    },
  );

  it("ends after a quarter of an hour, by the database's clock", async () => {
    await linkFor("ada");
    const { rows } = await pool.query<{ minutes: number }>(
      "select extract(epoch from ends_at - now())::float8 / 60 as minutes from page_links",
    );
    expect(rows[0]?.minutes).toBeGreaterThan(14);
    expect(rows[0]?.minutes).toBeLessThanOrEqual(15);
  });
});

describe("a session", () => {
  it("is found by its secret, and by nothing else that is kept", async () => {
    const { secret } = await entered("ada");
    const { rows } = await pool.query<{ sha256: string; link: string }>("select sha256, link from page_sessions");
    const tried = await Promise.all(
      [rows[0]?.sha256 ?? "", rows[0]?.link ?? "", ""].map((text) => access.find(text, true)),
    );
    expect(tried).toEqual([null, null, null]);
    expect(await access.find(secret, true)).not.toBeNull();
  });

  it("over TLS does not count under the unprotected name, nor the other way round", async () => {
    const [tls, plain] = [await entered("ada"), await entered("bob", { origin: "http://127.0.0.1:3100" })];
    expect(await access.find(tls.secret, false)).toBeNull();
    expect(await access.find(plain.secret, true)).toBeNull();
    expect(await access.find(plain.secret, false)).toMatchObject({ name: "bob" });
  });

  it("that has ended is found no more", async () => {
    const { secret } = await entered("ada");
    await pool.query("update page_sessions set ends_at = now()");
    expect(await access.find(secret, true)).toBeNull();
  });
});

describe("revoke", () => {
  it("ends the sessions and links of one name, and tells how many", async () => {
    const [first, second, other] = [await entered("ada"), await entered("ada"), await entered("bob")];
    const unused = await linkFor("ada");
    expect((await access.all()).map(({ name, what }) => `${name} ${what}`)).toEqual([
      "ada link",
      "ada session",
      "ada session",
      "bob session",
    ]);
    expect(await access.revoke("ada")).toEqual({ links: 1, sessions: 2 });
    expect(await access.revoke("ada")).toEqual({ links: 0, sessions: 0 });
    expect(await access.find(first.secret, true)).toBeNull();
    expect(await access.find(second.secret, true)).toBeNull();
    expect(await access.enter(unused, ORIGIN)).toBeNull();
    expect(await access.find(other.secret, true)).toMatchObject({ name: "bob" });
    expect((await access.all()).map(({ name }) => name)).toEqual(["bob"]);
  });

  it("leaves nobody in who enters at the same moment", async () => {
    for (let round = 0; round < 40; round += 1) {
      const name = `ada${round}`;
      const links = [await linkFor(name), await linkFor(name), await linkFor(name)];
      const [revoked, ...sessions] = await Promise.all([
        access.revoke(name),
        ...links.map((link) => access.enter(link, ORIGIN)),
      ]);
      expect(revoked.links + revoked.sessions).toBe(3);
      for (const session of sessions) if (session !== null) expect(await access.find(session.secret, true)).toBeNull();
    }
    expect(await access.all()).toEqual([]);
  });
});

it("keeps no secret", async () => {
  const link = await linkFor("ada");
  const session = await access.enter(link, ORIGIN);
  const { rows } = await pool.query<{ row: string }>(
    "select t::text as row from page_links t union all select t::text from page_sessions t",
  );
  const kept = rows.map(({ row }) => row).join("\n");
  expect(kept).toContain("ada");
  for (const secret of [link, session?.secret ?? ""]) {
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain(Buffer.from(secret, "base64url").toString("hex"));
  }
});
