/**
 * Watches a champion on the days after its approval, once a month, as long as it is one. It knows nothing itself: which
 * backtest is due, and what all of them show, is read from the record. Each month is a run of its own.
 */
import { continueAsNew, setCurrentDetails, sleep } from "@temporalio/workflow";
import type { Round, Stage } from "../domain/registry/stage.ts";
import { watchDetails } from "../domain/workflow-details.ts";
import { nextWatch, noteWatch } from "./policies.ts";
import { endedAs, runChild } from "./run-child.ts";

/** The record's clock may be behind this timer: then it is asked again, not at once. */
const LEAST_WAIT_MS = 1_000;

/** @returns where the candidate stands when it is the champion no more */
export async function watchChampion(watch: Round): Promise<Stage> {
  const { stage, over, leftMs, job } = await nextWatch(watch);
  const next = new Date(Date.now() + leftMs).toISOString();
  setCurrentDetails(watchDetails({ ...watch, stage, over, next, computes: job?.input.jobId ?? null }));
  if (over) return stage;
  if (leftMs > 0) {
    await sleep(Math.max(LEAST_WAIT_MS, leftMs));
  } else {
    const outcome = job === null ? null : await runChild(job, (jobId) => endedAs(jobId, "failed"));
    await noteWatch(watch, outcome === null ? null : { jobId: outcome.jobId, status: outcome.status });
  }
  return await continueAsNew<typeof watchChampion>(watch);
}
