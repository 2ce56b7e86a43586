/** Waits for a computation until it is known how it ended. */
import { activityInfo, cancellationSignal, heartbeat } from "@temporalio/activity";
import type { ApiEvidence, Diagnosis, WorkerEvidence } from "../domain/evidence.ts";
import type { ComputationEnd, JobInput, JobProgress } from "../domain/job.ts";
import { isSealed, type ComputeRequest } from "../domain/kinds/index.ts";
import type { FaultSeen } from "../domain/outcome.ts";
import { leftMs, nextLookMs, spacedMs, type PaceMark } from "../domain/pace.ts";
import type { Operation } from "../domain/operation.ts";
import { diagnose } from "../domain/diagnosis.ts";
import { computationOf, noteSeen, type ComputationOf } from "./computation.ts";
import { endOf } from "./computation-end.ts";
import type { ActivityDeps } from "./deps.ts";
import { askApi, corrected, inquire, workplaceOf, type Workplace } from "./evidence.ts";
import { beating, WAITING_MS } from "./heartbeat.ts";

export function awaitActivities(deps: ActivityDeps) {
  let watched = 0;
  return {
    /**
     * Polls until it is known how the computation ended. Never stops the computing: cancelling this activity (as a
     * deploy does) only ends the polling.
     */
    async awaitComputation(
      input: JobInput<ComputeRequest>,
      computation: number,
      operationId: string,
    ): Promise<ComputationEnd> {
      const row = await computationOf(deps.jobs, input.jobId, computation);
      const vigil = new Vigil(deps, { input, n: computation, operationId }, workplaceOf(row), () => watched);
      watched += 1;
      try {
        return await vigil.keep();
      } finally {
        watched -= 1;
      }
    },
  };
}

/** One look sends at most three requests, and KTRDR may take half a minute for each. */
const LONGEST_LOOK_MS = 120_000;

const UNTOLD = { percent: 0, step: "" };

class Vigil {
  private readonly deps: ActivityDeps;
  private readonly of: ComputationOf<JobInput<ComputeRequest>>;
  private place: Workplace;
  private readonly signal = cancellationSignal();
  private readonly faults = new Set<FaultSeen>();
  private last: Operation | null = null;
  private stillSinceMs: number;
  private lookedAtMs: number;
  private readonly begunAtMs: number;
  private notFoundSinceMs: number | null = null;
  private deadSinceMs: number | null = null;

  /** How many computations are watched here, this one among them. */
  private readonly watched: () => number;

  constructor(
    deps: ActivityDeps,
    of: ComputationOf<JobInput<ComputeRequest>>,
    place: Workplace,
    watched: () => number,
  ) {
    this.deps = deps;
    this.of = of;
    this.place = place;
    this.watched = watched;
    this.stillSinceMs = deps.clock.now();
    this.lookedAtMs = deps.clock.now();
    this.begunAtMs = deps.clock.now();
    this.takeOver(activityInfo().heartbeatDetails as JobProgress | undefined);
  }

  /** Takes over what an earlier attempt saw, so that a deploy does not reset how long nothing has moved. */
  private takeOver(earlier: JobProgress | undefined): void {
    if (earlier?.operationId !== this.of.operationId) return;
    this.stillSinceMs = Math.min(this.stillSinceMs, Date.parse(earlier.since));
    this.lookedAtMs = Math.min(this.lookedAtMs, Date.parse(earlier.at));
    earlier.faultsSeen.forEach((fault) => this.faults.add(fault));
    this.farthest = { percent: earlier.percent, step: earlier.step };
    this.paceFrom = earlier.paceFrom;
  }

  private paceFrom: PaceMark | undefined;

  private get sealed(): boolean {
    return isSealed(this.of.input.request);
  }
  private farthest: { percent: number; step: string } = { percent: 0, step: "" };

  async keep(): Promise<ComputationEnd> {
    let progress = this.report("verifying");
    for (;;) {
      const diagnosis = await this.beating(() => this.observe(), progress);
      if (diagnosis.kind !== "wait" && diagnosis.kind !== "ask_worker") {
        const { deps, of, last, faults } = this;
        return await this.beating(() => endOf(deps, of, diagnosis, { last, faults }), progress);
      }
      if (diagnosis.kind === "wait") {
        diagnosis.faults.forEach((fault) => this.faults.add(fault));
        this.moved(diagnosis.view);
        await this.writeDown();
        progress = this.report(diagnosis.phase);
      }
      const told = progress;
      const { clock } = this.deps;
      await beating(
        clock,
        () => clock.sleep(this.untilNextLook(), this.signal),
        () => told,
        WAITING_MS,
      );
    }
  }

  /** Called once per percent: at most a hundred times. */
  private async writeDown(): Promise<void> {
    const { percent } = this.farthest;
    if (this.sealed) return;
    if (Math.floor(percent) <= this.writtenPercent) return;
    this.writtenPercent = Math.floor(percent);
    await noteSeen(this.deps, this.of.input.jobId, this.of.n, this.last);
  }

