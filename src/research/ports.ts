import type { Charts } from "../charts/charts.ts";
import type { CachedReads } from "../ktrdr/cached-reads.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import type { ModelFolder } from "../ktrdr/model-folder.ts";
import type { StrategyLibrary } from "../strategies/strategy-library.ts";
import type { BatchStore } from "../store/batches.ts";
import type { OffClock } from "../store/clocks.ts";
import type { ExecutionLog } from "../store/execution-log.ts";
import type { ExperimentStore } from "../store/experiments.ts";
import type { InsightSearch } from "../store/insight-search.ts";
import type { InsightStore } from "../store/insights.ts";
import type { JobReader } from "../store/job-reader.ts";
import type { JudgedRuns } from "../store/judged-runs.ts";
import type { OpenWork } from "../store/open-work.ts";
import type { ResearchControlReader } from "../store/research-control.ts";
import type { ResultReader } from "../store/result-reader.ts";
import type { Jobs } from "../temporal/jobs.ts";

/**
 * What the tools need of the rest of the product, as narrow interfaces. `src/bin` wires the real parts. Every port
 * connects lazily and answers with a DomainError (`temporal_unavailable`, `database_unavailable`, `ktrdr_unavailable`,
 * `folder_unavailable`) while its part is down.
 */

/** What PostgreSQL remembers. */
export interface RecordsPort {
  readonly jobs: JobReader;
  readonly results: ResultReader;
  /** Written here and now, unlike jobs: nothing else has to happen. */
  readonly insights: InsightStore & InsightSearch;
  readonly batches: Pick<BatchStore, "counts" | "rows" | "best" | "pieces">;
  readonly experiments: ExperimentStore;
  readonly judged: JudgedRuns;
  /** The log of calls. */
  readonly calls: Pick<ExecutionLog, "recent">;
  /** What operators ordered. */
  readonly research: ResearchControlReader;
  /** What is open, in figures. */
  readonly work: Pick<OpenWork, "snapshot">;
  /** Workers of ours whose clock is not the database's. */
  offClocks(): Promise<readonly OffClock[]>;
  ping(): Promise<void>;
}

export interface Links {
  /** Temporal Web UI, without a trailing slash; null when not configured. */
  readonly temporalUi: string | null;
  readonly temporalNamespace: string;
}

export interface Deps {
  readonly jobs: Jobs;
  readonly records: RecordsPort;
  /** What must be fresh. Nothing here starts work. */
  readonly ktrdr: Pick<Ktrdr, "health" | "workers"> & {
    readonly operations: Pick<Ktrdr["operations"], "get">;
    readonly checkpoints: Pick<Ktrdr["checkpoints"], "get">;
  };
  /** Cheap, cached reads. */
  readonly reads: CachedReads;
  readonly strategies: StrategyLibrary;
  readonly models: ModelFolder;
  readonly charts: Charts;
  readonly links: Links;
  /** By the database's clock: what is on record has its time from there, and this machine's may be off. Never rejects. */
  readonly now: () => Promise<Date>;
  /** A job without progress for this long is stalled (JOB_STALL_AFTER_MS). */
  readonly stallAfterMs: number;
}
