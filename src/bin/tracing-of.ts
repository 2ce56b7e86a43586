import type { Config } from "../config.ts";

type Endpoint = Pick<Config, "OTEL_EXPORTER_OTLP_ENDPOINT">;

/** Tracing when it is configured; otherwise the OpenTelemetry SDK is not even loaded. */
export async function tracingOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: Endpoint, service: string) {
  if (endpoint === undefined) return null;
  const { startTracing } = await import("../tracing.ts");
  return startTracing(endpoint, service);
}