  private writtenPercent = 0;

  private untilNextLook(): number {
    const now = this.deps.clock.now();
    const stillMs = now - this.stillSinceMs;
    const { paceFrom, farthest } = this;
    return nextLookMs(spacedMs(this.of.input.settings.pollIntervalMs, this.watched()), {
      elapsedMs: now - this.begunAtMs,
      left: paceFrom === undefined ? null : leftMs(paceFrom, farthest.percent, this.stillSinceMs),
      stillMs,
    });
  }

  /** Heartbeats with the last known progress while `work` runs: KTRDR may take half a minute to answer. */
  private async beating<T>(work: () => Promise<T>, progress: JobProgress): Promise<T> {
    return await beating(this.deps.clock, work, () => progress);
  }

  private async observe(): Promise<Diagnosis> {
    const api = await askApi(this.deps.ktrdr, this.of.operationId, this.signal);
    this.looked(api.kind !== "unreachable");
    this.notFoundSinceMs = api.kind === "not_found" ? (this.notFoundSinceMs ?? this.deps.clock.now()) : null;
    if (api.kind === "operation") this.moved(api.operation);
    const first = this.diagnose(api, { kind: "not_asked" }, "unreachable");
    if (first.kind !== "ask_worker") {
      this.keepDead(first);
      return first;
    }
    const { ktrdr } = this.deps;
    const place = corrected(this.place, api.kind === "operation" ? api.operation : null);
    const asked = await inquire(ktrdr, this.of.input.request.kind, place, this.of.operationId, this.signal);
    const { worker, registry } = asked;
    await this.remember(asked.place);
    this.looked(true);
    // The worker's view is newer than the API's: progress that only the worker shows counts.
    if (worker.kind === "answers") this.moved(worker.operation);
    const diagnosis = this.diagnose(api, worker, registry);
    this.keepDead(diagnosis);
    return diagnosis;
  }

  /** Writes down the address at which the worker answered: another process may have to stop the computation there. */
  private async remember(place: Workplace): Promise<void> {
    const before = this.place.reached;
    this.place = place;
    if (place.reached === before) return;
    await this.deps.jobs
      .attachOperation(this.of.input.jobId, this.of.n, {
        operationId: this.of.operationId,
        workerId: place.workerId,
        workerEndpoint: place.reached,
      })
      .catch((error: unknown) =>
        this.deps.log.warn({ err: error }, "the worker of a computation was not written down"),
      );
  }

  /** Time in which nobody could look (KTRDR away, our worker stopped) does not count as standing still or being dead. */
  private looked(saw: boolean): void {
    const now = this.deps.clock.now();
    const gap = now - this.lookedAtMs;
    this.lookedAtMs = now;
    if (saw && gap <= this.of.input.settings.pollIntervalMs + LONGEST_LOOK_MS) return;
    this.stillSinceMs += gap;
    this.deadSinceMs = null;
    this.notFoundSinceMs = null;
  }

  private keepDead(diagnosis: Diagnosis): void {
    const looksDead = diagnosis.kind === "wait" && diagnosis.looksDead;
    this.deadSinceMs = looksDead ? (this.deadSinceMs ?? this.deps.clock.now()) : null;
  }

  private diagnose(
    api: ApiEvidence,
    worker: WorkerEvidence,
    registry: Parameters<typeof diagnose>[0]["registry"],
  ): Diagnosis {
    return diagnose({
      kind: this.of.input.request.kind,
      api,
      worker,
      registry,
      clock: {
        nowMs: this.deps.clock.now(),
        stillSinceMs: this.stillSinceMs,
        notFoundSinceMs: this.notFoundSinceMs,
        deadSinceMs: this.deadSinceMs,
      },
      patience: this.of.input.settings,
    });
  }

  /** Percent never goes back: after an API restart KTRDR shows 0 % while its worker computes on. */
  private moved(view: Operation | null): void {
    if (view === null) return;
    const ahead = view.percent > this.farthest.percent || (view.step !== this.farthest.step && view.percent > 0);
    if (this.last !== null && !ahead) return;
    if (ahead) {
      this.stillSinceMs = this.deps.clock.now();
      this.farthest = { percent: view.percent, step: view.step };
      if (view.percent > 0) {
        this.paceFrom ??= { at: new Date(this.stillSinceMs).toISOString(), percent: view.percent };
      }
    }
    this.last = view;
  }

  private report(phase: JobProgress["phase"]): JobProgress {
    const progress: JobProgress = {
      operationId: this.of.operationId,
      phase,
      ...(this.sealed ? UNTOLD : this.farthest),
      at: new Date(this.deps.clock.now()).toISOString(),
      since: new Date(this.stillSinceMs).toISOString(),
      faultsSeen: [...this.faults],
      ...(this.paceFrom === undefined || this.sealed ? {} : { paceFrom: this.paceFrom }),
    };
    heartbeat(progress);
    return progress;
  }
}
