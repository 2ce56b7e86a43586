import type { LRUCache } from "lru-cache";
import type { FailurePattern } from "../domain/failure-patterns.ts";
import type { Charts } from "../charts/charts.ts";
import type { GuardedReads } from "../ktrdr/guarded-reads.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import type { ModelFolder } from "../ktrdr/model-folder.ts";
import type { StrategyLibrary } from "../strategies/strategy-library.ts";
import type { BatchStore } from "../store/batches.ts";
import type { CampaignReader, CampaignSteering } from "../store/campaigns.ts";
import type { OffClock } from "../store/clocks.ts";
import type { ExecutionLog } from "../store/execution-log.ts";
import type { ExperimentStore } from "../store/experiments.ts";
import type { HoldoutReader } from "../store/holdouts.ts";
import type { InsightSearch } from "../store/insight-search.ts";
import type { InsightStore } from "../store/insights.ts";
import type { JobReader } from "../store/job-reader.ts";
import type { JudgedRuns } from "../store/judged-runs.ts";
import type { Ledger } from "../store/ledger.ts";
import type { OpenWork } from "../store/open-work.ts";
import type { ResearchControlReader } from "../store/research-control.ts";
import type { Overview } from "../store/overview.ts";
import type { Registry } from "../store/registry.ts";
import type { ResultReader } from "../store/result-reader.ts";
import type { StrategyRuns } from "../store/strategy-runs.ts";
import type { TrialReader } from "../store/trials.ts";
import type { CandidateWaits } from "../temporal/candidate-waits.ts";
import type { Jobs } from "../temporal/jobs.ts";
import type { LastLooks } from "./jobs/last-looks.ts";
import type { CheckLedger } from "./overview/ledger-check.ts";
import type { StrategyTexts } from "./strategies/strategy-texts.ts";

/**
 * The interfaces through which tools and use cases reach the other parts; `src/bin` wires the real ones. Every port
 * connects lazily, and rejects with a DomainError while its part is down (`temporal_unavailable`,
 * `database_unavailable`, `ktrdr_unavailable`, `folder_unavailable`).
 */

/** What PostgreSQL remembers. */
export interface RecordsPort {
  readonly jobs: JobReader;
  readonly results: ResultReader;
  /** Written directly, unlike jobs, which workers write. */
  readonly insights: InsightStore & InsightSearch;
  readonly batches: Pick<BatchStore, "counts" | "rows" | "pieces">;
  /** Orders are written directly, unlike steps, which workers plan. */
  readonly campaigns: Pick<CampaignReader, "record" | "madeStrategies" | "pointOf"> & CampaignSteering;
  readonly experiments: ExperimentStore;
  readonly judged: JudgedRuns;
  /** What was looked at. */
  readonly ledger: Pick<Ledger, "head" | "trials" | "counts" | "standings" | "limits" | "check">;
  /** The ledger's trials one by one. */
  readonly trials: TrialReader;
  /** What strategies did, by their texts. */
  readonly strategyRuns: StrategyRuns;
  /** What happened over a time, in numbers. */
  readonly overview: Overview;
  readonly holdouts: HoldoutReader;
  /** Candidates and champions. Written directly; nothing in it approves. */
  readonly registry: Registry;
  /** The log of calls. */
  readonly calls: Pick<ExecutionLog, "recent">;
  /** The operator's orders: pause and budget. */
  readonly research: ResearchControlReader;
  /** Numbers of open and queued jobs. */
  readonly work: Pick<OpenWork, "snapshot">;
  /** Workers of ours whose clock differs from the database's. */
  offClocks(): Promise<readonly OffClock[]>;
  ping(): Promise<void>;
}

export interface Links {
  /** Temporal Web UI; null when not configured. */
  readonly temporalUi: string | null;
  readonly temporalNamespace: string;
}

export interface Deps {
  readonly jobs: Jobs;
  /** The workflows in which candidates wait for a human. */
  readonly waits: CandidateWaits;
  readonly records: RecordsPort;
  /** Reads past the cache. Nothing here starts work. */
  readonly ktrdr: Pick<Ktrdr, "health" | "workers"> & {
    readonly operations: Pick<Ktrdr["operations"], "get">;
    readonly checkpoints: Pick<Ktrdr["checkpoints"], "get">;
  };
  /** Cheap, cached reads. */
  readonly reads: GuardedReads;
  readonly lastLooks: LastLooks;
  /** Patterns of failures by market, kept for a minute: they change slowly, and reading them takes too long for a start. */
  readonly failurePatterns: LRUCache<string, readonly FailurePattern[]>;
  readonly strategies: StrategyLibrary;
  readonly texts: StrategyTexts;
  /** The SHA-256 of texts in the history of the strategies by git's id, so that each is read once. */
  readonly versionHashes: LRUCache<string, string>;
  readonly checkLedger: CheckLedger;
  readonly models: ModelFolder;
  readonly charts: Charts;
  readonly links: Links;
  /** Now, by the database's clock, which also stamps the record: this machine's may be off. Never rejects. */
  readonly now: () => Promise<Date>;
  /** A job without progress for this long is stalled (JOB_STALL_AFTER_MS). */
  readonly stallAfterMs: number;
}
