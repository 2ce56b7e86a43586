import { isDeepStrictEqual } from "node:util";
import type { JobBook } from "./books.ts";
import type { JobRun } from "./job-run.ts";
import { needsSmallDisk, type Scenario } from "./scenario.ts";
import { finished, untruth, type Computing, type Truth } from "./truth.ts";

export interface Evidence {
  readonly scenario: Scenario;
  readonly run: JobRun;
  readonly book: JobBook | null;
  readonly execution: string;
  readonly slotHeld: boolean;
  readonly computing: readonly Computing[];
  readonly truth: Truth;
  /** The result that KTRDR's own books have of the computation that counts; null when they have none. */
  readonly inBooks: Readonly<Record<string, unknown>> | null;
  /** Operations of the job of which KTRDR still keeps a checkpoint. */
  readonly checkpointed: readonly string[];
  /** Workflow tasks that failed through our workflow code. */
  readonly failedTasks: readonly string[];
  /** What our processes logged as errors. */
  readonly complaints: readonly string[];
}

const CLOSED_AS: Readonly<Record<string, string>> = {
  completed: "COMPLETED",
  failed: "FAILED",
  cancelled: "CANCELLED",
  terminated: "TERMINATED",
};

/** The time within which a termination is noticed, as the operators' page promises. */
const NOTICED_WITHIN_MS = 60_000;

/**
 * The limits of KTRDR's API that this run met. KTRDR lists an operation only after somebody read it by id. The id of a
 * backtest or load is only in the answer to its start. That answer may be lost, and the computing may end (and the
 * registry move on) before anybody could look. Then nothing shows that it ever was, and another one has to be made.
 */
export function limitsMet({ computing, book, scenario, run }: Evidence): string[] {
  if (scenario.kind === "training" || book === null) return [];
  const unseen = computing
    .filter((one, place) => isUnseen(one, computing[place + 1], book))
    .map(({ operationId }) => `${operationId} finished unseen after the answer to its start was lost`);
  return isForgotten(scenario, run) ? [...unseen, "nobody can say whether the load finished"] : unseen;
}

/**
 * Another limit: a load that died with KTRDR's API while nobody could look is shown like a load that goes on and was
 * called failed by the orphan detector. Then the stored bars must show the result, or the job says that its end is not
 * known.
 */
function isForgotten({ kind, strikes }: Scenario, run: JobRun): boolean {
  const apiDied = strikes.some(({ attack }) => attack.do === "kill" && attack.part === "ktrdr-api");
  return (
    kind === "data_load" && apiDied && run.said.at(-1)?.headline.includes("whether it finished is not known") === true
  );
}

/**
 * A third limit: a backtest or a load has no id of ours. A start that the network delivers twice is carried out twice,
 * under two ids, and the answer names one of them. The second start of a training is refused by its id.
 */
export function twinsAmong(
  computing: readonly Computing[],
  { kind, strikes }: Scenario,
  book: JobBook | null,
): readonly Computing[] {
  const twice = strikes.some(({ attack }) => attack.do === "wire" && attack.mode.kind === "duplicate");
  if (!twice || kind === "training" || book === null) return [];
  return computing.filter(({ operationId }) => !book.attached.includes(operationId));
}

/** Whether it was over before the next one began, and never known to us. */
function isUnseen(one: Computing, next: Computing | undefined, book: JobBook): boolean {
  if (one.how !== "completed" || one.endMs === null || book.attached.includes(one.operationId)) return false;
  return next !== undefined && next.startMs > one.endMs;
}

/** Everything that must hold after a run. @returns what does not. */
export function brokenInvariants(evidence: Evidence): string[] {
  return [
    ...evidence.run.faulty.map((text) => `tool answers: ${text}`),
    ...computedOnce(evidence),
    ...resumedWherePossible(evidence),
    ...recordedOnce(evidence),
    ...recordedWhatWasComputed(evidence),
    ...endedAsItShould(evidence),
    ...evidence.failedTasks.map((text) => `a workflow task failed: ${text}`),
    ...evidence.complaints.map((text) => `logged as an error: ${text}`),
    ...saidTheTruth(evidence),
  ];
}

function computedOnce({ scenario, computing, book }: Evidence): string[] {
  const broken: string[] = [];
  const isExcused = (one: Computing, place: number) =>
    scenario.kind !== "training" && book !== null && isUnseen(one, computing[place + 1], book);
  computing.forEach((one, place) => {
    for (const other of computing.slice(place + 1)) {
      if (one.endMs === null || other.startMs < one.endMs)
        broken.push(`two at once: ${one.operationId} and ${other.operationId}`);
    }
  });
  // A second computation is needed only after one that died or whose result KTRDR could not keep.
  const needless = computing
    .slice(0, -1)
    .filter((one, place) => !isExcused(one, place))
    .filter(({ how }) => how !== "died" && !how.startsWith("failed: [Errno 111]"));
  for (const { operationId, how } of needless) broken.push(`needless second computation after ${operationId} (${how})`);
  for (const { operationId, endMs } of computing) {
    if (endMs === null) broken.push(`still computing: ${operationId}`);
    else if (book !== null && book.finishedMs !== null && endMs > book.finishedMs + 1) {
      broken.push(
        `${operationId} computed on for ${Math.round(endMs - book.finishedMs)} ms after the record was closed`,
      );
    }
  }
  return broken;
}

