import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { diskMetrics } from "./disk.ts";
import type { BreakerState, KtrdrRequest } from "../domain/ktrdr-request.ts";
import { ktrdrMetrics } from "./ktrdr-requests.ts";
import type { RecordFigures } from "../domain/record-figures.ts";
import { recordMetrics, type RecordNames } from "./record.ts";
import { toolMetrics, type ToolCall } from "./tool-calls.ts";

export interface MetricSources {
  readonly names: RecordNames;
  /** The values that labels of tool calls may have; absent for a process without tools. */
  readonly tools?: { readonly names: readonly string[]; readonly codes: readonly string[] };
  /** Called at a scrape, at most every few seconds. */
  readonly figures: () => Promise<RecordFigures>;
  /** Number of calls that the execution log dropped; absent for a process without tools. */
  readonly executionsDropped?: () => number;
  readonly breaker?: () => BreakerState;
  /** Folders whose disks may fill, path by name; undefined: not configured. */
  readonly folders?: Readonly<Record<string, string | undefined>>;
  /** Metrics of another registry in Prometheus' text form, added after ours; names must differ. */
  readonly others?: () => Promise<string>;
}

export interface Metrics {
  observeCall(call: ToolCall): void;
  observeRequest(request: KtrdrRequest): void;
  /** Prometheus' text form. Never rejects: figures that cannot be read are missing, and `ktrdr_mcp_database_up` is 0. */
  text(): Promise<string>;
  /** Every family of ours, for the documentation. */
  families(): readonly MetricFamily[];
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** Scrapes within this time get the same figures. */
const FIGURES_KEPT_MS = 5_000;

/** The metrics of one process. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const { tools } = sources;
  const observeCall = tools === undefined ? () => undefined : toolMetrics(registry, tools);
  const observeRequest = ktrdrMetrics(registry, sources.breaker);
  const show = recordMetrics(registry, sources.names);
  const lookAtDisks = diskMetrics(registry, sources.folders ?? {});
  const { executionsDropped } = sources;
  if (executionsDropped !== undefined) dropsGauge(registry, executionsDropped);
  const own = registry.getMetricsAsArray().map(familyOf);
  collectDefaultMetrics({ register: registry });
  const figures = keepFor(FIGURES_KEPT_MS, () => sources.figures().catch(() => null));
  return {
    observeCall,
    observeRequest,
    families: () => own,
    async text() {
      const others = sources.others?.().catch(() => "") ?? "";
      const [found, more] = await Promise.all([figures(), others, lookAtDisks()]);
      show(found);
      return `${await registry.metrics()}${more}`;
    },
  };
}

/** A gauge, because the value is counted elsewhere and only read here. */
function dropsGauge(registry: Registry, dropped: () => number): void {
  new Gauge({
    name: "ktrdr_mcp_execution_log_dropped",
    help: "Tool calls since the process began that the execution log had to give up.",
    registers: [registry],
    collect() {
      this.set(dropped());
    },
  });
}

function familyOf(metric: unknown): MetricFamily {
  // The library's types lack fields that its objects have.
  const { name, help, type, labelNames } = metric as MetricFamily & { readonly labelNames: readonly string[] };
  return { name, help, type, labels: labelNames };
}

function keepFor<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly at: number; readonly answer: Promise<T> } | null = null;
  return () => {
    if (kept === null || performance.now() - kept.at > ms) kept = { at: performance.now(), answer: ask() };
    return kept.answer;
  };
}
