import { Counter, Histogram, type Registry } from "prom-client";

/** One finished tool call. */
export interface ToolCall {
  readonly tool: string;
  /** An ErrorCode, or null when the call succeeded. */
  readonly errorCode: string | null;
  readonly durationMs: number;
}

/** Seconds. A call should take half a second at most; get_task_status may wait 45 s. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50];

/**
 * Calls, errors and latency of each tool. Every value of a label is one of `names` and `codes`, or `other`, so that
 * callers cannot add series.
 */
export function toolMetrics(
  registry: Registry,
  { names, codes }: { readonly names: readonly string[]; readonly codes: readonly string[] },
): (call: ToolCall) => void {
  const registers = [registry];
  const calls = new Counter({
    name: "ktrdr_mcp_tool_calls_total",
    help: "Tool calls that were answered, errors included.",
    labelNames: ["tool"],
    registers,
  });
  const errors = new Counter({
    name: "ktrdr_mcp_tool_errors_total",
    help: "Tool calls that were answered with an error, by its code.",
    labelNames: ["tool", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "ktrdr_mcp_tool_call_duration_seconds",
    help: "Time from a tool call to its answer, waiting that was asked for included.",
    labelNames: ["tool"],
    buckets: BUCKETS,
    registers,
  });
  const knownTools = new Set(names);
  const knownCodes = new Set(codes);
  for (const tool of names) {
    calls.inc({ tool }, 0);
    // Begins at 0: Prometheus sees no increase in a series that begins at 1, and the first defect must raise an alert.
    errors.inc({ tool, code: "internal" }, 0);
  }
  return (call) => {
    const tool = knownTools.has(call.tool) ? call.tool : "other";
    calls.inc({ tool });
    duration.observe({ tool }, call.durationMs / 1_000);
    if (call.errorCode === null) return;
    errors.inc({ tool, code: knownCodes.has(call.errorCode) ? call.errorCode : "other" });
  };
}
