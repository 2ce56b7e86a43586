import type { Operation, OperationStatus } from "../../src/domain/operation.ts";

/** What KTRDR's database keeps of an operation: no progress, no steps (docs/ktrdr.md §2.10). */
export interface Row {
  readonly id: string;
  readonly type: "training" | "backtesting";
  status: OperationStatus;
  result: Readonly<Record<string, unknown>> | null;
  error: string | null;
  readonly createdAt: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface Computation {
  readonly row: Row;
  /** Milliseconds of computing, without the time for which its process was stopped. */
  readonly total: number;
  done: number;
}

/** Milliseconds of computing before a training tells of progress: the real KTRDR is silent for minutes. */
const SILENT_MS = 120_000;

/** One worker process, with its own computations and copies of rows that somebody asked it for (recording 05b). */
export class ModelWorker {
  readonly id: string;
  readonly endpoint: string;
  readonly type: Row["type"];
  up = true;
  /** Neither computes nor answers (SIGSTOP). */
  hangs = false;
  /** Only KTRDR's API reaches it, and it computes on when it is told to stop. */
  isDeafElsewhere = false;
  /** Answers, but its computing stands still. */
  stalls = false;
  healthAskedAt = 0;
  readonly computations = new Map<string, Computation>();
  readonly copies = new Map<string, Operation>();

  constructor(id: string, type: Row["type"]) {
    this.id = id;
    this.type = type;
    this.endpoint = `http://${id}`;
  }

  answers(): boolean {
    return this.up && !this.hangs;
  }

  /** A new process takes its place, at the same address and under the same name. */
  restart(): void {
    this.up = true;
    this.hangs = false;
  }

  kill(): void {
    this.up = false;
    this.computations.clear();
    this.copies.clear();
  }

  current(): string | null {
    const copies = [...this.copies.values()].filter(({ status }) => isLive(status)).map((one) => one.operationId);
    return [...copies, ...this.computations.keys()].at(-1) ?? null;
  }

  /** Its own computation, or its copy of the row. A row that it has no copy of is copied from now on. */
  read(id: string, row: Row | undefined): Operation | undefined {
    const own = this.computations.get(id);
    if (own !== undefined) return viewOf(own);
    const copy = this.copies.get(id) ?? (row === undefined ? undefined : fromRow(row));
    if (copy !== undefined) this.copies.set(id, copy);
    return copy;
  }
}

export const isLive = (status: OperationStatus): boolean => status === "running" || status === "pending";

export function fromRow(row: Row): Operation {
  return {
    operationId: row.id,
    operationType: row.type,
    status: row.status,
    percent: row.status === "completed" ? 100 : 0,
    step: "",
    ...(row.status === "running" ? { fromRow: true } : {}),
    symbol: "SPX",
    timeframe: "1d",
    startDate: null,
    endDate: null,
    parameters: row.parameters,
    workerId: String(row.parameters["worker_id"]),
    errorMessage: row.error,
    result: row.result,
    epochs: [],
  };
}

function viewOf({ row, done, total }: Computation): Operation {
  const silent = row.type === "training" && done < SILENT_MS;
  const { fromRow: _, ...view } = fromRow(row);
  const epoch = Math.floor((done / total) * 100);
  if (silent) return { ...view, step: "Starting v3 training pipeline" };
  return { ...view, percent: epoch, step: `Epoch ${epoch}/100` };
}
