import { rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hono } from "hono";
import { createWiring } from "../../src/bin/mcp-wiring.ts";
import { isPlain } from "../../src/domain/plain-text.ts";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { NewInsight } from "../../src/domain/insight.ts";
import { createLogger } from "../../src/logger.ts";
import { createPage } from "../../src/page/page.ts";
import { createLedgerCheck } from "../../src/research/overview/ledger-check.ts";
import type { Deps } from "../../src/research/ports.ts";
import { createHoldoutStore } from "../../src/store/holdouts.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { begun, ran } from "../support/experiments.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { LOOK, summaryOf } from "../support/looks.ts";
import { deadEnvironment } from "../support/mcp.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { recordDraws, recordFailure } from "../support/night.ts";

const log = createLogger("test", "silent");
const pageOver = (deps: Deps) => createPage({ deps: async () => deps, log });

let stack: Stack;
let page: Hono;
let pool: Pool;
beforeAll(async () => {
  stack = await startStack();
  page = pageOver(stack.deps);
  pool = createPool(stack.databaseUrl, { max: 4 });
});
afterAll(async () => {
  await pool.end();
  await stack.stop();
});

async function textOf(path: string, of = page, status = 200): Promise<string> {
  const answer = await of.request(`${path}${path.includes("?") ? "&" : "?"}as=text`);
  expect(answer.status, path).toBe(status);
  const text = await answer.text();
  expect(text, path).not.toMatch(/undefined|\bnull\b|NaN|\[object/);
  return text;
}

async function htmlOf(path: string): Promise<string> {
  const answer = await page.request(path);
  expect(answer.status, path).toBe(200);
  return await answer.text();
}

const at = (place: string, id: string) => `${place}/${encodeURIComponent(id)}`;
/** The folder that the page reads strategies from. */
const fileOf = (name: string) => join(stack.env["KTRDR_STRATEGIES_DIR"] ?? "", `${name}.yaml`);

async function save(name: string, text: string, reason: string | null = null, author = "night shift") {
  const known = await stack.deps.strategies.read(name).catch(() => null);
  const strategy = { name, text, replaces: known?.sha256 ?? null };
  await stack.deps.strategies.save([strategy], { author, reason, experimentId: null });
}

const insight = (body: string, more: Partial<NewInsight> = {}): NewInsight => ({
  category: "pattern",
  body,
  tags: [],
  importance: 5,
  jobIds: [],
  supersedes: [],
  ...more,
});
const learn = async (body: string, more: Partial<NewInsight> = {}, client = "night shift") =>
  (await stack.deps.records.insights.save(insight(body, more), client)).insight.insightId;

const WHAT_WAS_EXPECTED = {
  metric: "sharpe",
  direction: "at_least",
  threshold: 0.5,
  runs: 2,
  sample: { symbol: "NOTHING", timeframe: "1d", startDate: "2015-01-02", endDate: "2019-12-31" },
} as const;

describe("a record without anything", () => {
  test("every view says what will stand there, and how it comes", async () => {
    await unlink(fileOf(stack.strategy));
    expect(await textOf("/strategies")).toContain("There is no strategy yet. Whatever is saved with create_strategy");
    expect(await textOf("/experiments")).toContain(
      "No experiment stands here. One is written down before anything runs",
    );
    expect(await textOf("/insights")).toContain(
      "Nothing was learnt yet. Whatever research writes down with save_insight",
    );
    expect(await textOf("/insights?q=dips")).toContain("No insight has any of these words.");
    expect(await textOf("/ledger")).toContain("The ledger is empty. Its first line comes with the first backtest");
    expect(await textOf("/ledger/verification")).toContain("The ledger is empty, and no backtest is on record");
  });
});

describe("strategies", () => {
  const SECOND = EXAMPLE_STRATEGY.replace(/period: \d+/, "period: 77");
  const LAST = SECOND.replace("period: 77", "period: 78");

  beforeAll(async () => {
    expect(SECOND).not.toBe(EXAMPLE_STRATEGY);
    const { writer } = stack;
    await save("steady", EXAMPLE_STRATEGY, "A first idea.");
    await save("steady", SECOND, "Slower,\nto trade less.");
    await save("steady", LAST);
    await recordDraws(writer, { strategy: "steady", symbol: "SPX", sharpes: [0.2, 1.6, 0.9] });
    await recordDraws(writer, { strategy: "steady", symbol: "FEW", sharpes: [4.4], backtest: { trades: 3 } });
    const known = { endDate: "2019-12-31" };
    await recordDraws(writer, {
      strategy: "steady",
      symbol: "KNOWN",
      sharpes: [7.7, 7.8],
      training: known,
      text: SECOND,
    });
    const ahead = { caveats: [{ code: "looks_ahead", text: "It saw the future." }] };
    await recordDraws(writer, { strategy: "seer", symbol: "SPX", sharpes: [6.6], backtest: ahead });
    const bad = { caveats: [{ code: "bad_bars", text: "The bars are bad." }] };
    await recordDraws(writer, { strategy: "holed", symbol: "SPX", sharpes: [5.5], backtest: bad });
    await recordDraws(writer, { strategy: "gone", symbol: "SPX", sharpes: [-0.4] });
    await save("gone", EXAMPLE_STRATEGY);
    await unlink(fileOf("gone"));
    await stack.deps.strategies.notice(["gone"]);
    await save("idle", EXAMPLE_STRATEGY);
  });

  /** The cells of a row of the list. */
  const rowOf = async (name: string, of = page): Promise<string> => {
    const rows = (await textOf("/strategies", of)).split(/\n(?=- strategy: )/);
    return rows.find((row) => row.startsWith(`- strategy: ${name}\n`)) ?? "";
  };

  test("are listed with their newest change, their runs, and the least that luck explains of them", async () => {
    const row = await rowOf("steady");
    expect(row).toMatch(
      /newest change: changed\n +when \(UTC\): \d{4}-\d\d-\d\d \d\d:\d\d\n +by: night shift\n +runs: 12\n/,
    );
    expect(row).toMatch(/Sharpe: 0\.90\n +draws: 3\n +luck: \d+ %\n +on: SPX 1d, 2015-01-02 to 2019-12-31/);
    expect(await htmlOf("/strategies")).toContain('href="/runs/backtest-steady-SPX-2"');
  });

  test.each(["seer", "holed"])("%s, whose figures prove nothing, has no best", async (name) => {
    const row = await rowOf(name);
    expect(row).toMatch(/only on record.*\n[^]*runs: 2\n +Sharpe: -\n/);
    expect(row).not.toMatch(/6\.6|5\.5/);
  });

  test("a loss is the best of what lost; one that was removed is shown as such", async () => {
    expect(await rowOf("gone")).toMatch(/newest change: removed\n[^]*by: outside\n +runs: 2\n +Sharpe: -0\.40\n/);
    expect(await rowOf("idle")).toMatch(/newest change: created\n[^]*runs: 0\n +Sharpe: -\n/);
  });

  test("are paged, and each is on one page", async () => {
    const many = Array.from({ length: 30 }, (_, n) => `many-${n}`);
    for (const strategy of many) {
      const jobId = `train-${strategy}`;
      await stack.writer.admit(inputOf(jobId, { ...TRAINING, strategy }), null);
    }
    const first = await htmlOf("/strategies");
    const [, after = ""] = /href="\/strategies\?(after=[^"]+)"/.exec(first) ?? [];
    const second = await htmlOf(`/strategies?${after}`);
    const names = `${first}${second}`.match(/(?<=href="\/strategies\/)[^"]+/g) ?? [];
    expect(names.toSorted()).toEqual(["gone", "holed", "idle", "seer", "steady", ...many].toSorted());
    expect(second).not.toContain("Further ones");
    expect(await textOf("/strategies?after=nobody", page, 400)).toContain(
      "There is no strategy nobody to go on after.",
    );
  });

  test("one says how it became so, and what each version did", async () => {
    const text = await textOf("/strategies/steady");
    expect(text).toMatch(
      /changed by night shift\. Of all that its texts did .* on SPX 1d, 2015-01-02 to 2019-12-31: Sharpe 0\.90 in the middle of 3 draws; luck alone looks as good in \d+ %/,
    );
    const [newest = "", second = "", first = ""] = text.split(/\n(?=Version [0-9a-f]{12}, )/).slice(1);
    expect(newest).toMatch(/What changed:\n +at line \d+:\n[^]*-.*period: 77\}\n +\+.*period: 78\}\n/);
    expect(newest).toContain("No job ran this text.");
    expect(second).toContain("> Slower,\n> to trade less.\n(The words of night shift, ");
    expect(second).toContain("2 completed (train-steady-KNOWN-1, train-steady-KNOWN-0)");
    expect(second).toMatch(/KNOWN 1d[^]*in-sample, proves nothing/);
    expect(first).toMatch(/created by night shift\.\n\n> A first idea\./);
    expect(first).not.toContain("What changed");
    expect(first).toMatch(
      /SPX 1d[^]*0\.90[^]*0\.20 to 1\.60[^]*0\.15 %[^]*2000-01-03 to 2014-12-31[^]*0\.20, 0\.90, 1\.60/,
    );
    expect(first).toMatch(/FEW 1d[^]*4\.40[^]*3 trades are too few/);
    // In-sample figures are nowhere on it.
    expect(text).not.toMatch(/7\.7|7\.8/);
    expect(text).toMatch(/features, the \d+ inputs of its network: /);
  });

  test("one that was removed, or is only on record, shows what is left of it", async () => {
    const removed = await textOf("/strategies/gone");
    expect(removed).toContain("It was removed by outside, found ");
    expect(removed).toMatch(/removed by outside\.\n[^]*created by night shift\.[^]*-0\.40/);
    expect(removed).toContain("indicators:");
    const recorded = await textOf("/strategies/seer");
    expect(recorded).toContain(
      "It exists only on record: no file and no version of it is left. Nothing that it did counts; the tables say why.",
    );
    expect(recorded).toMatch(/Text [0-9a-f]{12} of no version/);
    expect(recorded).toContain("cannot be told: the strategy saw the future");
    expect(await textOf("/strategies/many-3")).toContain("1 open (train-many-3)");
  });

  test("a change that others made is told before it is a version", async () => {
    await stack.strategies.write("idle", LAST, { overwrite: true });
    expect(await textOf("/strategies/idle")).toContain(
      "The file as it is now\n---------------------\n\nIt was changed outside",
    );
    await stack.deps.strategies.notice(["idle"]);
    expect(await textOf("/strategies/idle")).not.toContain("The file as it is now");
  });

  test("many versions are paged, and differences are limited", async () => {
    const lines = (n: number) => `# ${n}\n${Array.from({ length: 300 }, (_, at) => `# ${n} ${at}\n`).join("")}`;
    for (let n = 0; n < 12; n += 1) await save("often", `${EXAMPLE_STRATEGY}${lines(n)}`);
    const first = await textOf("/strategies/often");
    expect(first.match(/^Version /gm)).toHaveLength(10);
    expect(first).toMatch(/\.\.\. \d+ more lines are not shown/);
    expect(await htmlOf("/strategies/often")).toContain('href="/strategies/often?page=2"');
    expect((await textOf("/strategies/often?page=2")).match(/^Version /gm)).toHaveLength(2);
    for (const wrong of ["0", "-1", "x", "1000"]) await textOf(`/strategies/often?page=${wrong}`, page, 400);
  });

  test.each(["nobody", "%E2%80%AE", "..%2F..%2Fetc", "%00", "%3Cscript%3E", "__proto__"])(
    "there is no %s",
    async (name) => {
      expect(await textOf(`/strategies/${name}`, page, 404)).toContain("There is no strategy");
    },
  );
});

