import { statfs } from "node:fs/promises";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mcpMetrics } from "../../src/bin/watch.ts";
import { ERROR_CODES } from "../../src/domain/errors.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { recordMetrics } from "../../src/metrics/record.ts";
import { ALL_TOOLS } from "../../src/mcp/tools/index.ts";
import { ALLOWED_ENDPOINTS, endpointOf } from "../../src/ktrdr/allow-list.ts";
import { noteBackup } from "../../src/store/backups.ts";
import { jobFigures } from "../../src/store/job-figures.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { batchInput, batchRequest } from "../support/batches.ts";
import { inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const nothing = async () => ({
  writable: true,
  backupAgeSeconds: null,
  clockAheadSeconds: 0,
  open: [],
  finished: [],
  computed: [],
  faults: [],
});
const names = { kinds: ["training"], openStates: ["queued"], statuses: ["failed"], faults: ["worker_died"] };

/** The values in the text of the metrics, by series. */
async function series(metrics: Metrics): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

describe("tool calls", () => {
  it("are counted by tool, errors by code, times in seconds", async () => {
    const metrics = mcpMetrics(
      nothing,
      () => 3,
      () => "closed",
    );
    metrics.observeCall({ tool: "list_models", errorCode: null, durationMs: 20 });
    metrics.observeCall({ tool: "list_models", errorCode: "database_unavailable", durationMs: 2_000 });
    const seen = await series(metrics);
    expect(seen.get('ktrdr_mcp_tool_calls_total{tool="list_models"}')).toBe(2);
    expect(seen.get('ktrdr_mcp_tool_calls_total{tool="train_model"}')).toBe(0);
    expect(seen.get('ktrdr_mcp_tool_errors_total{tool="list_models",code="database_unavailable"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_tool_call_duration_seconds_sum{tool="list_models"}')).toBeCloseTo(2.02);
    expect(seen.get('ktrdr_mcp_tool_call_duration_seconds_bucket{le="0.025",tool="list_models"}')).toBe(1);
    expect(seen.get("ktrdr_mcp_execution_log_dropped")).toBe(3);
  });

  it("cannot add series, whatever names they carry", async () => {
    const metrics = mcpMetrics(
      nothing,
      () => 0,
      () => "closed",
    );
    for (let i = 0; i < 500; i += 1) {
      metrics.observeCall({ tool: `evil"} 1\n${i}`, errorCode: `x${i}`, durationMs: 1 });
    }
    const seen = await series(metrics);
    const tools = new Set([...seen.keys()].flatMap((key) => /tool="([^"]*)"/.exec(key)?.[1] ?? []));
    expect([...tools].toSorted()).toEqual([...ALL_TOOLS.map(({ name }) => name), "other"].toSorted());
    expect(seen.get('ktrdr_mcp_tool_errors_total{tool="other",code="other"}')).toBe(500);
    expect(ERROR_CODES).not.toContain("other");
  });
});

describe("requests to KTRDR", () => {
  it("are told apart by the line of the allow-list, never by the names in their paths", () => {
    expect(endpointOf("api", "GET", "/api/v1/operations/op_1")).toBe("api GET /api/v1/operations/*");
    expect(endpointOf("worker", "DELETE", "/api/v1/operations/op_1/cancel")).toBe(
      "worker DELETE /api/v1/operations/*/cancel",
    );
    expect(endpointOf("api", "GET", "/etc/passwd")).toBe("unlisted");
    for (const line of ALLOWED_ENDPOINTS.api) {
      const [method = "", path = ""] = line.replaceAll("*", "name").split(" ");
      expect(endpointOf("api", method, path)).toBe(`api ${line}`);
    }
  });

  it("are counted by what came of them", async () => {
    const metrics = createMetrics({ names, figures: nothing, breaker: () => "half_open" });
    const endpoint = "api GET /api/v1/health";
    for (const status of [200, 404, 500, null]) {
      metrics.observeRequest({ endpoint, status, aborted: false, durationMs: 10 });
    }
    metrics.observeRequest({ endpoint, status: null, aborted: true, durationMs: 10 });
    const seen = await series(metrics);
    for (const outcome of ["ok", "refused", "failed", "no_answer", "aborted"]) {
      expect(seen.get(`ktrdr_mcp_ktrdr_requests_total{endpoint="${endpoint}",outcome="${outcome}"}`)).toBe(1);
    }
    expect(seen.get(`ktrdr_mcp_ktrdr_request_duration_seconds_count{endpoint="${endpoint}"}`)).toBe(5);
    expect(seen.get('ktrdr_mcp_ktrdr_breaker_state{state="half_open"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_ktrdr_breaker_state{state="open"}')).toBe(0);
  });
});

describe("disks", () => {
  it("say how much room they have; a folder that is not there, or not configured, says nothing", async () => {
    const folders = { strategies: import.meta.dirname, lab: "/nowhere/at/all", other: undefined };
    const seen = await series(createMetrics({ names, figures: nothing, folders }));
    const told = [...seen].filter(([name]) => name.startsWith("ktrdr_mcp_disk"));
    const { bsize, blocks } = await statfs(import.meta.dirname);
    expect(told.map(([name]) => name)).toEqual(['ktrdr_mcp_disk_free_bytes{folder="strategies"}']);
    expect(told[0]?.[1]).toBeGreaterThan(0);
    expect(told[0]?.[1]).toBeLessThanOrEqual(bsize * blocks);
  });
});

describe("what the record says", () => {
  let database: TestDatabase;
  let pool: Pool;
  let writer: JobWriter;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url);
    writer = createJobWriter(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const metrics = () =>
    mcpMetrics(
      () => jobFigures(pool),
      () => 0,
      () => "closed",
    );

  it("is zero, not absent, while there are no jobs", async () => {
    const seen = await series(metrics());
    expect(seen.get('ktrdr_mcp_jobs_open{kind="backtest",state="queued"}')).toBe(0);
    expect(seen.get('ktrdr_mcp_jobs_finished_total{kind="training",status="failed"}')).toBe(0);
    expect(seen.get('ktrdr_mcp_ktrdr_faults_total{fault="worker_died"}')).toBe(0);
    expect(seen.get("ktrdr_mcp_database_up")).toBe(1);
    expect(seen.get("ktrdr_mcp_database_writable")).toBe(1);
    expect(seen.get("ktrdr_mcp_clock_offset_seconds")).toBe(0);
  });

  it("counts a job once by state and by fault, however often its end is recorded", async () => {
    await writer.admit(inputOf("waits", { ...TRAINING, draw: 1 }), null);
    await writer.admit(inputOf("computes", { ...TRAINING, draw: 2 }), null);
    await writer.beginComputation("computes", 1, []);
    await writer.attachOperation("computes", 1, { operationId: "op_1" });
    await writer.admit(batchInput("batch", batchRequest(2)), null);
    await writer.admit(inputOf("ended", { ...TRAINING, draw: 3 }), null);
    await writer.beginComputation("ended", 1, []);
    await writer.attachOperation("ended", 1, { operationId: "op_2" });
    await writer.endComputation("ended", 1, "failed");
    const faultsSeen = ["worker_died", "worker_died", "lost_operation"] as const;
    for (let time = 0; time < 3; time += 1) {
      await writer.finish("ended", { ...outcomeOf("ended", "failed"), faultsSeen }, null, null);
    }
    await pool.query("update jobs set admitted_at = now() - interval '90 seconds' where job_id = 'waits'");
    await pool.query(
      "update computations set started_at = now() - interval '40 seconds', ended_at = now() where job_id = 'ended'",
    );
    const seen = await series(metrics());
    expect(seen.get('ktrdr_mcp_jobs_open{kind="training",state="queued"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_jobs_open{kind="training",state="computing"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_jobs_open{kind="batch",state="waiting_for_jobs"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_jobs_finished_total{kind="training",status="failed"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_ktrdr_faults_total{fault="worker_died"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_ktrdr_faults_total{fault="lost_operation"}')).toBe(1);
    expect(seen.get('ktrdr_mcp_job_starts_total{kind="training"}')).toBe(2);
    expect(seen.get('ktrdr_mcp_job_queue_oldest_seconds{kind="training"}')).toBeGreaterThanOrEqual(90);
    expect(seen.get('ktrdr_mcp_computing_seconds_total{kind="training"}')).toBeGreaterThanOrEqual(40);
  });

  it("tells how old the last backup is, and nothing while there was none", async () => {
    expect((await series(metrics())).has("ktrdr_mcp_backup_age_seconds")).toBe(false);
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    for (const hours of [7, 2, 5]) await noteBackup(pool, { takenAt: hoursAgo(hours), version: "1.2.3" });
    const age = (await series(metrics())).get("ktrdr_mcp_backup_age_seconds") ?? Number.NaN;
    expect(Math.round(age / 3_600)).toBe(2);
  });

  it("is asked once for scrapers that come together", async () => {
    let asked = 0;
    const counted = mcpMetrics(
      () => {
        asked += 1;
        return jobFigures(pool);
      },
      () => 0,
      () => "closed",
    );
    await Promise.all(Array.from({ length: 20 }, () => counted.text()));
    expect(asked).toBe(1);
  });

  it("is missing, and said to be, while PostgreSQL is down", async () => {
    const down = await series(
      mcpMetrics(
        () => Promise.reject(new Error("down")),
        () => 0,
        () => "closed",
      ),
    );
    expect(down.get("ktrdr_mcp_database_up")).toBe(0);
    expect(down.get("ktrdr_mcp_database_writable")).toBe(0);
    expect([...down.keys()].filter((key) => key.startsWith("ktrdr_mcp_job"))).toEqual([]);
  });

  it("never makes a counter fall: Prometheus would take all of it for news", async () => {
    const registry = new Registry();
    const show = recordMetrics(registry, names);
    for (const computedSeconds of [100, 90]) {
      show({ ...(await nothing()), computed: [{ kind: "training", starts: 1, waitedSeconds: 1, computedSeconds }] });
      expect(await registry.metrics()).toContain('ktrdr_mcp_computing_seconds_total{kind="training"} 100\n');
    }
  });
});
