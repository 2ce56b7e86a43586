/**
 * Starts a computation exactly once. Trainings take an id of ours, so asking first is enough. Backtests and data loads
 * get theirs from KTRDR: the intent and the operations known so far are written down before the POST, so that after a
 * lost answer, a crash or a reset the one new operation that matches is ours (the slot keeper allows one start at a
 * time).
 */
import { cancellationSignal } from "@temporalio/activity";
import { DomainError, isDomainError } from "../domain/errors.ts";
import { reachesKept } from "../domain/holdout/holdout.ts";
import type { JobInput } from "../domain/job.ts";
import type { ComputeRequest } from "../domain/kinds/index.ts";
import type { FaultSeen } from "../domain/outcome.ts";
import type { Operation } from "../domain/operation.ts";
import type { ActivityDeps } from "./deps.ts";
import { askApi, inquire, locate, registered, workplaceOf } from "./evidence.ts";
import { beating } from "./heartbeat.ts";
import { computationOf } from "./computation.ts";
import { resumeTraining } from "./resume.ts";
import { computedOf } from "./kinds/index.ts";
import type { AnyComputed } from "./kinds/define-work.ts";
import { sendWindow } from "./send-window.ts";
import { visibleOperationIds } from "./visible-operations.ts";

export interface Started {
  readonly operationId: string;
  readonly faultsSeen: readonly FaultSeen[];
}

/** For settling a job, whose settings are not known: KTRDR's 30 s for its call to the worker, and a margin. */
const SETTLING_IN_FLIGHT_MS = 35_000;
const LOOK_EVERY_MS = 1_000;
/** A worker that takes a resumption computes within moments. If it is not found by then, awaiting looks for it. */
const LOOKS_FOR_WORKER = 5;

export function startActivities(deps: ActivityDeps) {
  return {
    /** @throws DomainError of the client: retryable until KTRDR takes the start, or refuses it for good */
    async startComputation(input: JobInput<ComputeRequest>, computation: number): Promise<Started> {
      return await beating(deps.clock, () => new Start(deps, input, computation, input.settings.startInFlightMs).run());
    },
  };
}

/**
 * The operation of a computation that was begun, when no process lived to write it down. Null when none appeared and
 * none can appear any more.
 */
export async function findBegun(
  deps: ActivityDeps,
  input: Pick<JobInput<ComputeRequest>, "jobId" | "request">,
  computation: { readonly n: number; readonly knownOperations: readonly string[] },
): Promise<string | null> {
  const start = new Start(deps, input, computation.n, SETTLING_IN_FLIGHT_MS);
  return await start.findAfter(computation.knownOperations);
}

/** Does the same, looking only once. */
export async function sightOf(
  deps: ActivityDeps,
  input: Pick<JobInput<ComputeRequest>, "jobId" | "request">,
  computation: { readonly n: number; readonly knownOperations: readonly string[] },
): Promise<Operation | null> {
  return await new Start(deps, input, computation.n, 0).findBeyond(computation.knownOperations);
}

class Start {
  private readonly deps: ActivityDeps;
  private readonly input: Pick<JobInput<ComputeRequest>, "jobId" | "request">;
  private readonly n: number;
  /** A client that went away does not stop a start (docs/ktrdr.md §3.1). */
  private readonly inFlightMs: number;
  private readonly computed: AnyComputed;
  private baseline: ReadonlySet<string> = new Set();

  constructor(
    deps: ActivityDeps,
    input: Pick<JobInput<ComputeRequest>, "jobId" | "request">,
    computation: number,
    inFlightMs: number,
  ) {
    this.deps = deps;
    this.input = input;
    this.n = computation;
    this.inFlightMs = inFlightMs;
    this.computed = computedOf(input.request.kind);
  }

  async findAfter(known: readonly string[]): Promise<string | null> {
    this.baseline = new Set(known);
    const seen = await this.appearing();
    return "found" in seen ? seen.found.operationId : null;
  }

  async findBeyond(known: readonly string[]): Promise<Operation | null> {
    this.baseline = new Set(known);
    return await this.find();
  }