describe("experiments", () => {
  let open: string;
  let done: string;
  let wrong: string;
  let right: string;

  beforeAll(async () => {
    open = await begun(stack, { hypothesis: "Dips pay on Mondays." });
    done = await begun(stack, { hypothesis: "Dips pay on Fridays.", symbol: "SPX" });
    await ran(stack, done, "backtest-friday-1", 0.1);
    await ran(stack, done, "backtest-friday-2", 0.2);
    await ran(stack, done, "backtest-friday-3", 0.3);
    await stack.ask("conclude_experiment", { experiment_id: done, conclusion: "They do not.\nNot at all." });
    wrong = await begun(stack, { hypothesis: "Dips pay in May.", runs: 1 });
    await ran(stack, wrong, "backtest-may-1", 1.1);
    await stack.ask("conclude_experiment", { experiment_id: wrong, conclusion: "They do." });
    right = await learn("May was a split in the price file.", { supersedes: [wrong] });
  });

  test("are listed: what waits, and verdicts, a superseded one as such", async () => {
    const text = await textOf("/experiments");
    expect(text).toContain("1 experiment waits for a verdict. The newest verdict: superseded by an insight (was: ");
    expect(text).toMatch(
      /verdict: not supported\n +hypothesis: Dips pay on Fridays\.\n +what decides: sharpe \(median of 2 runs\) at least 0\.5/,
    );
    expect(await htmlOf("/experiments")).toContain(`href="/insights/${right}"`);
    expect(await textOf("/experiments?status=open")).not.toContain("Fridays");
    expect(await textOf("/experiments?page=2")).toContain("No experiment stands here.");
    for (const query of ["status=poem", "page=0", "page=1e9"]) await textOf(`/experiments?${query}`, page, 400);
  });

  test("an open one says what it needs, and how it stands", async () => {
    const text = await textOf(at("/experiments", open));
    expect(text).toContain("Open: 0 of 2 runs count so far.");
    expect(text).toContain("> Dips pay on Mondays.\n(The words of stack-test, ");
    expect(text).toContain("What decides: sharpe (median of 2 runs) at least 0.5 on SPX 1d, 2015-01-02 to 2019-12-31.");
    expect(text).toContain("- The run in the middle must make at least 30 trades");
    expect(text).toContain("None counts yet; 2 runs were announced.");
  });

  test("a concluded one says its verdict, its runs, those left out and why, and whose words concluded it", async () => {
    const text = await textOf(at("/experiments", done));
    expect(text).toContain("Not supported: 0.15; the criterion was sharpe");
    expect(text).toMatch(/sharpe, in the middle: +0\.15 \(0\.1 to 0\.2\)/);
    expect(text).toMatch(/more than were announced +1 +backtest-friday-3/);
    expect(text).toMatch(/computed by: +sandbox-1\.0\.0 \(a small stand-in for KTRDR: practice figures\)/);
    expect(text).toContain("> They do not.\n> Not at all.\n(The words of stack-test, ");
    expect(await htmlOf(at("/experiments", done))).toContain('href="/runs/backtest-friday-1"');
  });

  test("a superseded verdict says first what holds instead", async () => {
    const text = await textOf(at("/experiments", wrong));
    expect(text.split("\n")[3]).toMatch(new RegExp(`^SUPERSEDED by ${right}, which holds instead\\. It was: `));
    expect(text.indexOf("> May was a split")).toBeLessThan(text.indexOf("> Dips pay in May."));
    expect(await htmlOf(at("/experiments", wrong))).toContain(`href="/insights/${right}"`);
  });

  test.each(["experiment-0123456789abcdef", "%00", "a%2Fb"])("there is no %s", async (id) => {
    expect(await textOf(`/experiments/${id}`, page, 404)).toContain("There is no experiment");
  });
});

