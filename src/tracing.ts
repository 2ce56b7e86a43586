/**
 * One trace from a tool call through workflow and activities to KTRDR's requests, when OTEL_EXPORTER_OTLP_ENDPOINT is
 * set. This file is loaded only then: the OpenTelemetry SDK costs nothing otherwise.
 */
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { OpenTelemetryPlugin } from "@temporalio/interceptors-opentelemetry-v2";
import { within } from "./within.ts";

export interface Tracing {
  /** The plugin for Temporal's client, worker and bundle. */
  readonly plugin: OpenTelemetryPlugin;
  /** Runs a tool call in a span of its own, below the caller's when the request names one (`_meta.traceparent`, W3C). */
  readonly toolCall: <T>(tool: string, meta: unknown, run: () => Promise<T>) => Promise<T>;
  /** Marks the span of the current call as answered with an error. */
  readonly callFailed: (code: string) => void;
  /** Runs a request to KTRDR in a span of its own; `headers` carry the span to KTRDR. */
  readonly ktrdrRequest: <T extends { readonly status: number }>(
    endpoint: string,
    send: (headers: Readonly<Record<string, string>>) => Promise<T>,
  ) => Promise<T>;
  /** Sends the spans that wait, within `ms`. Never rejects. */
  readonly close: (ms: number) => Promise<void>;
}

/** @param endpoint base address of an OTLP/HTTP collector, without `/v1/traces`. */
export function startTracing(endpoint: string, service: string): Tracing {
  const resource = resourceFromAttributes({ "service.name": service });
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const spanProcessor = new BatchSpanProcessor(new OTLPTraceExporter({ url }), { scheduledDelayMillis: 1_000 });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register();
  const tracer = trace.getTracer("ktrdr-mcp");
  return {
    plugin: new OpenTelemetryPlugin({ resource, spanProcessor }),
    callFailed: (code) => {
      const span = trace.getActiveSpan();
      if (span !== undefined) fail(span, code);
    },
    toolCall: (tool, meta, run) =>
      tracer.startActiveSpan(
        `tools/call ${tool}`,
        { kind: SpanKind.SERVER, attributes: { "mcp.method.name": "tools/call", "gen_ai.tool.name": tool } },
        parentOf(meta),
        (span) => ending(span, run),
      ),
    ktrdrRequest: (endpointLine, send) =>
      tracer.startActiveSpan(`KTRDR ${endpointLine}`, { kind: SpanKind.CLIENT }, (span) =>
        ending(span, async () => {
          const headers: Record<string, string> = {};
          propagation.inject(context.active(), headers);
          const answer = await send(headers);
          span.setAttribute("http.response.status_code", answer.status);
          if (answer.status >= 400) fail(span, String(answer.status));
          return answer;
        }),
      ),
    close: async (ms) => {
      // A collector that is away must not keep a process from ending.
      const end = provider.shutdown().catch(() => undefined);
      await within(end, ms, () => undefined);
    },
  };
}

async function ending<T>(span: Span, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    fail(span, error instanceof Error ? error.name : "error");
    throw error;
  } finally {
    span.end();
  }
}

/** Records only the kind of an error: messages may quote what a caller sent. */
function fail(span: Span, kind: string): void {
  span.setAttribute("error.type", kind);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The caller's trace context; the propagator ignores an invalid one. */
function parentOf(meta: unknown) {
  const carrier: Record<string, string> = {};
  for (const name of ["traceparent", "tracestate"]) {
    const value: unknown = typeof meta === "object" && meta !== null ? Reflect.get(meta, name) : undefined;
    if (typeof value === "string" && value.length <= 512) carrier[name] = value;
  }
  return propagation.extract(ROOT_CONTEXT, carrier);
}