  async run(): Promise<Started> {
    const { jobs, ktrdr } = this.deps;
    const { jobId, request } = this.input;
    const begunBefore = (await computationOf(jobs, jobId, this.n)) !== null;
    const seen = this.computed.recognises === null || begunBefore ? [] : await visibleOperationIds(ktrdr, request.kind);
    const computation = await jobs.beginComputation(jobId, this.n, seen);
    const resumed = await resumeTraining(this.deps, this.input, computation, this.inFlightMs, () =>
      this.assertUnchanged(),
    );
    if (resumed !== null) return await this.attachResumed(resumed);
    if (computation.operationId !== null) return await this.attach(computation.operationId, []);
    this.baseline = new Set(computation.knownOperations);
    const earlier = await this.appearing();
    if ("found" in earlier) {
      return await this.attach(earlier.found.operationId, begunBefore ? ["start_answer_lost"] : []);
    }
    await this.assertUnchanged();
    return await this.post(earlier.nothingSince);
  }

  /** @param seen the mark since which no operation appeared */
  private async post(seen: string): Promise<Started> {
    const { jobs, clock } = this.deps;
    const { jobId } = this.input;
    const assertInTime = sendWindow(clock);
    const mark = await jobs.markPosting(jobId, this.n, seen);
    let operationId: string;
    try {
      const { answered, ...operation } = await this.answerOrSight(assertInTime);
      if (!answered) return await this.attach(operation.operationId, ["start_answer_lost"]);
      ({ operationId } = operation);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      if (error.code !== "ktrdr_start_ambiguous") {
        await jobs.unmarkPosting(jobId, this.n, mark);
        throw error;
      }
      this.deps.log.warn({ jobId }, "the answer to a start was lost; looking for the operation");
      const later = await this.appearing();
      if (!("found" in later)) throw error;
      return await this.attach(later.found.operationId, ["start_answer_lost"]);
    }
    return await this.attach(operationId, []);
  }

  /**
   * The answer to the start, or the operation if that is seen first. When the answer hangs and the backtest is short,
   * KTRDR shows nothing of it any more by the time we stop waiting.
   */
  private async answerOrSight(
    beforeSend: () => void,
  ): Promise<{ readonly operationId: string; readonly answered: boolean }> {
    const over = new AbortController();
    const started = this.computed.start(this.deps.ktrdr, this.input.request, this.ownOperationId, { beforeSend });
    const answer = started.then(({ operationId }) => ({ operationId, answered: true }));
    try {
      return await Promise.race([answer, this.sight(over.signal)]);
    } finally {
      over.abort();
      void answer.catch(() => undefined);
    }
  }

  private async sight(signal: AbortSignal): Promise<{ readonly operationId: string; readonly answered: boolean }> {
    for (;;) {
      await this.deps.clock.sleep(LOOK_EVERY_MS, signal);
      const found = await this.find().catch(ignoreOutage);
      if (found !== null) return { operationId: found.operationId, answered: false };
    }
  }

  /** Looks until, by PostgreSQL's clock, no start that may have been sent can take effect any more. */
  private async appearing(): Promise<{ readonly found: Operation } | { readonly nothingSince: string }> {
    const { jobs, clock } = this.deps;
    const { jobId } = this.input;
    for (;;) {
      const { mark, ageMs } = await jobs.posting(jobId, this.n);
      const found = await this.find().catch(async (error: unknown) => {
        // While KTRDR does not answer, the start may still be waiting to be read: it counts as just sent.
        if (isDomainError(error, "ktrdr_unavailable")) await jobs.renewPosting(jobId, this.n);
        throw error;
      });
      if (found !== null) return { found };
      if (ageMs === null || ageMs > this.inFlightMs) return { nothingSince: mark };
      // A shutdown may interrupt the sleep: all that is known is on record, and another attempt looks on.
      await clock.sleep(LOOK_EVERY_MS, cancellationSignal());
    }
  }

  private async find(): Promise<Operation | null> {
    const { ktrdr } = this.deps;
    const { request } = this.input;
    const { recognises } = this.computed;
    if (recognises === null) return await this.lookUp(this.ownOperationId);
    for (const id of await visibleOperationIds(ktrdr, request.kind)) {
      if (this.baseline.has(id)) continue;
      const operation = await this.lookUp(id);
      if (operation !== null && recognises(operation, request) && (await this.isUnowned(id))) return operation;
    }
    return null;
  }

