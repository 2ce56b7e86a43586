import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../src/root.ts";
import { createStrategyFolder } from "../../src/strategies/strategy-folder.ts";
import { createStrategyLibrary } from "../../src/strategies/strategy-library.ts";
import { createCampaignReader, createCampaignSteering } from "../../src/store/campaigns.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createExperimentStore } from "../../src/store/experiments.ts";
import { createInsightSearch } from "../../src/store/insight-search.ts";
import { createInsightStore } from "../../src/store/insights.ts";
import { searchTerms } from "../../src/domain/search-terms.ts";
import { endsWell, pointOf, recordCampaign, recordStep, trainingOf } from "../support/campaigns.ts";
import { outcomeOf } from "../support/job-inputs.ts";
import { contentOf, fillDatabase, Places, query, withPool } from "./support.ts";

const MEMORY = [
  "jobs",
  "results",
  "models",
  "experiments",
  "experiment_jobs",
  "insights",
  "insight_jobs",
  "supersessions",
  "insight_words",
  "batch_items",
  "campaign_steps",
  "campaign_points",
  "campaign_runs",
  "campaign_orders",
];
const BY = { author: "claude", reason: "why\n\nnot", experimentId: "experiment-1a2b3c4d5e6f7081" };

const places = new Places();
let source: { url: string; dir: string };
let file: string;

const libraryOf = (dir: string) => createStrategyLibrary(dir, createStrategyFolder(dir), pino({ level: "silent" }));

async function run(command: "export-memory" | "import-memory", at: { url: string; dir: string }, name = file) {
  return await execa(path.join(ROOT, "bin/ktrdr-mcp"), [command, name], {
    env: { DATABASE_URL: at.url, KTRDR_STRATEGIES_DIR: at.dir, LAB_DIR: path.join(at.dir, "none") },
    reject: false,
  });
}

const place = async () => ({ url: await places.database(), dir: await places.folder() });

const HOLDS = "Both were measured on bad bars.";

/** What is remembered, without jobs that are open. */
async function memoryOf(url: string) {
  const content = await contentOf(url);
  const rows = MEMORY.map((table) => [
    table,
    (content[table] ?? [])
      .filter((row) => (table === "jobs" ? !row.includes(",open,") : !row.startsWith("(campaign-open-1,")))
      .toSorted(),
  ]);
  return Object.fromEntries(rows) as Record<string, string[]>;
}

/** One that has ended, with a point, its jobs and an order; and one that is open, of which nothing is carried. */
async function fillCampaign(url: string): Promise<void> {
  await withPool(url, async (pool) => {
    const writer = createJobWriter(pool);
    for (const id of ["campaign-ended-1", "campaign-open-1"]) {
      const points = [pointOf(0), pointOf(1, 4, "trend.period is 0")];
      await recordCampaign({ writer }, id);
      await recordStep(
        { writer, databaseUrl: url },
        id,
        0,
        {
          stage: "rung",
          bracket: 0,
          rung: 0,
          points,
          runs: [trainingOf(id, 0, 0)],
        },
        endsWell,
      );
      const order = { kind: "suggest" as const, points: [pointOf(2).values] };
      await createCampaignSteering(pool).order(id, { order, reason: "a hunch", client: "claude" });
      const stop = { reason: "operator" as const, says: "It was told to finish." };
      await recordStep({ writer, databaseUrl: url }, id, 1, { stage: "over", stop });
    }
    await writer.finish("campaign-ended-1", outcomeOf("campaign-ended-1", "cancelled"), null, null);
  });
}

beforeAll(async () => {
  source = await place();
  await fillDatabase(source.url);
  await withPool(source.url, async (pool) => {
    const [job] = await query<{ job_id: string }>(
      source.url,
      "select job_id from jobs where status = 'completed' limit 1",
    );
    const insights = createInsightStore(pool);
    const { insight: wrong } = await insights.save(
      {
        category: "failure",
        body: "Überkauft ist kein Grund; 波動率 \u2028 too.",
        tags: ["rsi"],
        importance: 9,
        jobIds: [job!.job_id],
        supersedes: [],
      },
      "claude",
    );
    const experiments = createExperimentStore(pool);
    const sample = { symbol: "SPX", timeframe: "1d", startDate: "2015-01-01", endDate: "2019-12-31" };
    const { experiment } = await experiments.start(
      { hypothesis: "it pays", metric: "sharpe", direction: "at_least", threshold: 1, runs: 2, sample },
      "claude",
    );
    await experiments.attach(experiment.experimentId, job!.job_id);
    await experiments.conclude(experiment.experimentId, "no", "claude");
    const supersedes = [wrong.insightId, experiment.experimentId];
    const holds = { category: "pattern", body: HOLDS, tags: [], importance: 5, jobIds: [], supersedes } as const;
    await insights.save(holds, "claude");
  });
  await fillCampaign(source.url);
  const library = libraryOf(source.dir);
  const { files } = await library.save([{ name: "dip", text: "a: 1\n", replaces: null }], BY);
  await library.save([{ name: "dip", text: "a: 2\n", replaces: files[0]!.sha256 }], { ...BY, reason: null });
  file = path.join(await places.folder(), "memory.jsonl");
  const exported = await run("export-memory", source);
  expect(exported.stderr).toBe("");
});
afterAll(() => places.remove());

