import type { JobInput, JobSettings } from "../domain/job.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import type { JobRequest, SlotKind } from "../domain/kinds/index.ts";
import type { SlotClaim } from "../domain/slots.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import type { StrategyFolder } from "../strategies/strategy-folder.ts";
import type { Logger } from "../logger.ts";
import type { NewStrategy, SavedBy } from "../strategies/strategy-library.ts";
import type { BatchStore } from "../store/batches.ts";
import type { CampaignReader, CampaignWriter } from "../store/campaigns.ts";
import type { Ledger } from "../store/ledger.ts";
import type { CandidateDecisions } from "../store/candidate-decisions.ts";
import type { CandidateWatches } from "../store/candidate-watches.ts";
import type { HoldoutStore } from "../store/holdouts.ts";
import type { JobReader } from "../store/job-reader.ts";
import type { JobWriter } from "../store/job-writer.ts";
import type { ResearchControlReader } from "../store/research-control.ts";
import type { ResultReader } from "../store/result-reader.ts";
import type { labelsOf } from "../temporal/start-options.ts";
import type { CandidateWaits } from "../temporal/candidate-waits.ts";
import type { createExecutions } from "../temporal/executions.ts";
import type { Clock } from "./clock.ts";

/** How activities talk to the slot keeper; sending twice is harmless. */
export interface Slots {
  claim(kind: SlotKind, claim: SlotClaim): Promise<void>;
  inUse(kind: SlotKind, jobId: string): Promise<void>;
  release(kind: SlotKind, jobId: string): Promise<void>;
  /** Jobs that hold a slot of the keeper or wait for one. The keeper must be running. */
  known(kind: SlotKind): Promise<readonly string[]>;
}

/** What Temporal says about the workflows of jobs, and the namespace they are in. */
export type Executions = ReturnType<typeof createExecutions>;

/** Everything that activities use. */
export interface ActivityDeps {
  readonly ktrdr: Ktrdr;
  readonly strategies: StrategyFolder;
  readonly jobs: JobReader & JobWriter;
  readonly results: ResultReader;
  readonly batches: BatchStore;
  readonly campaigns: Pick<CampaignReader, "record" | "line"> & CampaignWriter;
  readonly ledger: Pick<Ledger, "standings">;
  /** Saves strategies as one version. */
  readonly saveStrategies: (strategies: readonly NewStrategy[], by: SavedBy) => Promise<unknown>;
  readonly holdouts: HoldoutStore;
  /** Candidates that wait for a human, and what humans decided. */
  readonly decisions: CandidateDecisions;
  readonly waits: CandidateWaits;
  /** Champions, and what their days after the approval show. */
  readonly watches: CandidateWatches;
  /** Settings of jobs that nobody asked for. */
  readonly jobSettings: JobSettings;
  /** KTRDR's data folder as this machine sees it; undefined when it is not mounted here. */
  readonly dataDir: string | undefined;
  /** The job id and hash of a request. With a reason for another run, both are others. */
  readonly identify: (
    request: JobRequest,
    forceReason: string | null,
  ) => { readonly jobId: string; readonly requestHash: string };
  /** What operators see of a job's workflow. */
  readonly labelsOf: typeof labelsOf;
  readonly research: ResearchControlReader;
  readonly slots: Slots;
  readonly executions: Executions;
  /** The experiment a job was started for; null when it belongs to none. */
  readonly experimentOf: (jobId: string) => Promise<string | null>;
  /** Writes a row into the record and takes it back, to prove that writing works. */
  readonly tryRecord: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How the job ended, as its workflow tells it. */
export type Ending =
  | { readonly status: "completed"; readonly summary: Readonly<Record<string, unknown>> }
  | {
      readonly status: "failed";
      readonly failure: NonNullable<JobOutcome["failure"]>;
      readonly partial: JobOutcome["partial"];
    }
  | { readonly status: "cancelled"; readonly partial: JobOutcome["partial"] };

export interface RecordRequest {
  readonly input: Pick<JobInput, "jobId" | "request">;
  readonly computation: number;
  readonly ending: Ending;
  readonly faultsSeen: JobOutcome["faultsSeen"];
  readonly operationIds: readonly string[];
  readonly parentJobId: string | null;
}
