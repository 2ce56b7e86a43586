import type { ActivityDeps } from "../../src/activities/deps.ts";
import { DomainError } from "../../src/domain/errors.ts";
import type { ComputationRecord } from "../../src/store/job-row.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

type Jobs = ActivityDeps["jobs"];

/** The part of the record that starting, awaiting and stopping use, kept in memory: PostgreSQL knows no other time. */
export class MemoryRecord {
  readonly computations: ComputationRecord[] = [];
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
      findByRequestHash: never,
      children: never,
      strategyText: never,
      admit: never,
      finish: never,
      computations: async (jobId) => this.computations.filter((one) => one.jobId === jobId),
      ownerOf: async (id) => this.computations.find(({ operationId }) => operationId === id)?.jobId ?? null,
      beginComputation: async (jobId, n, known) => {
        const begun = this.computations.find((one) => one.jobId === jobId && one.n === n);
        if (begun !== undefined) return begun;
        const none = { operationId: null, workerId: null, workerEndpoint: null };
        const open = { startedAt: null, endedAt: null, fate: null };
        const fresh = { jobId, n, postingAt: this.now(), knownOperations: [...known], ...none, ...open };
        this.computations.push(fresh);
        return fresh;
      },
      markPosting: async (jobId, n) => this.change(jobId, n, { postingAt: this.now() }).postingAt,
      unmarkPosting: async (jobId, n) => void this.change(jobId, n, { postingAt: new Date(0).toISOString() }),
      attachOperation: async (jobId, n, { operationId, workerId, workerEndpoint }) =>
        this.change(jobId, n, {
          operationId,
          ...(workerId == null ? {} : { workerId }),
          ...(workerEndpoint == null ? {} : { workerEndpoint }),
        }),
      endComputation: async (jobId, n, fate) => this.change(jobId, n, { endedAt: this.now(), fate }),
    };
  }

  private now(): string {
    return new Date(this.clock.now()).toISOString();
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
