import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "@temporalio/worker";
import { parser } from "@prometheus-io/lezer-promql";
import { execa } from "execa";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "../../src/root.ts";
import { lazyClient } from "../../src/temporal/connection.ts";
import { bundleWorkflows } from "../../src/temporal/worker.ts";
import { startTracing } from "../../src/tracing.ts";
import { connectHttp, startHttpProcess } from "../support/http-server.ts";
import { freePort } from "../support/ports.ts";
import { Research } from "../support/research.ts";
import { startTraceCollector, type SeenSpan, type TraceCollector } from "../support/trace-collector.ts";
import "../support/workflow-env.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

let collector: TraceCollector;
let research: Research;
let address: string;
let taskId: string;
/** What the worker's /metrics showed after a job. */
let workerText: string;

const get = async (path: string) => await fetch(`${address}${path}`, { signal: AbortSignal.timeout(10_000) });

beforeAll(async () => {
  collector = await startTraceCollector();
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  research = await Research.begin("modern", {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    WORKER_HTTP_PORT: String(port),
  });
  await research.writeStrategy("probe");
  const answer = await research.client.call(
    "train_model",
    { strategy: "probe", start_date: "2000-01-03", end_date: "2008-01-01" },
    { meta: { traceparent: `00-${TRACE}-${CALLER}-01` } },
  );
  taskId = String(answer.structuredContent?.["task_id"]);
  await research.follow(taskId, "completed");
  workerText = await (await get("/metrics")).text();
});

afterAll(async () => {
  await research?.end();
  collector?.close();
});

/** What a process of the HTTP front shows after two calls. One of them asked KTRDR. */
async function mcpText(): Promise<string> {
  const server = await startHttpProcess({ LAB_DIR: research.lab.dir });
  const client = await connectHttp("modern", server.url);
  try {
    expect((await client.call("list_market_data")).isError).not.toBe(true);
    expect((await client.call("get_task_status", { task_id: "train-unknown-00000000" })).isError).toBe(true);
    const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('ktrdr_mcp_tool_calls_total{tool="list_market_data"} 1');
    expect(text).toContain('ktrdr_mcp_ktrdr_breaker_state{state="closed"} 1');
    return text;
  } finally {
    await client.close();
    await server.stop();
  }
}

const ofTrace = (spans: readonly SeenSpan[]) => spans.filter(({ traceId }) => traceId === TRACE);

describe("one trace", () => {
  it("leads from the caller through tool, workflow and activity to KTRDR's request", async () => {
    const named = (spans: readonly SeenSpan[], name: string) => ofTrace(spans).find((span) => span.name === name);
    const steps = [
      "tools/call train_model",
      "StartWorkflow:trainModel",
      "RunWorkflow:trainModel",
      "StartActivity:startComputation",
      "RunActivity:startComputation",
      "KTRDR api POST /api/v1/trainings/start",
    ];
    await collector.until((spans) => steps.every((name) => named(spans, name) !== undefined));
    const [tool, ...below] = steps.map((name) => named(collector.spans, name)!);
    expect(tool).toMatchObject({ parentSpanId: CALLER, service: "ktrdr-mcp" });
    let above = tool;
    for (const span of below) {
      expect([span.name, span.parentSpanId]).toEqual([span.name, above!.spanId]);
      above = span;
    }
    expect(above).toMatchObject({ service: "ktrdr-mcp-worker", attributes: { "http.response.status_code": 200 } });
  });

  it("adds no event to the job's history, which replays with and without tracing", async () => {
    const { env } = research.lab;
    const client = lazyClient({
      connection: { address: env["TEMPORAL_ADDRESS"]! },
      namespace: env["TEMPORAL_NAMESPACE"]!,
    });
    const history = await client.workflow.getHandle(taskId).fetchHistory();
    await client.connection.close();
    expect(history.events!.length).toBeLessThanOrEqual(28);
    for (const plugins of [[], [startTracing(collector.url, "replay").plugin]]) {
      await Worker.runReplayHistory({ workflowBundle: await bundleWorkflows(plugins), plugins }, history, taskId);
    }
  });
});