describe("insights", () => {
  let wrong: string;
  let right: string;
  let cited: string;

  beforeAll(async () => {
    wrong = await learn("Keltner channels\n  never fail.", { category: "success", importance: 9, tags: ["keltner"] });
    right = await learn("They fail after costs.", { supersedes: [wrong], category: "failure" });
    const jobIds = ["backtest-steady-KNOWN-0", "train-steady-SPX-0"];
    cited = await learn("Known days look splendid.", { jobIds });
  });

  test("are listed with the newest first; what was superseded comes after what holds", async () => {
    const text = await textOf("/insights");
    expect(text).toMatch(/^\d+ insights, each in the words of whoever learnt it\.$/m);
    expect(text.indexOf("Known days look")).toBeLessThan(text.indexOf("They fail after costs."));
    expect(text.indexOf("They fail after costs.")).toBeLessThan(
      text.indexOf(`SUPERSEDED by ${right}. It was: Keltner`),
    );
    expect(text).toContain("(Known against its runs: backtest-steady-KNOWN-0 proves nothing");
  });

  test("are found by words, by mistyped ones too, and the form keeps what was asked", async () => {
    const html = await htmlOf("/insights?q=keltner");
    expect(html).toMatch(/<form role="search">[^]*name="q" value="keltner"/);
    expect(await textOf("/insights?q=keltner")).toMatch(/1 insight with all of these words\.[^]*SUPERSEDED by/);
    expect(await textOf("/insights?q=keltnre%20channels")).toContain(
      '"keltnre" was read as "keltner". So read, there is 1 insight.',
    );
    expect(await textOf("/insights?q=keltner%20volcanoes")).toContain("1 insight has some.");
    expect(await textOf("/insights?q=keltner")).not.toContain("Search\n------\n\n\n");
    expect(await textOf(`/insights?q=${"a".repeat(301)}`, page, 400)).toContain("q has 300 characters at most");
  });

  test("are paged, with the words in the links", async () => {
    for (let n = 0; n < 26; n += 1) await learn(`Volcano number ${n}.`);
    expect(await htmlOf("/insights?q=volcano")).toContain('href="/insights?q=volcano&amp;page=2"');
    const second = await textOf("/insights?q=volcano&page=2");
    expect(second.match(/Volcano number/g)).toHaveLength(1);
  });

  test("one keeps its line breaks, and says what it stands on", async () => {
    const text = await textOf(at("/insights", cited));
    expect(text).toContain(
      "Nothing has superseded it. But of the 2 jobs that it was drawn from, 2 show less than it seems.",
    );
    expect(text).toMatch(/backtest-steady-KNOWN-0 +backtest-steady-KNOWN-0 proves nothing/);
    const alone = await textOf(at("/insights", right));
    expect(alone).toContain("It names no job: it stands on the word of night shift alone.");
    expect(alone).toContain(`What it holds instead of\n------------------------\n\n- ${wrong}`);
  });

  test("a superseded one says first what holds instead, and stays as it was", async () => {
    const text = await textOf(at("/insights", wrong));
    expect(text.split("\n")[3]).toBe(`SUPERSEDED by ${right}, which holds instead. It stays here as it was.`);
    expect(text).toContain("> Keltner channels\n>   never fail.");
    expect(text.indexOf("> They fail after costs.")).toBeLessThan(text.indexOf("> Keltner channels"));
  });

  test.each(["insight-0123456789abcdef", "%00"])("there is no %s", async (id) => {
    expect(await textOf(`/insights/${id}`, page, 404)).toContain("There is no insight");
  });
});

