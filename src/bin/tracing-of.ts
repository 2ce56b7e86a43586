import type { Config } from "../config.ts";
import type { Tracing } from "../tracing.ts";

/** Tracing when it is configured; otherwise the OpenTelemetry SDK is not even loaded. */
export async function tracingOf(
  config: Pick<Config, "OTEL_EXPORTER_OTLP_ENDPOINT">,
  service: string,
): Promise<Tracing | null> {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return null;
  const { startTracing } = await import("../tracing.ts");
  return startTracing(endpoint, service);
}