  private async isUnowned(operationId: string): Promise<boolean> {
    const owner = await this.deps.jobs.ownerOf(operationId);
    return owner === null || owner === this.input.jobId;
  }

  /** @throws DomainError `ktrdr_unavailable` when KTRDR does not answer: then nothing is known */
  private async lookUp(operationId: string): Promise<Operation | null> {
    const answer = await askApi(this.deps.ktrdr, operationId);
    if (answer.kind === "operation") return answer.operation;
    if (answer.kind === "not_found") return null;
    // Neither silence nor an unreadable answer proves anything.
    throw new DomainError("ktrdr_unavailable", { what: "KTRDR does not answer, so it is unknown what it runs." });
  }

  /** Writes down what computes the job, and where, before anything else happens. */
  private async attach(operationId: string, faultsSeen: readonly FaultSeen[]): Promise<Started> {
    const { ktrdr, jobs, slots } = this.deps;
    const { request, jobId } = this.input;
    // The first read by id puts the operation into KTRDR's list (docs/ktrdr.md §2.10). Should this attempt die before
    // writing it down, another one finds it there.
    const [, answer] = await Promise.all([this.writeDown(operationId), askApi(ktrdr, operationId)]);
    const workerId = answer.kind === "operation" ? answer.operation.workerId : null;
    const workers = await registered(ktrdr, request.kind);
    const endpoint = await this.reachable(locate(workers, { workerId, endpoint: null }).endpoint);
    await jobs.attachOperation(jobId, this.n, {
      operationId,
      ...(workerId === null ? {} : { workerId }),
      ...(endpoint === null ? {} : { workerEndpoint: endpoint }),
    });
    await slots.inUse(request.kind, jobId);
    return { operationId, faultsSeen };
  }

  /** Finds the worker of a resumed training first: only that worker knows how it goes on. */
  private async attachResumed(operationId: string): Promise<Started> {
    const { jobs, ktrdr, slots, clock } = this.deps;
    const { jobId, request } = this.input;
    const begun = workplaceOf(await computationOf(jobs, jobId, this.n));
    for (let look = 1; look <= LOOKS_FOR_WORKER; look += 1) {
      const { worker, place } = await inquire(ktrdr, request.kind, begun, operationId);
      if (worker.kind === "answers" && worker.health.currentOperationId === operationId) {
        const { workerId, reached: workerEndpoint } = place;
        await jobs.attachOperation(jobId, this.n, { operationId, workerId, workerEndpoint });
        break;
      }
      await clock.sleep(LOOK_EVERY_MS, cancellationSignal());
    }
    await slots.inUse(request.kind, jobId);
    return { operationId, faultsSeen: [] };
  }

  /** Waits out an outage of the database: perhaps no list shows the id, and only this attempt knows it. */
  private async writeDown(operationId: string): Promise<void> {
    const { jobs, clock } = this.deps;
    const signal = cancellationSignal();
    for (;;) {
      try {
        await jobs.attachOperation(this.input.jobId, this.n, { operationId });
        return;
      } catch (error) {
        if (!isDomainError(error, "database_unavailable")) throw error;
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    }
  }

  /** The address if a worker answers there, else null: only at an address that has answered does silence prove something. */
  private async reachable(endpoint: string | null): Promise<string | null> {
    if (endpoint === null) return null;
    return await this.deps.ktrdr.workers
      .at(endpoint)
      .health()
      .then(
        () => endpoint,
        () => null,
      );
  }

  private async assertUnchanged(): Promise<void> {
    const kept = reachesKept(this.input.request, await this.deps.holdouts.all());
    if (kept !== null) throw kept;
    await this.computed.assertUnchanged?.(this.deps, this.input.request);
  }

  /** Where it is ours to choose. Another computation of the same job is another operation. */
  private get ownOperationId(): string {
    return this.n === 1 ? this.input.jobId : `${this.input.jobId}-c${this.n}`;
  }
}

/** Ignores that KTRDR is away. @throws any other error */
function ignoreOutage(error: unknown): null {
  if (isDomainError(error) && error.retryable) return null;
  throw error;
}