describe("the ledger", () => {
  beforeAll(async () => {
    await createLedger(pool).setLimit({ symbol: "SPX", limit: 40, by: "operator", reason: "enough for a week" });
    await createLedger(pool).setLimit({ symbol: "LATER", limit: 5, by: "operator", reason: "not begun" });
  });

  test("shows its lines, what was tried, and the limits", async () => {
    const text = await textOf("/ledger");
    const head = await stack.deps.records.ledger.head();
    expect(text).toContain(`${head?.seq} lines: what was tried, and whose figures were shown.`);
    expect(text).toContain(head?.hash ?? "?");
    expect(text).toMatch(/^SPX +\d+ +40 +\d+ +operator, .*: enough for a week$/m);
    expect(text).toMatch(/^LATER +0 +5 +5 +operator, .*: not begun$/m);
    expect(text).toContain("what happened: limit 5, by operator: not begun");
    expect(await htmlOf("/ledger")).toContain('href="/ledger/verification"');
  });

  test("has a line's run and what its figure is worth beside it, and goes on to older ones", async () => {
    const all: string[] = [];
    for (let address: string | undefined = "/ledger"; address !== undefined;) {
      all.push(await textOf(address));
      address = /href="(\/ledger\?before=\d+)"/.exec(await htmlOf(address))?.[1];
    }
    const text = all.join("\n");
    expect(text.match(/line: 1\n/g)).toHaveLength(1);
    expect(text).toMatch(
      /a backtest showed its figures\n +strategy: steady\n +Sharpe: 7\.70\n +luck: cannot be told: the model was trained on these days/,
    );
    for (const wrong of ["0", "x", "-1", "9".repeat(16)]) await textOf(`/ledger?before=${wrong}`, page, 400);
  });

  test("tells of a look that it was one and how it ended, and nothing else", async () => {
    const holdouts = createHoldoutStore(pool);
    const cut = { symbol: "SPX", timeframe: "1d", startDate: "2019-01-01", alpha: 0.05, setBy: "operator" };
    const file = { years: 5, firstDay: "2018-10-18", lastDay: "2023-12-29", bytes: 1_000, sha256: "a".repeat(64) };
    await holdouts.add({ ...cut, ...file });
    const jobId = "holdout-secret-1";
    const look = { ...LOOK, strategy: "secretive" };
    await stack.writer.admit(inputOf(jobId, look), null);
    await stack.writer.beginComputation(jobId, 1, []);
    await stack.writer.attachOperation(jobId, 1, { operationId: "op-secret" });
    await holdouts.seal(jobId, { summary: summaryOf(look, 2.34567) });
    const { strategy, symbol, timeframe, candidateJobId } = look;
    const engine = { name: "sandbox", version: "sandbox-1.0.0" } as const;
    const told = {
      strategy,
      symbol,
      timeframe,
      candidateJobId,
      look: 1,
      passed: true,
      level: 0.0271,
      caveats: [],
      engine,
    };
    await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), { kind: "holdout", ...told }, engine);
    const text = await textOf("/ledger");
    expect(text).toMatch(/symbol: SPX\n +what happened: look 1 at the holdout: passed\n +job: holdout-secret-1\n/);
    expect(text).toContain("what happened: look 1 at the holdout: begun");
    expect(text).toContain("what happened: bars were kept back as a holdout");
    expect(`${text}${await htmlOf("/ledger")}`).not.toMatch(/2\.34|0\.0271|secretive|a{64}|2023-12-29/);
  });

  test("is verified whole, against hashes that versions of strategies keep", async () => {
    const text = await textOf("/ledger/verification");
    expect(text).toMatch(
      /^Yes\. \d+ lines: each follows the one before it, .* were? kept elsewhere agrees?, up to line \d+\.$/m,
    );
    // Readers who come at once cost the database no more than one.
    let checks = 0;
    const { records, strategies } = stack.deps;
    const check: typeof records.ledger.check = async (anchors) => {
      checks += 1;
      return await records.ledger.check(anchors);
    };
    const counted = { ...records, ledger: { ...records.ledger, check } };
    const checkLedger = createLedgerCheck({ records: counted, strategies });
    const counting = pageOver({ ...stack.deps, checkLedger });
    const answers = await Promise.all(Array.from({ length: 5 }, () => textOf("/ledger/verification", counting)));
    expect(answers.every((answer) => answer.includes("Yes."))).toBe(true);
    expect(checks).toBe(1);
    await textOf("/ledger/verification", counting);
    expect(checks).toBe(2);
  });

  test("a line that was changed is named", async () => {
    const owner = await pool.connect();
    const keep = "create temporary table kept as select seq, event from trial_events where seq = 2";
    await owner.query(
      `${keep}; grant update on trial_events to current_user; alter table trial_events disable trigger all`,
    );
    await owner.query(`update trial_events set event = event || '{"client": "<b>somebody</b>"}' where seq = 2`);
    const text = await textOf("/ledger/verification");
    await owner.query(`update trial_events t set event = k.event from kept k where t.seq = k.seq;
      alter table trial_events enable trigger all; revoke update on trial_events from current_user; drop table kept`);
    owner.release();
    expect(text).toContain("No: 1 thing is wrong.");
    expect(text).toContain("- Line 2 was changed: its hash is that of another text.");
    expect(await textOf("/ledger/verification")).toContain("Yes.");
  });
});

