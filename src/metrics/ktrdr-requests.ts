import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { BREAKER_STATES, type BreakerState, type KtrdrRequest } from "../domain/ktrdr-request.ts";

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Requests to KTRDR, their latency and their outcome.
 * @param breaker called at each scrape; without it the state of the breaker is not shown
 */
export function ktrdrMetrics(registry: Registry, breaker?: () => BreakerState): (request: KtrdrRequest) => void {
  const registers = [registry];
  const requests = new Counter({
    name: "ktrdr_mcp_ktrdr_requests_total",
    help: "Requests to KTRDR's API and workers: ok, refused (4xx), failed (5xx and the rest), no_answer or aborted by the caller.",
    labelNames: ["endpoint", "outcome"],
    registers,
  });
  const duration = new Histogram({
    name: "ktrdr_mcp_ktrdr_request_duration_seconds",
    help: "Time of a request to KTRDR, retries and the wait for a free connection included.",
    labelNames: ["endpoint"],
    buckets: BUCKETS,
    registers,
  });
  if (breaker !== undefined) breakerGauge(registry, breaker);
  return (request) => {
    const { endpoint } = request;
    requests.inc({ endpoint, outcome: outcomeOf(request) });
    duration.observe({ endpoint }, request.durationMs / 1_000);
  };
}

function outcomeOf({ status, aborted }: KtrdrRequest): string {
  if (status === null) return aborted ? "aborted" : "no_answer";
  if (status === 200) return "ok";
  return status >= 400 && status < 500 ? "refused" : "failed";
}

function breakerGauge(registry: Registry, breaker: () => BreakerState): void {
  new Gauge({
    name: "ktrdr_mcp_ktrdr_breaker_state",
    help: "1 for the state the circuit breaker around KTRDR is in, 0 for the others.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      const now = breaker();
      for (const state of BREAKER_STATES) this.set({ state }, state === now ? 1 : 0);
    },
  });
}
