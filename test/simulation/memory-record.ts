import type { ActivityDeps } from "../../src/activities/deps.ts";
import { DomainError } from "../../src/domain/errors.ts";
import type { ComputationRecord } from "../../src/store/job-row.ts";
import type { PostingWriter } from "../../src/store/posting-writer.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

type Jobs = ActivityDeps["jobs"];

/** The part of the record that starting, awaiting and stopping use, in memory: PostgreSQL has no simulated time. */
export class MemoryRecord {
  readonly computations: ComputationRecord[] = [];
  /** How far PostgreSQL's clock is ahead of everybody else's. */
  skewMs = 0;
  /** What each next marking waits for, in order: our process is stopped before or after the mark is written. */
  readonly hold: { readonly before?: Promise<void>; readonly after?: Promise<void> }[] = [];
  private readonly clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.clock = clock;
  }

  jobs(): Jobs {
    const never = (): never => {
      throw new Error("not recorded in a simulation");
    };
    return {
      get: never,
      seen: never,
      list: never,
      strategyText: never,
      admit: never,
      finish: never,
      computations: async (jobId) => this.computations.filter((one) => one.jobId === jobId),
      ownerOf: async (id) => this.computations.findLast(({ operationId }) => operationId === id)?.jobId ?? null,
      beginComputation: async (jobId, n, known) => {
        const begun = this.computations.find((one) => one.jobId === jobId && one.n === n);
        if (begun !== undefined) return begun;
        const none = { operationId: null, workerId: null, workerEndpoint: null };
        const open = { startedAt: null, endedAt: null, fate: null, resumedFrom: null, lastSeen: null };
        const fresh = { jobId, n, postingAt: new Date(0).toISOString(), knownOperations: [...known], ...none, ...open };
        this.computations.push(fresh);
        return fresh;
      },
      ...this.postings(),
      detachResumed: async (jobId, n) =>
        void this.change(jobId, n, { operationId: null, resumedFrom: null, postingAt: new Date(0).toISOString() }),
      attachOperation: async (jobId, n, { operationId, workerId, workerEndpoint, resumedFrom }) =>
        this.change(jobId, n, {
          operationId,
          ...(resumedFrom == null ? {} : { resumedFrom }),
          ...(workerId == null ? {} : { workerId }),
          ...(workerEndpoint == null ? {} : { workerEndpoint }),
        }),
      noteSeen: async (jobId, n, lastSeen) => void this.change(jobId, n, { lastSeen }),
      endComputation: async (jobId, n, fate) => this.change(jobId, n, { endedAt: this.now(), fate }),
    };
  }

  /** Behaves as src/store/posting-writer.ts does with PostgreSQL. */
  private postings(): PostingWriter {
    const none = new Date(0).toISOString();
    const markOf = (jobId: string, n: number): string => this.change(jobId, n, {}).postingAt;
    const ageMs = (mark: string) => (mark === none ? null : Math.max(0, Date.parse(this.now()) - Date.parse(mark)));
    return {
      posting: async (jobId, n) => ({ mark: markOf(jobId, n), ageMs: ageMs(markOf(jobId, n)) }),
      markPosting: async (jobId, n, seen) => {
        const { before, after } = this.hold.shift() ?? {};
        await before;
        if (markOf(jobId, n) !== seen) throw new DomainError("ktrdr_start_ambiguous", { what: "claimed elsewhere" });
        const { postingAt } = this.change(jobId, n, { postingAt: this.now() });
        await after;
        return postingAt;
      },
      renewPosting: async (jobId, n) => {
        if (markOf(jobId, n) !== none) this.change(jobId, n, { postingAt: this.now() });
      },
      unmarkPosting: async (jobId, n, mark) => {
        if (markOf(jobId, n) === mark) this.change(jobId, n, { postingAt: none });
      },
    };
  }

  private now(): string {
    return new Date(this.clock.now() + this.skewMs).toISOString();
  }

  private change(jobId: string, n: number, facts: Partial<ComputationRecord>): ComputationRecord {
    const place = this.computations.findIndex((one) => one.jobId === jobId && one.n === n);
    const before = this.computations[place];
    if (before === undefined) throw new DomainError("task_not_found", { what: "never begun" });
    const after = { ...before, ...facts };
    this.computations[place] = after;
    return after;
  }
}