describe("texts of attackers", () => {
  const SCRIPT = "<script>alert(1)</script>";
  const EVIL = `${SCRIPT}"><img src=x onerror=alert(2)>'\u202Etxet\u2066\u200B\u001B[2J\r'`;
  const NAME = `evil ${EVIL}/?#&%`;
  const paths: string[] = [];

  beforeAll(async () => {
    const { experiments } = stack.deps.records;
    const { experimentId } = (await experiments.start({ ...WHAT_WAS_EXPECTED, hypothesis: EVIL }, EVIL)).experiment;
    await experiments.conclude(experimentId, EVIL, EVIL);
    await recordFailure(stack.writer, `train-${EVIL}`, EVIL);
    const more = { tags: [EVIL], jobIds: [`train-${EVIL}`], supersedes: [experimentId] };
    const first = await learn(EVIL, more, EVIL);
    const second = await learn(`${EVIL} again`, { supersedes: [first] }, EVIL);
    await save("evil", `description: |-\n  ${SCRIPT}\n`, EVIL, EVIL);
    await save("evil", `description: ${SCRIPT} other\nindicators: {"<b>": {type: "${SCRIPT}"}}\n`, EVIL, EVIL);
    await stack.writer.admit(inputOf(`train-of-${EVIL}`, { ...TRAINING, strategy: NAME, symbol: EVIL }), EVIL);
    await stack.writer.admit(inputOf(`backtest-of-${EVIL}`, { ...BACKTEST, strategy: NAME, symbol: EVIL }), null);
    await createLedger(pool).setLimit({ symbol: EVIL, limit: 1, by: EVIL, reason: EVIL });
    paths.push(
      "/strategies",
      at("/strategies", NAME),
      "/strategies/evil",
      "/experiments",
      at("/experiments", experimentId),
      "/insights",
      `/insights?q=${encodeURIComponent(EVIL)}`,
      at("/insights", first),
      at("/insights", second),
      "/ledger",
      "/ledger/verification",
    );
  });

  test("arrive escaped in HTML, and every link stays on the page", async () => {
    for (const path of paths) {
      const html = await htmlOf(path);
      expect(html, path).not.toMatch(/<script>|<img|<b>/);
      expect(isPlain(html), path).toBe(true);
      const whole = html.replaceAll("<wbr />", "");
      if (path !== "/ledger/verification") expect(whole, path).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
      for (const [, address = ""] of html.matchAll(/href="([^"]*)"/g)) expect(address, path).toMatch(/^[/#][!-~]*$/);
    }
  });

  test("move no terminal as plain text, and cannot look like the page's own words", async () => {
    for (const path of paths) {
      const text = await textOf(path);
      expect(isPlain(text), path).toBe(true);
      expect(text, path).not.toContain("\r");
    }
    const body = `harmless\n\nWhat holds instead\n------------------`;
    const text = await textOf(at("/insights", await learn(body)));
    expect(text).toContain("> What holds instead\n> ------------------");
  });

  test("links to names of any characters lead where they should", async () => {
    const html = await htmlOf("/strategies");
    const [, link = ""] = /href="(\/strategies\/evil%20%3Cscript[^"]*)"/.exec(html) ?? [];
    expect(await textOf(link.replaceAll("&#39;", "'"))).toContain("It exists only on record");
  });
});

