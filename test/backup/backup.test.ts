import { cp, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { execa } from "execa";
import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backup } from "../../src/backup/backup.ts";
import { restore, type RestoreOptions } from "../../src/backup/restore.ts";
import { createStrategyFolder } from "../../src/strategies/strategy-folder.ts";
import { createStrategyLibrary } from "../../src/strategies/strategy-library.ts";
import { ROOT } from "../../src/root.ts";
import { until } from "../../lab/until.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { assertSchemaCurrent, migrate } from "../../src/store/migrate.ts";
import { createPageAccess } from "../../src/store/page-access.ts";
import { createPool } from "../../src/store/pool.ts";
import { refill } from "../../src/store/refill.ts";
import { withSnapshot } from "../../src/store/snapshot.ts";
import { jobInput, engine, outcome, trainingResult } from "../store/samples.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import {
  callOf,
  contentOf,
  filesOf,
  fillDatabase,
  logCalls,
  Places,
  query,
  rewrite,
  rewriteBytes,
  rowsIn,
  withPool,
} from "./support.ts";

const VERSION = "1.2.3";
const STRATEGIES = { "alpha.yaml": "name: alpha\n", "beta v2.yml": "name: beta\n# ☃\n" };

const BY = { author: "claude", reason: "tried", experimentId: null };
const libraryOf = (dir: string) => createStrategyLibrary(dir, createStrategyFolder(dir), pino({ level: "silent" }));

const places = new Places();
let source: string;
let strategies: string;
/** A good backup of the database and the strategies folder. */
let good: string;

beforeAll(async () => {
  source = await places.database();
  await fillDatabase(source);
  strategies = await places.folder({ ...STRATEGIES, "old/gamma.yaml": "name: gamma\n", ".alpha.tmp": "half" });
  await libraryOf(strategies).save([{ name: "gone", text: "name: gone\n", replaces: null }], BY);
  await rm(path.join(strategies, "gone.yaml"));
  await libraryOf(strategies).notice();
  good = path.join(await places.folder(), "deep/er/backup");
  await backup({ folder: good, databaseUrl: source, strategiesDir: strategies, version: VERSION });
});
afterAll(() => places.remove());

async function restored(folder: string, more: Partial<RestoreOptions & { readonly strategiesDir: string }> = {}) {
  const databaseUrl = more.databaseUrl ?? (await places.database(false));
  const strategiesDir = await places.folder();
  const options = { folder, strategiesDir, dryRun: false, withoutStrategies: false, ...more, databaseUrl };
  return { databaseUrl, strategiesDir: more.strategiesDir ?? strategiesDir, said: await restore(options) };
}

const exists = async (url: string): Promise<boolean> => {
  const name = new URL(url).pathname.slice(1);
  return (await query(source, `select 1 from pg_database where datname = '${name}'`)).length > 0;
};

