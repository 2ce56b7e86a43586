/** The workflows in which candidates wait for a human, and those that watch champions. */
import type { Client } from "@temporalio/client";
import { oneLine } from "../domain/plain-text.ts";
import { waitId, watchId, type Decision, type Round } from "../domain/registry/stage.ts";
import { APPROVAL_IS, WATCH_IS } from "../domain/workflow-details.ts";
import { calling } from "./connection.ts";
import { JOB_QUEUE } from "./job-types.ts";

/** A wait or a watch, and what its candidate is called. */
export interface Wait extends Round {
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
}

/** Every method throws DomainError `temporal_unavailable` when the server does not answer in time. */
export interface CandidateWaits {
  /** Starts the workflow of a wait, unless it runs. */
  begin(wait: Wait): Promise<void>;
  /** Starts the workflow that watches a champion, unless it runs. */
  watch(champion: Wait): Promise<void>;
  /**
   * Tells the workflow of a wait to look at the record; one that does not run is started.
   * @param decision for those who read its history: it is not believed
   */
  tell(wait: Wait, decision: Decision | "withdraw"): Promise<void>;
}

const WORKFLOW = "awaitApproval";
const WATCH = "watchChampion";
const DECIDED = "decided";

export function createCandidateWaits(client: Client): CandidateWaits {
  return {
    async begin(wait) {
      await calling(client, () => client.workflow.start(WORKFLOW, optionsOf(wait)));
    },
    async watch(champion) {
      await calling(client, () => client.workflow.start(WATCH, watchOptionsOf(champion)));
    },
    async tell(wait, decision) {
      const signal = { signal: DECIDED, signalArgs: [decision] as [string] };
      await calling(client, () => client.workflow.signalWithStart(WORKFLOW, { ...optionsOf(wait), ...signal }));
    },
  };
}

/** One that an operator terminated is started again: the wait is the record's, and only a decision ends it. */
const optionsOf = (wait: Wait) => ({
  ...sharedOptions(wait),
  workflowId: waitId(wait),
  staticSummary: oneLine(`${wait.strategy} on ${wait.symbol} ${wait.timeframe} waits for a human`),
  staticDetails: APPROVAL_IS,
});

/** One that was terminated is started again, as long as the record has the champion. */
const watchOptionsOf = (champion: Wait) => ({
  ...sharedOptions(champion),
  workflowId: watchId(champion),
  staticSummary: oneLine(`watches ${champion.strategy}, the champion of ${champion.symbol} ${champion.timeframe}`),
  staticDetails: WATCH_IS,
});

const sharedOptions = ({ jobId, round }: Wait) => ({
  taskQueue: JOB_QUEUE,
  args: [{ jobId, round }] as [Round],
  workflowIdReusePolicy: "ALLOW_DUPLICATE" as const,
  workflowIdConflictPolicy: "USE_EXISTING" as const,
  memo: { candidate: jobId, round },
});
