import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTracing, type Tracing } from "../src/tracing.ts";
import { startTraceCollector, type TraceCollector } from "./support/trace-collector.ts";

/** The packages of OpenTelemetry that a process loads when it asks for tracing with these settings. */
async function loaded(settings: Readonly<Record<string, string>>): Promise<string[]> {
  const script = `
    import { createRequire } from "node:module";
    await import("./src/bin/mcp-wiring.ts");
    await import("./src/bin/watch.ts");
    const { tracingOf } = await import("./src/bin/tracing-of.ts");
    await tracingOf(${JSON.stringify(settings)}, "test");
    const files = Object.keys(createRequire(import.meta.url).cache).join("\\n");
    const found = new Set([...files.matchAll(/@opentelemetry\\/([a-z-]+)/g)].map(([, name]) => name));
    process.stdout.write(JSON.stringify([...found]), () => process.exit(0));`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", script], {
    cwd: new URL("..", import.meta.url).pathname,
  });
  return JSON.parse(stdout) as string[];
}

it("is not even loaded while it is off", async () => {
  expect((await loaded({})).filter((name) => name !== "api")).toEqual([]);
  expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" })).toContain("sdk-trace-node");
});

describe("a tool call's span", () => {
  let collector: TraceCollector;
  let tracing: Tracing;

  beforeAll(async () => {
    collector = await startTraceCollector();
    tracing = startTracing(collector.url, "test");
  });

  afterAll(async () => {
    await tracing.close(5_000);
    collector.close();
  });

  const spanOf = async (tool: string) => {
    await collector.until((spans) => spans.some(({ name }) => name === `tools/call ${tool}`));
    return collector.spans.find(({ name }) => name === `tools/call ${tool}`)!;
  };

  it("begins a trace of its own when the caller sends no context that is one", async () => {
    const metas: Readonly<Record<string, unknown>> = {
      nothing: undefined,
      list: ["traceparent"],
      number: { traceparent: 7 },
      evil: { traceparent: "00-evil\r\nx: y-01" },
      null: { traceparent: `00-${"0".repeat(32)}-${"0".repeat(16)}-01` },
      flood: { traceparent: "0".repeat(1_000_000) },
    };
    for (const [what, meta] of Object.entries(metas)) await tracing.toolCall(what, meta, async () => undefined);
    const spans = await Promise.all(Object.keys(metas).map(spanOf));
    for (const { parentSpanId, traceId } of spans) {
      expect([parentSpanId, traceId]).toEqual(["", expect.stringMatching(/^(?!0+$)[0-9a-f]{32}$/)]);
    }
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(spans.length);
  });

  it("says which error was answered, and nothing that was thrown", async () => {
    await tracing.toolCall("fails", undefined, async () => tracing.callFailed("task_not_found"));
    expect((await spanOf("fails")).attributes["error.type"]).toBe("task_not_found");
    const defect = tracing.toolCall("breaks", undefined, () => Promise.reject(new TypeError("secret")));
    await expect(defect).rejects.toThrow("secret");
    expect(JSON.stringify(await spanOf("breaks"))).not.toContain("secret");
  });

  it("does not keep a process whose collector is away", async () => {
    const away = startTracing("http://127.0.0.1:1", "away");
    await away.toolCall("lost", undefined, async () => undefined);
    await away.close(50);
  });
});
