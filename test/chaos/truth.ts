import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { readComputations, type ComputationEvent } from "../../sandbox/state/computation-log.ts";
import type { OperationRow } from "../../sandbox/state/operation.ts";
import type { Death } from "./chaos-lab.ts";
import type { Kind } from "./scenario.ts";

/** A job of a run. No other job has its end date, by which its operations are found in KTRDR's books. */
export interface ChaosJob {
  readonly taskId: string;
  readonly kind: Kind;
  readonly endDate: string;
}

/** One computation that really took place, from KTRDR's own log. */
export interface Computing {
  readonly operationId: string;
  readonly startMs: number;
  /** Null while it goes on. */
  readonly endMs: number | null;
  /** `completed`, `cancelled`, `failed…`, or `died` with its process. */
  readonly how: string;
}

const OPERATION_TYPE = { training: "training", backtest: "backtesting", data_load: "data_load" } as const;

/** True when the line of the log is about an operation of the job. */
export function concerns(
  event: Pick<ComputationEvent, "operationId" | "kind">,
  job: Omit<ChaosJob, "taskId">,
  ktrdrDir: string,
): boolean {
  if (event.kind !== OPERATION_TYPE[job.kind]) return false;
  return endDateOf(event.operationId, ktrdrDir) === job.endDate;
}

function endDateOf(operationId: string, ktrdrDir: string): string | null {
  return rowOf(operationId, ktrdrDir)?.metadata.end_date?.slice(0, 10) ?? null;
}

function rowOf(operationId: string, ktrdrDir: string): OperationRow | null {
  try {
    const file = path.join(ktrdrDir, "database", "operations", `${encodeURIComponent(operationId)}.json`);
    return JSON.parse(readFileSync(file, "utf8")) as OperationRow;
  } catch {
    return null;
  }
}

/** Every computation of the job so far, oldest first. */
export function computingOf(job: ChaosJob, ktrdrDir: string, deaths: readonly Death[]): Computing[] {
  const events = readComputations(path.join(ktrdrDir, "computations.jsonl")).filter((event) =>
    concerns(event, job, ktrdrDir),
  );
  const found: Computing[] = [];
  events.forEach((event, place) => {
    if (event.event !== "start") return;
    const startMs = Date.parse(event.at);
    const end = events
      .slice(place + 1)
      .find((later) => later.event === "end" && later.operationId === event.operationId && later.pid === event.pid);
    const death = deaths.find(({ pid, atMs }) => pid === event.pid && atMs >= startMs);
    found.push({
      operationId: event.operationId,
      startMs,
      endMs: end === undefined ? (death?.atMs ?? null) : Date.parse(end.at),
      how: end?.detail ?? (death === undefined ? "" : "died"),
    });
  });
  return found;
}

/** The result of an operation in KTRDR's own books; null when they have none. */
export function resultInBooks(operationId: string, ktrdrDir: string): Readonly<Record<string, unknown>> | null {
  return rowOf(operationId, ktrdrDir)?.result ?? null;
}

/** The operations of which KTRDR keeps a checkpoint. */
export function checkpointedAmong(computing: readonly Computing[], ktrdrDir: string): string[] {
  const ids = new Set(computing.map(({ operationId }) => operationId));
  const rowOfCheckpoint = (id: string) =>
    path.join(ktrdrDir, "database", "checkpoints", `${encodeURIComponent(id)}.json`);
  return [...ids].filter((id) => existsSync(rowOfCheckpoint(id)));
}

/**
 * Whether it reached its result, or may have. When KTRDR's own database was away or its disk was full, its books say
 * failed of what its worker has as completed (recording 16).
 */
export const finished = ({ how }: Computing): boolean =>
  how === "completed" || /^failed: (\[Errno 111\]|ENOSPC)/.test(how);

/** Something the status tool said. */
export interface Said {
  readonly askedMs: number;
  readonly answeredMs: number;
  readonly state: string;
  readonly final: boolean;
  readonly percent: number | null;
  readonly headline: string;
}

/** What was going on around an answer, as known afterwards. */
export interface Truth {
  readonly computing: readonly Computing[];
  /** When the record was closed, and how; null while it is open. */
  readonly recorded: { readonly atMs: number; readonly status: string } | null;
  /** When the client asked to cancel; null: never. */
  readonly cancelledMs: number | null;
  /** When an operator terminated it; null: never. */
  readonly terminatedMs: number | null;
  /** When our own parts, and when KTRDR, were disturbed for the first time; Infinity: never. */
  readonly oursDisturbedMs: number;
  readonly ktrdrDisturbedMs: number;
}

/** Why an answer was untrue, or null. It is untrue only if it was true at no moment between question and answer. */
export function untruth(said: Said, truth: Truth): string | null {
  const { computing, recorded } = truth;
  const whole = computing.find(
    ({ startMs, endMs }) => startMs <= said.askedMs && (endMs === null || endMs >= said.answeredMs),
  );
  const beganBefore = computing.some(({ startMs }) => startMs <= said.answeredMs);
  const finishedBefore = computing.some((one) => finished(one) && one.endMs !== null && one.endMs <= said.answeredMs);
  if (said.final) {
    if (whole !== undefined) return `final while ${whole.operationId} computes`;
    if (recorded === null || recorded.atMs > said.answeredMs) return "final before the record says so";
    if (recorded.status !== said.state) return `final, but recorded as ${recorded.status}`;
    if (said.state === "completed" && !finishedBefore) return "completed, but KTRDR finished nothing";
    return null;
  }
  switch (said.state) {
    case "queued":
      return whole === undefined ? null : `queued while ${whole.operationId} computes`;
    case "running":
    case "stalled":
      if ((said.percent ?? 0) > 0 && !beganBefore) return `at ${said.percent} % before any computing began`;
      if (said.percent === 100 && !finishedBefore) return "at 100 % before any computing finished";
      if (said.state === "stalled" && truth.ktrdrDisturbedMs > said.answeredMs)
        return "stalled although nobody disturbed KTRDR";
      return null;
    case "recording":
      return computing.some(({ endMs }) => endMs !== null && endMs <= said.answeredMs) || truth.cancelledMs !== null
        ? null
        : "recording although nothing ended";
    case "cancelling":
      return recorded?.status === "failed" || (truth.cancelledMs !== null && truth.cancelledMs <= said.answeredMs)
        ? null
        : "cancelling although nobody cancelled";
    case "terminated":
      return truth.terminatedMs !== null && truth.terminatedMs <= said.answeredMs
        ? null
        : "terminated although nobody terminated it";
    case "ktrdr_unreachable":
      return truth.ktrdrDisturbedMs <= said.answeredMs ? null : "KTRDR unreachable although nobody disturbed it";
    case "worker_down":
      return truth.oursDisturbedMs <= said.answeredMs ? null : `${said.state} although nobody disturbed our parts`;
    default:
      return null;
  }
}
