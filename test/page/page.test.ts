import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hono } from "hono";
import { createLogger } from "../../src/logger.ts";
import { createPage } from "../../src/page/page.ts";
import { VIEWS } from "../../src/page/views/index.ts";
import type { Deps } from "../../src/research/ports.ts";
import { createPool, run } from "../../src/store/pool.ts";
import { inputOf, TRAINING } from "../support/job-inputs.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { recordDraws, recordFailure } from "../support/night.ts";

const log = createLogger("test", "silent");
const pageOver = (deps: Deps) => createPage({ deps: async () => deps, log });

let stack: Stack;
let page: Hono;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
  page = pageOver(stack.deps);
});
afterAll(() => stack.stop());

async function textOf(path: string, of = page): Promise<string> {
  const answer = await of.request(`${path}${path.includes("?") ? "&" : "?"}as=text`);
  expect(answer.status, path).toBe(200);
  return await answer.text();
}
const htmlOf = async (path: string): Promise<string> => await (await page.request(path)).text();

describe("a record without anything", () => {
  test("every view says what will stand there", async () => {
    for (const path of Object.keys(VIEWS).filter((one) => !one.includes(":"))) {
      const text = await textOf(path);
      expect(text, path).not.toMatch(/undefined|null|NaN|\[object/);
      expect(text.split("\n")[3]?.length ?? 0, path).toBeGreaterThan(10);
    }
    expect(await textOf("/")).toContain("In the last 24 hours: no job ended. Nothing runs now.");
  });
});

describe("a night of research", () => {
  beforeAll(async () => {
    const { writer } = stack;
    await recordDraws(writer, {
      strategy: "splendid",
      symbol: "SPX",
      sharpes: [3.1],
      training: { endDate: "2019-12-31" },
    });
    await recordDraws(writer, { strategy: "steady", symbol: "SPX", sharpes: [0.2, 0.9, 1.6] });
    await recordDraws(writer, { strategy: "rare", symbol: "SPX", sharpes: [2.5], backtest: { trades: 3 } });
    await recordFailure(writer, "train-broken-1", "KTRDR lost the model <b>of the night</b>");
    await recordFailure(writer, "train-broken-2", "KTRDR lost the model <b>of the night</b>");
    await writer.admit(inputOf("train-open-1", { ...TRAINING, strategy: "under_way" }), null);
  });

  test("is told in one sentence: what ended, what failed, what it cost, what runs, and that nothing survived", async () => {
    const text = await textOf("/");
    expect(text).toContain("In the last 24 hours: 12 jobs ended, 2 failed.");
    expect(text).toMatch(/It cost .* and 5 trials\. 1 job is open now\./);
    expect(text).toContain("Nothing has survived. The least explained by luck is steady on SPX 1d:");
  });

  test("counts what went wrong by its reason, and shows its words as text", async () => {
    expect(await textOf("/")).toMatch(
      /computation failed\s+train-broken-[12]\s+KTRDR lost the model <b>of the night<\/b>/,
    );
    expect(await htmlOf("/")).toContain("KTRDR lost the model &lt;b&gt;of the night&lt;/b&gt;");
  });

  test("no in-sample figure and none of three trades leads the luck chart or the shortlist", async () => {
    const luck = await textOf("/luck/SPX");
    expect(luck).toContain("The best on SPX is steady, Sharpe 1.60. 5 backtests were tried on SPX.");
    expect(luck).not.toMatch(/splendid|rare/);
    const shortlist = await textOf("/shortlist");
    expect(shortlist).toMatch(/steady\s+SPX 1d\s+\d+ %\s+0\.90\s+3: 0\.20 to 1\.60/);
    expect(shortlist).not.toMatch(/splendid|rare/);
  });

  test("a run in-sample says so before all else, and what made a run stands beside it", async () => {
    const html = await htmlOf("/runs/backtest-splendid-SPX-0");
    expect(html.indexOf("IN-SAMPLE")).toBeGreaterThan(0);
    expect(html.indexOf("IN-SAMPLE")).toBeLessThan(html.indexOf("<h2>"));
    const text = await textOf("/runs/backtest-steady-SPX-1");
    expect(text).toContain("One of 3 draws of this strategy on these days: Sharpe 0.20 to 1.60, 0.90 in the middle.");
    expect(text).toContain('"modelPath": "models/train-steady-SPX-1"');
  });

  test("an open job says what it does; one that failed says why", async () => {
    expect(await textOf("/runs/train-open-1")).toContain("What to do");
    expect(await textOf("/runs/train-broken-1")).toContain("Why it failed");
  });

  test("runs are listed by page, kind and state", async () => {
    expect(await textOf("/runs?status=failed")).toMatch(/train-broken-2|open/);
    expect((await htmlOf("/runs?kind=training&status=completed")).match(/<tr>/g)?.length).toBe(1 + 5);
    const wrong = await page.request("/runs?kind=poem");
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toContain("kind is one of training, backtest");
  });

  test("a pause is told before all else, with its reason", async () => {
    const pool = createPool(stack.databaseUrl, { max: 1 });
    await run(pool, "update research_control set paused_at = now(), pause_reason = 'the <i>disk</i> is full'");
    expect(await htmlOf("/")).toContain("the &lt;i&gt;disk&lt;/i&gt; is full");
    await run(pool, "update research_control set paused_at = null, pause_reason = null");
    await pool.end();
  });
});

describe("pictures", () => {
  test("are SVG in light and in dark, and only of what there is", async () => {
    for (const path of ["/pictures/luck/SPX.svg", "/pictures/runs/train-steady-SPX-0.svg", "/pictures/shortlist.svg"]) {
      const [light, dark] = await Promise.all([page.request(path), page.request(`${path}?dark`)]);
      expect(light.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
      const [day, night] = [await light.text(), await dark.text()];
      expect(day).toMatch(/^<svg/);
      expect(night).not.toBe(day);
    }
    for (const path of ["/pictures/luck/NONE.svg", "/pictures/runs/backtest-none.svg"])
      expect((await page.request(path)).status).toBe(404);
  });
});

describe("what is not there", () => {
  const ODD = ["%00", "%", "%E0%A4%A", "..%2F..%2Fetc", "%3Cscript%3E", "%E2%80%AE", "a".repeat(3_000), "%F0%9F%92%A9"];
  test.each(ODD)("a run with the id %s is answered 404, in words", async (id) => {
    const answer = await page.request(`/runs/${id}`);
    expect(answer.status).toBe(404);
    const html = await answer.text();
    expect(html).toContain("<h1>There is no");
    expect(html).not.toContain("<script>");
  });

  test("an address of nothing shows the menu", async () => {
    const answer = await page.request("/nothing/here");
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('href="/shortlist"');
  });
});

describe("the last visit", () => {
  const visit = async (cookie: string | null, now: string) => {
    const deps: Deps = { ...stack.deps, now: async () => new Date(now) };
    const headers = cookie === null ? {} : { cookie };
    const answer = await pageOver(deps).request("/?as=text", { headers });
    const [set = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
    return { text: await answer.text(), cookie: set, whole: answer.headers.get("set-cookie") ?? "" };
  };

  test("is the end of the one before; looking again soon is the same visit", async () => {
    const evening = await visit(null, "2026-03-01T20:00:00Z");
    expect(evening.text).toContain("In the last 24 hours");
    expect(evening.whole).toMatch(/HttpOnly; SameSite=Strict/i);
    const morning = await visit(evening.cookie, "2026-03-02T07:00:00Z");
    expect(morning.text).toContain("Since you looked 11 h ago");
    const again = await visit(morning.cookie, "2026-03-02T07:20:00Z");
    expect(again.text).toContain("Since you looked 11 h 20 min ago");
    const noon = await visit(again.cookie, "2026-03-02T12:20:00Z");
    expect(noon.text).toContain("Since you looked 5 h ago");
  });

  test("of a clock that ran ahead counts as none", async () => {
    const { cookie } = await visit(null, "2026-03-05T20:00:00Z");
    expect((await visit(cookie, "2026-03-02T07:00:00Z")).text).toContain("In the last 24 hours");
  });

  test.each(["looked=", "looked=~", "looked=x~y", `looked=${"9".repeat(3_000)}`])(
    "%s counts as none",
    async (cookie) => {
      expect((await visit(cookie, "2026-03-02T07:00:00Z")).text).toContain("In the last 24 hours");
    },
  );
});

describe("a part that is away", () => {
  test("Temporal: the record is shown, and what cannot be told of open jobs is said", async () => {
    const alone = await startStack();
    try {
      await alone.writer.admit(inputOf("train-alone-1", TRAINING), null);
      const text = await textOf("/", pageOver(alone.deps));
      expect(text).toContain("1 job is open now.");
      expect(text).toContain("train-alone-1");
    } finally {
      await alone.stop();
    }
  });

  test("PostgreSQL: every view says that it is away, and the first one that research goes on", async () => {
    const lost = await startStack();
    const gone = pageOver(lost.deps);
    await lost.stop();
    expect(await textOf("/", gone)).toContain("PostgreSQL does not answer, so nobody can say now what happened.");
    for (const path of ["/luck", "/shortlist", "/runs", "/runs/train-1"]) {
      const answer = await gone.request(path);
      expect(answer.status, path).toBe(503);
      expect(await answer.text()).toContain("Research goes on without this page.");
    }
  });
});