describe("the memory, exported and imported", () => {
  it("is in another place what it was, down to the bytes, and found there", async () => {
    const target = await place();
    const { stdout, exitCode } = await run("import-memory", target);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/insights: 2 of 2 added/);
    expect(await memoryOf(target.url)).toEqual(await memoryOf(source.url));
    const [there, here] = [libraryOf(target.dir), libraryOf(source.dir)];
    const told = async (library: typeof here) =>
      (await library.versions("dip")).map(({ change, blob, author, reason, experimentId, at }) => ({
        change,
        blob,
        author,
        reason,
        experimentId,
        at,
      }));
    expect(await told(there)).toEqual(await told(here));
    expect((await there.read("dip")).text).toBe("a: 2\n");
    await withPool(target.url, async (pool) => {
      const found = await createInsightSearch(pool).search({ terms: searchTerms("uberkauft"), limit: 5, offset: 0 });
      expect(found.hits).toHaveLength(1);
      const successors = await createInsightStore(pool).successors([found.hits[0]!.insightId]);
      expect([...successors.values()].map(({ body }) => body)).toEqual([HOLDS]);
    });
    const [campaignThere, campaignHere] = await Promise.all(
      [target.url, source.url].map(
        async (url) => await withPool(url, async (pool) => await createCampaignReader(pool).record("campaign-ended-1")),
      ),
    );
    expect(campaignThere).toMatchObject({
      points: [{ refused: null }, { refused: "trend.period is 0" }],
      steps: [{}, {}],
    });
    expect(campaignThere).toEqual(campaignHere);
    // An export of the imported memory is the same, except for its time in the first line.
    const again = path.join(await places.folder(), "again.jsonl");
    await run("export-memory", target, again);
    const linesOf = async (name: string) => (await readFile(name, "utf8")).split("\n").slice(1).toSorted();
    expect(await linesOf(again)).toEqual(await linesOf(file));
  });

  it("imported twice adds nothing, and what is there stays as it is", async () => {
    const target = await place();
    await libraryOf(target.dir).save([{ name: "dip", text: "mine: 1\n", replaces: null }], BY);
    await run("import-memory", target);
    await query(target.url, "update insights set importance = 1");
    const before = await contentOf(target.url);
    const { stdout } = await run("import-memory", target);
    expect(stdout).not.toMatch(/: [1-9]\d* of/);
    expect(await contentOf(target.url)).toEqual(before);
    expect((await libraryOf(target.dir).read("dip")).text).toBe("mine: 1\n");
    expect(await libraryOf(target.dir).versions("dip")).toHaveLength(1);
  });

  it("leaves open jobs, calls and orders behind, and everything that would refer to them", async () => {
    const tables = new Set<string>();
    const statuses = new Set<unknown>();
    for (const line of (await readFile(file, "utf8")).trimEnd().split("\n")) {
      const parsed = JSON.parse(line) as { table?: string; row?: Record<string, unknown> };
      if (parsed.table !== undefined) tables.add(parsed.table);
      if (parsed.table === "jobs") statuses.add(parsed.row?.["status"]);
    }
    expect([...tables].toSorted()).toEqual([
      "campaign_orders",
      "campaign_points",
      "campaign_runs",
      "campaign_steps",
      "experiment_jobs",
      "experiments",
      "insight_jobs",
      "insights",
      "jobs",
      "models",
      "results",
      "supersessions",
    ]);
    expect(statuses.has("open")).toBe(false);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ["was cut", (text) => text.slice(0, -20), /does not belong into a memory|end is missing/],
    ["has lost a line", (text) => text.replace(/\n\{"table":"insights"[^\n]*/, ""), /has \d+ lines, and says/],
    [
      "has a row that does not fit",
      (text) => text.replace('"importance":9', '"importance":99'),
      /Rows of insights do not fit/,
    ],
    [
      "claims fewer trials than were counted",
      (text) => {
        const lines = text.split("\n").filter((line) => !/^\{"table":"results".*"sharpe"/.test(line));
        return lines.join("\n").replace(/"end":(\d+)/, (_, end: string) => `"end":${Number(end) - 1}`);
      },
      /counts 1 backtests of \S+ and brings 0: trials were left out/,
    ],
    ["is something else", () => "hello\n", /does not belong into a memory/],
    ["is empty", () => "", /end is missing/],
    ["is of a newer version", (text) => text.replace('"format":1', '"format":2'), /newer version/],
    [
      "names a table that is none of it",
      (text) => text.replace('"table":"insights"', '"table":"research_control"'),
      /does not belong into a memory/,
    ],
  ])("of a file that %s adds nothing", async (_name, change, why) => {
    const broken = path.join(await places.folder(), "broken.jsonl");
    const text = await readFile(file, "utf8");
    const changed = change(text);
    expect(changed).not.toBe(text);
    await writeFile(broken, changed);
    const target = await place();
    const { exitCode, stderr } = await run("import-memory", target, broken);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(why);
    expect((await memoryOf(target.url))["jobs"]).toEqual([]);
    expect(await libraryOf(target.dir).versions("dip")).toEqual([]);
  });
});