describe("a part that is away", () => {
  const over = async (env: Readonly<Record<string, string>>) => {
    const wired = await (await createWiring({ ...stack.env, ...env }, log)).current();
    return { of: pageOver(wired.deps), close: async () => await wired.close() };
  };

  test("the folder: the record is told, and what is missing is said", async () => {
    const { of, close } = await over({ KTRDR_STRATEGIES_DIR: "/nowhere/at/all" });
    const list = await textOf("/strategies", of);
    expect(list).toContain("The folder of the strategies cannot be read now. Only strategies that ran are listed.");
    expect(list).not.toContain("strategy: often");
    const one = await textOf("/strategies/steady", of);
    expect(one).toContain(
      "The folder of the strategies cannot be read now; only the record is told. Of all that its texts did",
    );
    expect(one).toMatch(/The versions cannot be read now[^]*Text [0-9a-f]{12}\n-+\n[^]*0\.20 to 1\.60/);
    expect(await textOf("/strategies/often", of, 503)).toContain(
      "The folder of the strategies cannot be read, and no job has this name.",
    );
    const verified = await textOf("/ledger/verification", of);
    expect(verified).toContain("As far as the database alone can tell, yes.");
    expect(verified).toContain("The hashes that versions of strategies keep cannot be read now");
    await close();
  });

  test("the database: versions are told, and what is missing is said", async () => {
    const { DATABASE_URL = "" } = await deadEnvironment();
    const { of, close } = await over({ DATABASE_URL });
    const list = await textOf("/strategies", of);
    expect(list).toContain("PostgreSQL does not answer. What the strategies did cannot be told now");
    expect(list).toMatch(/strategy: steady\n +newest change: changed\n[^]*runs: \?\n/);
    const one = await textOf("/strategies/steady", of);
    expect(one).toContain("What it did cannot be told now.");
    expect(one).toContain("> Slower,\n> to trade less.");
    expect(await textOf("/strategies/seer", of, 503)).toContain(
      "PostgreSQL does not answer, and no file has this name.",
    );
    for (const path of [
      "/experiments",
      "/experiments/x",
      "/insights",
      "/insights/x",
      "/ledger",
      "/ledger/verification",
    ])
      expect(await textOf(path, of, 503)).toContain("Research goes on without this page.");
    await close();
  });

  test("both: nothing can be told", async () => {
    const { DATABASE_URL = "" } = await deadEnvironment();
    const { of, close } = await over({ DATABASE_URL, KTRDR_STRATEGIES_DIR: "/nowhere/at/all" });
    for (const path of ["/strategies", "/strategies/steady"])
      expect(await textOf(path, of, 503)).toContain("Research goes on without this page.");
    await close();
  });

  test("the history: files and runs are told without it", async () => {
    await rm(join(stack.env["KTRDR_STRATEGIES_DIR"] ?? "", ".history.git", "objects"), { recursive: true });
    const { of, close } = await over({});
    const text = await textOf("/strategies/steady", of);
    expect(text).toContain("The versions cannot be read now. What ran is listed by the text that it ran.");
    expect(text).toMatch(/Text [0-9a-f]{12}\n-+\n[^]*0\.20 to 1\.60/);
    await close();
  });
});