describe("a backup", () => {
  it("comes back as it was, row by row and byte by byte", async () => {
    const { databaseUrl, strategiesDir, said } = await restored(good);
    expect(await contentOf(databaseUrl)).toEqual(await contentOf(source));
    expect((await filesOf(strategiesDir)).filter((name) => !name.startsWith("."))).toEqual(Object.keys(STRATEGIES));
    for (const [name, text] of Object.entries(STRATEGIES)) {
      expect(await readFile(path.join(strategiesDir, name), "utf8")).toBe(text);
    }
    expect(said.manifest).toMatchObject({ version: VERSION, strategies: { leftOut: ["old"] } });
    expect(said.manifest.tables).toContainEqual(expect.objectContaining({ name: "tool_executions", rows: 30 }));
  });

  it("brings the strategies' versions back, also of one that is gone, and more can be saved", async () => {
    const { strategiesDir } = await restored(good);
    const library = libraryOf(strategiesDir);
    expect(await library.versions("gone")).toEqual(await libraryOf(strategies).versions("gone"));
    const [removed, created] = await library.versions("gone");
    expect([removed, created]).toMatchObject([{ change: "removed" }, { change: "created", reason: "tried" }]);
    expect((await library.readVersion("gone", created?.commit ?? "")).text).toBe("name: gone\n");
    const { trouble } = await library.save([{ name: "gone", text: "name: back\n", replaces: null }], BY);
    expect(trouble).toBeNull();
    expect(await library.versions("gone")).toHaveLength(3);
  });

  it("leaves a history that is there alone, and takes its own away where the rows cannot be put back", async () => {
    const strategiesDir = await places.folder({ "other.yaml": "name: other\n" });
    await libraryOf(strategiesDir).notice();
    await restored(good, { strategiesDir });
    expect(await libraryOf(strategiesDir).versions("gone")).toEqual([]);
    expect(await libraryOf(strategiesDir).versions("other")).toHaveLength(1);

    const broken = await places.folder();
    await cp(good, broken, { recursive: true });
    await rewrite(broken, "database/jobs.jsonl.gz", (text) => text.replace('"completed"', '"nonsense"'));
    const empty = await places.folder();
    await expect(restored(broken, { strategiesDir: empty })).rejects.toMatchObject({ code: "backup_unusable" });
    expect(await readdir(empty)).toEqual([]);
  });

  it("whose history was changed is refused, and nothing is left", async () => {
    const broken = await places.folder();
    await cp(good, broken, { recursive: true });
    await rewriteBytes(broken, "history.jsonl.gz", (bytes) =>
      gzipSync(gunzipSync(bytes).toString("utf8").replace('"base64":"', '"base64":"AAAA')),
    );
    const empty = await places.folder();
    await expect(restored(broken, { strategiesDir: empty })).rejects.toMatchObject({ code: "backup_unusable" });
    expect(await readdir(empty)).toEqual([]);
  });

  it("of the restored place is the same again", async () => {
    const { databaseUrl, strategiesDir } = await restored(good);
    const again = path.join(await places.folder(), "again");
    const { tables } = await backup({ folder: again, databaseUrl, strategiesDir, version: VERSION });
    const first = JSON.parse(await readFile(path.join(good, "manifest.json"), "utf8")) as { tables: unknown };
    expect(tables).toEqual(first.tables);
  });

  it("can be checked with sha256sum, and is its owner's only", async () => {
    const { stdout } = await execa("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: good });
    expect(stdout).toContain("manifest.json: OK");
    const { stdout: mode } = await execa("stat", ["-c", "%a", good]);
    expect(mode).toBe("700");
  });

  it("sees one moment: what is written meanwhile is not in it, not even half of it", async () => {
    const pool = createPool(source);
    const jobs = createJobWriter(pool);
    try {
      const before = await query<{ n: number }>(source, "select count(*)::int as n from jobs");
      const seen = await withSnapshot(pool, async (snapshot) => {
        const late = jobInput();
        await jobs.admit(late, null);
        await jobs.finish(late.jobId, outcome(late.jobId), trainingResult, engine);
        const counts: Record<string, number> = {};
        for (const table of snapshot.tables) {
          counts[table.name] = 0;
          for await (const rows of snapshot.rows(table)) counts[table.name]! += rows.length;
        }
        return counts;
      });
      expect(seen).toMatchObject({ jobs: before[0]!.n, results: 2, models: 1 });
    } finally {
      await pool.end();
    }
  });

  it("of a database that is written to all the time fits together", async () => {
    const url = await places.database();
    const pool = createPool(url);
    const jobs = createJobWriter(pool);
    let writing = true;
    let written = 0;
    const write = async () => {
      while (writing) {
        const input = jobInput();
        await jobs.admit(input, "name: probe\n");
        await jobs.finish(input.jobId, outcome(input.jobId), trainingResult, engine);
        written += 1;
      }
    };
    const writers = [write(), write(), write()];
    const folder = path.join(await places.folder(), "busy");
    await until(() => Promise.resolve(written > 50), { what: "some jobs", timeoutMs: 120_000, everyMs: 5 });
    await backup({ folder, databaseUrl: url, strategiesDir: undefined, version: VERSION });
    writing = false;
    await Promise.all(writers);
    await pool.end();
    const { databaseUrl, said } = await restored(folder);
    expect(said.strategies).toBeNull();
    const [counts] = await query<Record<string, number>>(
      databaseUrl,
      `select (select count(*)::int from jobs) as jobs,
         (select count(*)::int from jobs j where status = 'completed' and not exists (select from models m where m.job_id = j.job_id)) as torn`,
    );
    expect(counts).toMatchObject({ torn: 0 });
    expect(counts!["jobs"]).toBeGreaterThanOrEqual(50);
    expect(counts!["jobs"]).toBeLessThan(written);
  });

  it("of an older version is brought up to date, also where newer tables were waiting for it", async () => {
    const old = await places.database(false);
    await migrate(old, { to: "0003_tool_executions" });
    await query(
      old,
      `insert into jobs (job_id, kind, request, request_hash, client, priority)
       values ('train-1', 'training', '{"kind": "training", "strategy": "s"}', 'h', 'c', 3)`,
    );
    const folder = path.join(await places.folder(), "old");
    await backup({ folder, databaseUrl: old, strategiesDir: undefined, version: "0.0.1" });
    for (const migrated of [false, true]) {
      const { databaseUrl, said } = await restored(folder, { databaseUrl: await places.database(migrated) });
      expect(said.applied).toContain("0004_batches");
      await withPool(databaseUrl, assertSchemaCurrent);
      expect(await query(databaseUrl, "select job_id, strategy, namespace_id from jobs")).toEqual([
        { job_id: "train-1", strategy: "s", namespace_id: null },
      ]);
    }
  });

  it("goes on counting where it was", async () => {
    const numbered = "create table numbered (id bigint generated always as identity primary key, word text not null)";
    const [from, to] = [await places.database(), await places.database()];
    await query(
      from,
      `${numbered}; insert into numbered (word) values ('one'), ('two'); delete from numbered where id = 1`,
    );
    await query(to, numbered);
    const folder = path.join(await places.folder(), "numbered");
    await backup({ folder, databaseUrl: from, strategiesDir: undefined, version: VERSION });
    await restored(folder, { databaseUrl: to });
    await query(to, "insert into numbered (word) values ('three')");
    expect(await query(to, "select id::int, word from numbered order by id")).toEqual([
      { id: 2, word: "two" },
      { id: 3, word: "three" },
    ]);
  });

  it("brings back what operators ordered, over what a new place begins with", async () => {
    const control = `create table if not exists research_control (only_row boolean primary key default true,
      paused_at timestamptz, pause_reason text, budget_hours double precision);
      insert into research_control default values on conflict do nothing`;
    const [from, to] = [await places.database(), await places.database()];
    for (const url of [from, to]) await query(url, control);
    await query(
      from,
      "update research_control set paused_at = now(), pause_reason = 'a night off', budget_hours = 7.5",
    );
    const folder = path.join(await places.folder(), "control");
    await backup({ folder, databaseUrl: from, strategiesDir: undefined, version: VERSION });
    await restored(folder, { databaseUrl: to });
    expect(await query(to, "select pause_reason, budget_hours from research_control")).toEqual([
      { pause_reason: "a night off", budget_hours: 7.5 },
    ]);
  });

  it("holds nobody who may read the page, and leaves alone who may in the new place", async () => {
    const [from, to] = [await places.database(), await places.database()];
    const wish = { scope: "read", days: 7, origin: "https://research.example.com" } as const;
    for (const [url, name] of [
      [from, "ada"],
      [to, "bob"],
    ] as const) {
      await withPool(url, async (pool) => {
        const access = createPageAccess(pool);
        await access.enter(await access.newLink({ ...wish, name }), wish.origin);
        await access.newLink({ ...wish, name });
      });
    }
    const folder = path.join(await places.folder(), "page");
    const { tables } = await backup({ folder, databaseUrl: from, strategiesDir: undefined, version: VERSION });
    expect(tables.filter(({ name }) => name.startsWith("page_"))).toEqual([]);
    await restored(folder, { databaseUrl: to });
    const readers = "select name from page_links union all select name from page_sessions";
    expect(await query(to, readers)).toEqual([{ name: "bob" }, { name: "bob" }, { name: "bob" }]);
    // Nor does one that somebody added readers to.
    const forged = { table: { name: "page_links", columns: ["sha256"] }, rows: 0, digest: "0", async *lines() {} };
    await expect(withPool(to, (pool) => refill(pool, [forged]))).rejects.toMatchObject({ code: "backup_unusable" });
  });

  it("is noted by the command that made it, and a restored place knows of those before its own", async () => {
    const [from, folder] = [await places.database(), await places.folder()];
    const command = (name: string) =>
      execa(path.join(ROOT, "bin/ktrdr-mcp"), ["backup", path.join(folder, name)], { env: { DATABASE_URL: from } });
    await command("first");
    const noted = await query<{ taken_at: Date }>(from, "select taken_at from backups");
    const { takenAt } = JSON.parse(await readFile(path.join(folder, "first/manifest.json"), "utf8"));
    expect(noted.map(({ taken_at }) => taken_at.toISOString())).toEqual([takenAt]);
    await command("second");
    expect(await query(from, "select taken_at from backups")).toHaveLength(2);
    // A noted backup does not count as content: the database may still be restored into.
    await restored(path.join(folder, "second"), { databaseUrl: from });
    expect(await query(from, "select taken_at from backups")).toEqual(noted);
    await query(from, "drop table backups");
    expect((await command("third")).stdout).toContain("The database could not note the backup");
    expect(await filesOf(path.join(folder, "third"))).toContain("manifest.json");
  });

  it("needs a folder of its own, and tables", async () => {
    const options = { databaseUrl: source, strategiesDir: undefined, version: VERSION };
    const full = await places.folder({ "letter.txt": "mine" });
    await expect(backup({ ...options, folder: full })).rejects.toMatchObject({ code: "place_not_empty" });
    expect(await filesOf(full)).toEqual(["letter.txt"]);
    const empty = await places.folder();
    await query(source, "create database nothing_in_it");
    const bare = new URL(source);
    bare.pathname = "/nothing_in_it";
    const inside = path.join(empty, "backup");
    await expect(backup({ ...options, databaseUrl: bare.href, folder: inside })).rejects.toMatchObject({
      code: "database_unavailable",
    });
    await query(source, "drop database nothing_in_it");
    expect(await filesOf(empty)).toEqual([]);
    await backup({ ...options, folder: empty }); // an empty folder is taken, like one that does not exist
    expect(await filesOf(empty)).toContain("manifest.json");
  });
});

describe("a restore is refused, and changes nothing,", () => {
  /** A copy of the good backup, spoiled. */
  async function spoiled(spoil: (folder: string) => Promise<void>): Promise<string> {
    const copy = path.join(await places.folder(), "copy");
    await cp(good, copy, { recursive: true });
    await spoil(copy);
    return copy;
  }

  async function expectRefused(folder: string, expected: Record<string, unknown>): Promise<void> {
    const databaseUrl = await places.database(false);
    const strategiesDir = await places.folder();
    for (const dryRun of [true, false]) {
      const options = { folder, databaseUrl, strategiesDir, dryRun, withoutStrategies: false };
      await expect(restore(options)).rejects.toMatchObject(expected);
    }
    expect(await exists(databaseUrl)).toBe(false);
    expect(await filesOf(strategiesDir)).toEqual([]);
  }

  const unusable = (why: string) => ({ code: "backup_unusable", why: expect.stringContaining(why) as string });
  const inManifest = (change: (text: string) => string) => (folder: string) => rewrite(folder, "manifest.json", change);

  const CASES: Record<string, { spoil: (folder: string) => Promise<void>; expected: Record<string, unknown> }> = {
    "when a byte changed": {
      spoil: async (folder) => {
        const file = path.join(folder, "database/results.jsonl.gz");
        const bytes = await readFile(file);
        bytes[bytes.length >> 1]! ^= 1;
        await writeFile(file, bytes);
      },
      expected: unusable("database/results.jsonl.gz"),
    },
    "when a file was cut": {
      spoil: (folder) => truncate(path.join(folder, "database/jobs.jsonl.gz"), 100),
      expected: unusable("database/jobs.jsonl.gz"),
    },
    "when a file is missing": {
      spoil: (folder) => rm(path.join(folder, "strategies/alpha.yaml")),
      expected: unusable("Missing: strategies/alpha.yaml"),
    },
    "when a file was added": {
      spoil: (folder) => writeFile(path.join(folder, "strategies/evil.yaml"), "name: evil\n"),
      expected: unusable("Files that are no part of it: strategies/evil.yaml"),
    },
    "when the copy was stopped before its list": {
      spoil: (folder) => rm(path.join(folder, "SHA256SUMS")),
      expected: unusable("no SHA256SUMS"),
    },
    "when the list names a file elsewhere": {
      spoil: async (folder) => {
        const list = await readFile(path.join(folder, "SHA256SUMS"), "utf8");
        await writeFile(path.join(folder, "SHA256SUMS"), `${list}${"0".repeat(64)}  strategies/../../../etc/passwd\n`);
      },
      expected: unusable("a line that is no checksum"),
    },
    "when a file is a link": {
      spoil: async (folder) => {
        const file = path.join(folder, "strategies/alpha.yaml");
        await rename(file, `${folder}.yaml`);
        await symlink(`${folder}.yaml`, file);
      },
      expected: unusable("strategies/alpha.yaml is not a plain file"),
    },
    "when the manifest was cut, checksum and all": {
      spoil: inManifest((text) => text.slice(0, 80)),
      expected: unusable("not JSON"),
    },
    "when the manifest forgets a table": {
      spoil: inManifest((text) => text.replace(/,?\s+\{\s+"name": "models"[^}]*\}/, "")),
      expected: unusable("different files"),
    },
    "when it is of another product": {
      spoil: inManifest((text) => text.replace('"ktrdr-mcp"', '"something-else"')),
      expected: unusable("product"),
    },
    "when its format is newer": {
      spoil: inManifest((text) => text.replace('"format": 1', '"format": 2')),
      expected: { code: "schema_newer", why: expect.stringContaining("format is 2") as string },
    },
    "when its tables are newer": {
      spoil: inManifest((text) =>
        text.replace('"schema": [', '"schema": [\n    "0001_jobs",').replace('"0001_jobs"', '"0999_later"'),
      ),
      expected: { code: "schema_newer", why: expect.stringContaining("0999_later") as string },
    },
    "when its migrations are in another order": {
      spoil: inManifest((text) => text.replace('"0001_jobs",', "")),
      expected: unusable("ours begin 0001_jobs"),
    },
  };

  it.each(Object.keys(CASES))("%s", async (name) => {
    const { spoil, expected } = CASES[name]!;
    await expectRefused(await spoiled(spoil), expected);
  });

  it("when the folder is no backup at all", async () => {
    await expectRefused(await places.folder({ "notes.txt": "hello" }), unusable("no SHA256SUMS"));
    await expectRefused(path.join(await places.folder(), "nowhere"), unusable("no SHA256SUMS"));
  });

  const TABLE = "database/tool_executions.jsonl.gz";
  /** Defects that the checksums do not show. They are found when the rows are put back. */
  const FORGED: Record<string, (folder: string) => Promise<void>> = {
    "are not those that were backed up": inManifest((text) =>
      text.replace(/("name": "tool_executions"[^}]*"digest": ")\d+/, "$1123"),
    ),
    "end in the middle": (folder) => rewriteBytes(folder, TABLE, (bytes) => bytes.subarray(0, bytes.length - 40)),
    "are not packed": (folder) => rewriteBytes(folder, TABLE, () => Buffer.from("{}\n")),
    "are no rows": (folder) => rewriteBytes(folder, TABLE, () => gzipSync('[1, "a"]\n')),
    "are no JSON": (folder) => rewriteBytes(folder, TABLE, () => gzipSync("drop table jobs;\n")),
    "have a column that is unknown": inManifest((text) => text.replace('"duration_ms"', '"duration_ms\\"; --"')),
  };

  it.each(Object.keys(FORGED))("when the rows %s", async (name) => {
    const folder = await spoiled(FORGED[name]!);
    const databaseUrl = await places.database();
    const strategiesDir = await places.folder({ "mine.yaml": "mine" });
    const options = { folder, databaseUrl, strategiesDir, dryRun: false, withoutStrategies: false };
    await expect(restore(options)).rejects.toMatchObject({ code: "backup_unusable" });
    expect(await rowsIn(databaseUrl)).toEqual([]);
    expect(await filesOf(strategiesDir)).toEqual(["mine.yaml"]);
  });

  it("when the database is not empty", async () => {
    const databaseUrl = await places.database();
    await withPool(databaseUrl, (pool) => createJobWriter(pool).admit(jobInput(), null));
    const before = await contentOf(databaseUrl);
    const strategiesDir = await places.folder();
    for (const dryRun of [true, false]) {
      const options = { folder: good, databaseUrl, strategiesDir, dryRun, withoutStrategies: false };
      await expect(restore(options)).rejects.toMatchObject({
        code: "place_not_empty",
        why: "There are rows in jobs.",
      });
    }
    expect(await contentOf(databaseUrl)).toEqual(before);
    expect(await filesOf(strategiesDir)).toEqual([]);
  });

  it("but not because of calls that were logged there; they stay", async () => {
    const databaseUrl = await places.database();
    const mine = callOf(77);
    await logCalls(databaseUrl, [mine]);
    await restored(good, { databaseUrl });
    const logged = await query<{ id: string }>(databaseUrl, "select id from tool_executions");
    expect(logged).toHaveLength(31);
    expect(logged).toContainEqual({ id: mine.id });
  });

  it("when calls were logged in tables of another version", async () => {
    const old = await places.database(false);
    await migrate(old, { to: "0003_tool_executions" });
    const folder = path.join(await places.folder(), "old");
    await backup({ folder, databaseUrl: old, strategiesDir: undefined, version: VERSION });
    const databaseUrl = await places.database();
    await logCalls(databaseUrl, [callOf(1)]);
    await expect(restored(folder, { databaseUrl })).rejects.toMatchObject({
      why: "There are rows in tool_executions.",
    });
    expect((await contentOf(databaseUrl))["tool_executions"]).toHaveLength(1);
  });

  it("when the database is somebody else's", async () => {
    const databaseUrl = await places.database();
    await query(databaseUrl, "drop table schema_migrations");
    const refusal = restored(good, { databaseUrl });
    await expect(refusal).rejects.toMatchObject({
      code: "place_not_empty",
      why: expect.stringContaining("do not belong to ktrdr-mcp"),
    });
  });

  it("when the strategies folder is not there, before anything is made", async () => {
    const databaseUrl = await places.database(false);
    const strategiesDir = path.join(await places.folder(), "none");
    for (const dryRun of [true, false]) {
      const options = { folder: good, databaseUrl, strategiesDir, dryRun, withoutStrategies: false };
      await expect(restore(options)).rejects.toMatchObject({ code: "folder_unavailable" });
    }
    expect(await exists(databaseUrl)).toBe(false);
  });

  it("when a strategy there is another one; one that is the same is fine, and the folder can be left alone", async () => {
    const strategiesDir = await places.folder({ ...STRATEGIES, "alpha.yaml": "name: alpha # of today\n" });
    const databaseUrl = await places.database(false);
    const refusal = restored(good, { strategiesDir, databaseUrl });
    await expect(refusal).rejects.toMatchObject({
      code: "place_not_empty",
      why: expect.stringContaining(": alpha.yaml."),
    });
    expect(await exists(databaseUrl)).toBe(false);
    const { said } = await restored(good, { strategiesDir, withoutStrategies: true });
    expect(said.strategies).toBeNull();
    await rm(path.join(strategiesDir, "alpha.yaml"));
    expect((await restored(good, { strategiesDir })).said.strategies).toEqual(["alpha.yaml"]);
  });
});

it("a dry run says what a restore would do, and does nothing", async () => {
  const databaseUrl = await places.database(false);
  const { said, strategiesDir } = await restored(good, { databaseUrl, dryRun: true });
  expect(said.strategies).toEqual(Object.keys(STRATEGIES));
  expect(await exists(databaseUrl)).toBe(false);
  expect(await filesOf(strategiesDir)).toEqual([]);
});

it("a disk that is full in the middle is named, and nothing is left on it", async (context) => {
  const disk = await mountSmallDisk(1);
  if (typeof disk === "string") return context.skip(disk);
  try {
    const target = path.join(disk.dir, "backup");
    const inRows = { folder: target, databaseUrl: await places.database(), strategiesDir: undefined, version: VERSION };
    // The values are random, so that packing cannot make them small.
    await query(
      inRows.databaseUrl,
      `insert into tool_executions (id, at, tool, arguments, outcome, duration_ms)
       select gen_random_uuid(), now(), 'x', jsonb_build_object('n', gen_random_uuid()), 'ok', 1 from generate_series(1, 40000)`,
    );
    const large = await places.folder({ "large.yaml": "#".repeat(2_000_000) });
    for (const options of [inRows, { ...inRows, strategiesDir: large }]) {
      await expect(backup(options)).rejects.toMatchObject({ code: "folder_unavailable", why: "Its disk is full." });
      expect(await filesOf(disk.dir)).toEqual([]);
    }
  } finally {
    await disk.remove();
  }
});

describe("killed in the middle", () => {
  const bin = path.join(ROOT, "bin/ktrdr-mcp");
  const run = (args: string[], databaseUrl: string) =>
    execa(bin, args, {
      env: { ...process.env, DATABASE_URL: databaseUrl, KTRDR_STRATEGIES_DIR: strategies, LAB_DIR: "/nonexistent" },
      reject: false,
      all: true,
    });

  /** Resolves when the process with this application name waits for the lock that the test holds. */
  async function waits(url: string, application: string): Promise<void> {
    const waiting = async () =>
      (
        await query(
          url,
          `select 1 from pg_stat_activity where application_name = '${application}' and wait_event_type = 'Lock'`,
        )
      ).length > 0;
    await until(waiting, { what: `${application} waiting`, timeoutMs: 120_000, everyMs: 20 });
  }

  /** Holds a lock while `work` is done. */
  async function holding(url: string, lock: string, work: () => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query("begin");
      await client.query(lock);
      await work();
    } finally {
      await client.end();
    }
  }

  const LOCK_A_TABLE = "lock table results in access exclusive mode";

  it("a backup leaves nothing that looks like one", async () => {
    const parent = await places.folder();
    const folder = path.join(parent, "backup");
    await holding(source, LOCK_A_TABLE, async () => {
      const running = run(["backup", folder], source);
      await waits(source, "ktrdr-mcp backup");
      running.kill("SIGKILL");
      await running;
    });
    const [left = "", ...more] = await filesOf(parent);
    expect(left).toMatch(/^\.backup\.[0-9a-f]{8}\.partial$/);
    expect(more).toEqual([]);
    expect(await filesOf(path.join(parent, left, "database"))).toContain("jobs.jsonl.gz");
    await expect(restored(path.join(parent, left))).rejects.toMatchObject({ code: "backup_unusable" });
    const again = await run(["backup", folder], source);
    expect(again.all).toContain(`Backed up to ${folder}`);
  });

  it("a backup that is asked to stop tidies up", async () => {
    const parent = await places.folder();
    let running: ReturnType<typeof run> | undefined;
    await holding(source, LOCK_A_TABLE, async () => {
      running = run(["backup", path.join(parent, "backup")], source);
      await waits(source, "ktrdr-mcp backup");
      running.kill("SIGTERM");
    });
    expect(await running).toMatchObject({ exitCode: 130, all: "Interrupted; nothing was kept." });
    expect(await filesOf(parent)).toEqual([]);
  });

  it("a restore leaves an empty database, and can be repeated", async () => {
    const target = await places.database();
    await query(
      target,
      `create function held() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(42); return new; end $$;
       create trigger held before insert on results for each statement execute function held()`,
    );
    await mkdir(strategies, { recursive: true });
    await holding(target, "select pg_advisory_xact_lock(42)", async () => {
      const running = run(["restore", good], target);
      await waits(target, "ktrdr-mcp restore");
      running.kill("SIGKILL");
      await running;
    });
    const gone = async () =>
      (await query(target, "select 1 from pg_stat_activity where application_name = 'ktrdr-mcp restore'")).length === 0;
    await until(gone, { what: "the end of its session", timeoutMs: 120_000, everyMs: 20 });
    expect(await rowsIn(target)).toEqual([]);
    const again = await run(["restore", good], target);
    expect(again.all).toContain("tool_executions: 30");
    expect(Object.keys(await contentOf(target))).toContain("jobs");
    expect((await contentOf(target))["tool_executions"]).toHaveLength(30);
  });
});
