import type { MetricFamily } from "../src/metrics/metrics.ts";
import { code, GENERATED, table } from "./markdown.ts";

/** docs/metrics.md, from the registry itself. */
export function metricsDocument(families: readonly MetricFamily[]): string {
  const rows = families.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(", "), help]);
  return `# Metrics

${GENERATED}

What \`/metrics\` shows, in Prometheus' text form; [alerts.md](alerts.md#metrics) says where it is served. Times are in
seconds. Values of labels are fixed lists (tools, error codes, kinds of jobs, the allow-list of KTRDR's endpoints): nothing
that a caller sends becomes one, and no name of a strategy, client or job does.

The families of jobs (\`ktrdr_mcp_job…\`, \`ktrdr_mcp_computing…\`, \`ktrdr_mcp_ktrdr_faults…\`) are read from PostgreSQL when
they are asked for. They are the same in every process, so take their \`max\`, not their \`sum\`; and they count a job once
whichever workers died on its way. While PostgreSQL is down they are missing and \`ktrdr_mcp_database_up\` is 0.

${table(["Metric", "Type", "Labels", "Meaning"], rows)}

Beside them every process shows the usual \`process_…\` and \`nodejs_…\` metrics, and a worker the Temporal SDK's own
\`temporal_…\` metrics.
`;
}
