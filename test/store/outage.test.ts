import { kill } from "node:process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type PostgresServer } from "../../lab/postgres.ts";
import { createExecutionLog } from "../../src/store/execution-log.ts";
import { createJobReader } from "../../src/store/job-reader.ts";
import { jobFigures } from "../../src/store/job-figures.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createPool, run, withTransaction, type Pool, type PoolOptions } from "../../src/store/pool.ts";
import { assertUp } from "../../src/store/try-writing.ts";
import { freePort } from "../support/ports.ts";
import { startTestPostgres, type TestServer } from "../support/postgres.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { jobInput, outcome, trainingResult } from "./samples.ts";

let first: TestServer;
let server: PostgresServer;
const pools: Pool[] = [];

beforeAll(async () => {
  first = await startTestPostgres({ max_connections: "12", superuser_reserved_connections: "0" });
  server = first;
  await migrate(server.url("ktrdr_mcp"));
});

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});

afterAll(async () => {
  await server.stop();
  await first.remove();
});

function connect(options: PoolOptions = {}, url = server.url("ktrdr_mcp")): Pool {
  const pool = createPool(url, options);
  pools.push(pool);
  return pool;
}

async function restart(): Promise<void> {
  server = await first.restart();
}

const away = (why: string) => ({ code: "database_unavailable", retryable: true, why: expect.stringContaining(why) });

describe("a killed server", () => {
  it("is reported while it is away; the same pool goes on when it is back, and nothing recorded is lost", async () => {
    const lost: Error[] = [];
    const pool = connect({ onError: (error) => lost.push(error) });
    const [jobs, writer] = [createJobReader(pool), createJobWriter(pool)];
    const input = jobInput();
    await writer.admit(input, null);
    await writer.finish(input.jobId, outcome(input.jobId), trainingResult, null);
    const record = await jobs.get(input.jobId);

    const idleLost = new Promise((resolve) => pool.once("error", resolve));
    kill(server.pid, "SIGKILL");
    await server.exited;
    await idleLost;
    await expect(jobs.get(input.jobId)).rejects.toMatchObject(away("ECONNREFUSED"));
    await expect(writer.admit(jobInput(), null)).rejects.toMatchObject(away("ECONNREFUSED"));
    expect(lost.length).toBeGreaterThan(0);

    await restart();
    expect(await jobs.get(input.jobId)).toEqual(record);
  });

  it("in the middle of a transaction undoes it and reports it, without ending this process", async () => {
    const pool = connect();
    const input = jobInput();
    const broken = withTransaction(pool, async (session) => {
      await run(
        session,
        "insert into jobs (job_id, kind, request, request_hash, client, priority) values ($1,$2,$3,$4,$5,$6)",
        [input.jobId, "training", JSON.stringify(input.request), input.requestHash, "c", 3],
      );
      kill(server.pid, "SIGKILL");
      await server.exited;
      await run(session, "select 1");
    });
    await expect(broken).rejects.toMatchObject({ code: "database_unavailable" });
    await restart();
    expect(await createJobReader(pool).get(input.jobId)).toBeNull();
  });

  it("that shuts down in order is reported the same way", async () => {
    const pool = connect();
    const waiting = run(pool, "select pg_sleep(600)");
    const refused = expect(waiting).rejects.toMatchObject({ code: "database_unavailable" });
    await expect
      .poll(() => run(pool, "select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"))
      .not.toHaveLength(0);
    await server.stop();
    await refused;
    await restart();
    expect(await run(pool, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("a server that cannot serve", () => {
  it("reads only: writing is refused as unavailable, reading goes on", async () => {
    const url = new URL(server.url("ktrdr_mcp"));
    url.searchParams.set("options", "-c default_transaction_read_only=on");
    const pool = connect({}, url.href);
    await expect(createJobWriter(pool).admit(jobInput(), null)).rejects.toMatchObject(away("25006"));
    expect(await createJobReader(pool).list({ limit: 1 })).toBeInstanceOf(Array);
    await expect(assertUp(pool)).rejects.toMatchObject({ what: expect.stringContaining("read_only is on") });
    expect(await jobFigures(pool)).toMatchObject({ writable: false, open: expect.any(Array) });
    await assertUp(connect());
  });

  it("has a full disk: it is not up, and says why, while it can be read", async (context) => {
    const disk = await mountSmallDisk(96);
    if (typeof disk === "string") return context.skip(disk);
    const small = await startPostgres({
      dir: disk.dir,
      port: await freePort(),
      fsync: false,
      settings: { wal_recycle: "on", max_wal_size: "32MB", min_wal_size: "32MB" },
    });
    try {
      await migrate(small.url("ktrdr_mcp"));
      const pool = connect({}, small.url("ktrdr_mcp"));
      await assertUp(pool);
      await disk.fill();
      await expect(assertUp(pool)).rejects.toMatchObject({
        ...away("53100"),
        what: expect.stringMatching(/No space left/),
      });
      expect(await createJobReader(pool).get("x")).toBeNull();
      await disk.free();
      await assertUp(pool);
    } finally {
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
      await disk.free();
      await small.stop();
      await disk.remove();
    }
  });

  it("has too many connections", async () => {
    const crowd = connect({ max: 30 });
    const others = await Promise.allSettled(Array.from({ length: 30 }, () => crowd.connect()));
    try {
      await expect(createJobReader(connect()).get("x")).rejects.toMatchObject(away("53300"));
    } finally {
      for (const one of others) if (one.status === "fulfilled") one.value.release(true);
    }
  });

  it("is frozen: the answer comes from our own time limit", async () => {
    const pool = connect({ queryTimeoutMs: 2_000 });
    await run(pool, "select 1");
    const [row] = await run(pool, "select pg_backend_pid() as pid");
    const backend = Number(row!["pid"]);
    kill(backend, "SIGSTOP");
    try {
      await expect(createJobReader(pool).get("x")).rejects.toMatchObject({ code: "database_unavailable" });
    } finally {
      kill(backend, "SIGCONT");
    }
    expect(await createJobReader(pool).get("x")).toBeNull();
  });

  it("takes too long: the statement is given up", async () => {
    const pool = connect({ queryTimeoutMs: 50 });
    await expect(run(pool, "select pg_sleep(600)")).rejects.toMatchObject(away("57014"));
  });

  it("has no such database, no tables, or does not know us", async () => {
    const missing = connect({}, server.url("not_there"));
    await expect(createJobReader(missing).get("x")).rejects.toMatchObject(away("3D000"));
    const empty = connect({}, server.url("postgres"));
    await expect(createExecutionLog(empty).recent()).rejects.toMatchObject({
      ...away("42P01"),
      next: expect.stringContaining("ktrdr-mcp migrate"),
    });
    const stranger = new URL(server.url("ktrdr_mcp"));
    stranger.username = "stranger";
    await expect(createJobReader(connect({}, stranger.href)).get("x")).rejects.toMatchObject(away("28"));
  });

  it("is not there at all", async () => {
    const pool = connect({}, `postgresql://postgres@127.0.0.1:${await freePort()}/x`);
    await expect(withTransaction(pool, () => Promise.resolve())).rejects.toMatchObject(away("ECONNREFUSED"));
  });

  it("refuses a wrong statement as our own mistake, not as an outage", async () => {
    await expect(run(connect(), "selekt 1")).rejects.toMatchObject({ code: "internal", retryable: false });
  });
});