/** A training that died goes on from its checkpoint, unless KTRDR was disturbed otherwise than by that death. */
function resumedWherePossible({ scenario, computing, checkpointed }: Evidence): string[] {
  const onlyDeaths = scenario.strikes.every(
    ({ attack }) =>
      !("wire" in attack && attack.wire === "ktrdr") &&
      !(attack.do === "ktrdr" && attack.fault.fault !== "worker_dies") &&
      !(
        "part" in attack &&
        attack.part.startsWith("ktrdr-") &&
        (attack.do === "freeze" || attack.part === "ktrdr-api")
      ),
  );
  if (scenario.kind !== "training" || !onlyDeaths) return [];
  return computing
    .filter(({ operationId, how }, place) => {
      const next = computing[place + 1];
      return (
        how === "died" && next !== undefined && next.operationId !== operationId && checkpointed.includes(operationId)
      );
    })
    .map(({ operationId }) => `${operationId} died with a checkpoint, but another one began from the beginning`);
}

function recordedOnce({ scenario, book, computing }: Evidence): string[] {
  if (book === null) return ["no record"];
  const broken: string[] = [];
  if (book.status === "open") broken.push("the record is open");
  const wanted = book.status === "completed" ? 1 : 0;
  if (book.results !== wanted) broken.push(`${book.results} results recorded for a job that is ${book.status}`);
  const last = computing.findLast(finished);
  if (book.status === "completed" && (last === undefined || !book.operationIds.includes(last.operationId))) {
    broken.push(`recorded ${book.operationIds.join(", ")}, but KTRDR finished ${last?.operationId ?? "nothing"}`);
  }
  for (const [place, one] of computing.entries()) {
    const { operationId } = one;
    // A computation that died before KTRDR answered its start looked like a refused start to everybody.
    const unseen = one.how === "died" || (scenario.kind !== "training" && isUnseen(one, computing[place + 1], book));
    if (!unseen && !book.attached.includes(operationId)) broken.push(`${operationId} is not on record`);
  }
  return broken;
}

/** The figures on record are those that KTRDR computed. */
function recordedWhatWasComputed({ scenario, book, inBooks }: Evidence): string[] {
  const result = book?.result ?? null;
  if (result === null || inBooks === null) return [];
  const [ours, theirs] =
    scenario.kind === "backtest"
      ? [result["raw"], inBooks["metrics"]]
      : [{ model_path: result["modelPath"] }, { model_path: inBooks["model_path"] }];
  if (scenario.kind === "data_load" || isDeepStrictEqual(ours, theirs)) return [];
  return [`recorded ${JSON.stringify(ours)}, but KTRDR computed ${JSON.stringify(theirs)}`];
}

function endedAsItShould({ scenario, run, book, execution, slotHeld, computing }: Evidence): string[] {
  const broken: string[] = [];
  const status = book?.status ?? "unrecorded";
  const allowed = ["completed"];
  if (run.cancelledMs !== null) allowed.push("cancelled");
  const failing = scenario.strikes.some(
    ({ attack }) => attack.do === "ktrdr" && attack.fault.fault === "computing_fails",
  );
  // On a full disk KTRDR's computing fails, and KTRDR's own log says so.
  const outOfSpace = needsSmallDisk(scenario) && computing.at(-1)?.how.includes("ENOSPC") === true;
  if (failing || outOfSpace || isForgotten(scenario, run)) allowed.push("failed");
  if (run.terminatedMs !== null) allowed.push("terminated");
  if (!allowed.includes(status)) broken.push(`ended as ${status}: ${run.said.at(-1)?.headline ?? ""}`);
  // A job whose computing ended before the termination was noticed is recorded as what that came to.
  const terminated = run.terminatedMs !== null && execution === "TERMINATED";
  if (!terminated && execution !== CLOSED_AS[status])
    broken.push(`Temporal says ${execution}, the record says ${status}`);
  if (slotHeld) broken.push("its slot was not given back");
  const late = run.terminatedMs === null ? 0 : (book?.finishedMs ?? Infinity) - run.terminatedMs;
  if (late > NOTICED_WITHIN_MS && scenario.strikes.length === 1)
    broken.push(`its termination was noticed after ${Math.round(late / 1_000)} s`);
  return broken;
}

function saidTheTruth({ run, truth }: Evidence): string[] {
  const broken: string[] = [];
  const first = run.said.find(({ final }) => final);
  for (const said of run.said) {
    const why = untruth(said, truth);
    if (why !== null) broken.push(`untrue: "${said.state}" (${said.headline}): ${why}`);
    if (first !== undefined && said.askedMs > first.answeredMs && said.state !== first.state) {
      broken.push(`untrue: "${said.state}" after the final "${first.state}"`);
    }
  }
  return [...new Set(broken)];
}
