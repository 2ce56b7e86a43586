import { randomBytes } from "node:crypto";

export const OPERATION_STATUSES = ["pending", "resuming", "running", "completed", "failed", "cancelled"] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

export const OPERATION_TYPES = [
  "data_load",
  "training",
  "backtesting",
  "indicator_compute",
  "fuzzy_analysis",
  "dummy",
  "agent_research",
  "agent_design",
  "agent_assessment",
] as const;
export type OperationType = (typeof OPERATION_TYPES)[number];

/** Kinds of computing that a worker does. */
export type JobKind = "training" | "backtesting";

/** The text that makes a false failure recognisable, as long as nobody wipes it (docs/ktrdr.md §9.2). */
export const ORPHAN_MESSAGE = "Operation was RUNNING but no worker claimed it";

export interface Progress {
  percentage: number;
  current_step: string | null;
  steps_completed: number;
  steps_total: number;
  items_processed: number;
  items_total: number | null;
  current_item: string | null;
  context: Record<string, unknown>;
}

export interface OperationMetadata {
  symbol: string | null;
  timeframe: string | null;
  mode: string | null;
  start_date: string | null;
  end_date: string | null;
  parameters: Record<string, unknown>;
}

/** An operation as both API and worker answer it (docs/ktrdr.md §2.10). */
export interface Operation {
  operation_id: string;
  parent_operation_id: string | null;
  operation_type: OperationType;
  status: OperationStatus;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  progress: Progress;
  metadata: OperationMetadata;
  error_message: string | null;
  warnings: string[];
  errors: string[];
  result_summary: Record<string, unknown> | null;
  metrics: { epochs?: unknown[] } | null;
  is_backend_local: boolean;
}

/** What the database keeps: no steps, no metrics, and only the progress at start and end (docs/ktrdr.md §2.10). */
export interface OperationRow {
  operation_id: string;
  operation_type: OperationType;
  status: OperationStatus;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  progress_percent: number;
  metadata: OperationMetadata;
  result: Record<string, unknown> | null;
  error_message: string | null;
}

export function emptyProgress(percentage = 0): Progress {
  return {
    percentage,
    current_step: null,
    steps_completed: 0,
    steps_total: 0,
    items_processed: 0,
    items_total: null,
    current_item: null,
    context: {},
  };
}

export function operationFromRow(row: OperationRow): Operation {
  return {
    operation_id: row.operation_id,
    parent_operation_id: null,
    operation_type: row.operation_type,
    status: row.status,
    created_at: row.created_at,
    started_at: row.started_at,
    completed_at: row.completed_at,
    progress: emptyProgress(row.progress_percent),
    metadata: structuredClone(row.metadata),
    error_message: row.error_message,
    warnings: [],
    errors: [],
    result_summary: row.result,
    metrics: null,
    is_backend_local: false,
  };
}

export function newOperation(id: string, type: OperationType, metadata: OperationMetadata): Operation {
  return {
    operation_id: id,
    parent_operation_id: null,
    operation_type: type,
    status: "pending",
    created_at: wireNow(),
    started_at: null,
    completed_at: null,
    progress: emptyProgress(),
    metadata,
    error_message: null,
    warnings: [],
    errors: [],
    result_summary: null,
    metrics: null,
    is_backend_local: false,
  };
}

export function rowFromOperation(operation: Operation): OperationRow {
  return {
    operation_id: operation.operation_id,
    operation_type: operation.operation_type,
    status: operation.status,
    created_at: operation.created_at,
    started_at: operation.started_at,
    completed_at: operation.completed_at,
    progress_percent: operation.progress.percentage,
    metadata: operation.metadata,
    result: operation.result_summary,
    error_message: operation.error_message,
  };
}

export function isFinished(status: OperationStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** UTC with `Z` and six decimals, as operations carry it. */
export function wireNow(): string {
  return new Date().toISOString().replace("Z", "000Z");
}

/** UTC with `+00:00`, as workers and cancellations carry it. */
export function wireNowOffset(): string {
  return new Date().toISOString().replace("Z", "000+00:00");
}

/** `op_<type>_YYYYMMDD_HHMMSS_<8 hex>` (docs/ktrdr.md §6.4). */
export function newOperationId(type: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15).replace("T", "_");
  return `op_${type}_${stamp}_${randomBytes(4).toString("hex")}`;
}
