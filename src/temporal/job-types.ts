/** How a job appears in Temporal. */
import { kindOf, type JobRequest } from "../domain/kinds/index.ts";
import { markdownCode } from "../domain/plain-text.ts";
import { markdownTable } from "../domain/workflow-details.ts";

export { CONTROL_QUEUE, JOB_QUEUE, POLL_QUEUE } from "../workflows/queues.ts";

/** A readable id, derived from the request alone: `train-rsi_reversion-7f3a2c10`. At most 120 characters. */
export function jobIdOf(request: JobRequest, requestHash: string): string {
  const { prefix, subject: subjectOf } = kindOf(request.kind);
  const { strategy, symbol, timeframe } = subjectOf(request);
  const subject = strategy ?? `${symbol}_${timeframe}`;
  return `${prefix}-${subject.slice(0, 80)}-${requestHash.slice(0, 8)}`;
}

/** Markdown for the Temporal Web UI. */
export function detailsOf(
  request: JobRequest,
  {
    client,
    forceReason,
    experimentId,
  }: Readonly<Record<"forceReason" | "experimentId", string | null>> & {
    readonly client: string;
  },
): string {
  const facts = { client, force_new_reason: forceReason, experiment: experimentId, ...request };
  return markdownTable(Object.entries(facts).map(([name, value]) => [name, value === null ? null : cell(value)]));
}

function cell(value: unknown): string {
  return markdownCode(typeof value === "string" ? value : JSON.stringify(value), 300);
}