describe("a worker with WORKER_HTTP_PORT", () => {
  it("says that it lives and is ready", async () => {
    const health = await get("/health");
    expect([health.status, await health.json()]).toEqual([200, { status: "alive" }]);
    const ready = await get("/ready");
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, missing: [] }]);
    expect((await get("/else")).status).toBe(404);
    expect((await fetch(`${address}/metrics`, { method: "POST" })).status).toBe(405);
  });

  it("shows the job, the requests it took and the SDK's own metrics, each name once", () => {
    expect(workerText).toContain('ktrdr_mcp_jobs_finished_total{kind="training",status="completed"} 1\n');
    expect(workerText).toContain('ktrdr_mcp_job_starts_total{kind="training"} 1\n');
    expect(workerText).toContain(
      'ktrdr_mcp_ktrdr_requests_total{endpoint="api POST /api/v1/trainings/start",outcome="ok"} 1\n',
    );
    const types = [...workerText.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(types).toContain("temporal_num_pollers");
    expect(types).toHaveLength(new Set(types).size);
    expect(workerText).not.toMatch(/postgres(ql)?:\/\//);
  });
});

describe("a worker that is watched and traced", () => {
  it("ends when it is told to: neither keeps it", async () => {
    const { lab } = research;
    const before = lab.pid("worker");
    process.kill(before, "SIGTERM");
    await lab.back("worker", before);
    expect(lab.events).toContainEqual(
      expect.objectContaining({ type: "died", name: "worker", exit: { code: 0, signal: null } }),
    );
  });
});

const Rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const Dashboard = z.object({
  panels: z.array(
    z.object({
      id: z.int(),
      title: z.string().min(1),
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      datasource: z.object({ uid: z.literal("${datasource}") }),
      targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).min(1),
    }),
  ),
  templating: z.object({ list: z.array(z.object({ name: z.literal("datasource") })).length(1) }),
});

const file = async (path: string) => await readFile(new URL(`../../${path}`, import.meta.url), "utf8");

/** The names of metrics in a PromQL expression. @throws when the text is not such an expression */
function metricsIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${expression}`);
      if (type.name === "Identifier") names.push(expression.slice(from, to));
    },
  });
  return names;
}

describe("the alerts and the dashboard", () => {
  let exposed: Set<string>;
  let alerts: { readonly alert: string; readonly expr: string }[];
  let dashboard: z.infer<typeof Dashboard>;

  beforeAll(async () => {
    // Without a backup there is no metric of its age, so one is made.
    const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-observed-"));
    const env = { LAB_DIR: research.lab.dir };
    await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["backup", path.join(folder, "backup")], { env });
    await rm(folder, { recursive: true });
    const lines = `${workerText}\n${await mcpText()}`.split("\n");
    exposed = new Set(lines.flatMap((line) => /^[a-z_]+/.exec(line)?.[0] ?? []));
    alerts = Rules.parse(parse(await file("monitoring/alerts.yml"))).groups.flatMap(({ rules }) => rules);
    dashboard = Dashboard.parse(JSON.parse(await file("monitoring/grafana-dashboard.json")));
  });

  it("name metrics only that running processes show", () => {
    const panels = dashboard.panels.flatMap(({ targets }) => targets);
    const named = [...alerts, ...panels].flatMap(({ expr }) => metricsIn(expr));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !exposed.has(name))).toEqual([]);
    expect(() => metricsIn("sum(rate(x[5m])")).toThrow("no PromQL");
  });

  it("have a paragraph each in docs/alerts.md, a test each for promtool, and a panel each its place", async () => {
    const names = new Set(alerts.map(({ alert }) => alert));
    const described = [...(await file("docs/alerts.md")).matchAll(/^### (KtrdrMcp\w+)\n\n\S/gm)].map(
      ([, name]) => name,
    );
    expect(new Set(described)).toEqual(names);
    const tested = [...(await file("monitoring/alerts.test.yml")).matchAll(/alertname: (\w+)\n\s+exp_alerts/g)];
    expect(new Set(tested.map(([, name]) => name))).toEqual(names);
    const places = dashboard.panels.map(({ gridPos }) => `${gridPos.x},${gridPos.y}`);
    expect(new Set(places).size).toBe(places.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(places.length);
  });
});
