/** Decides whether a call or a new job is accepted. There is one for each process, and it counts this process only. */
import { assertMayStart } from "../../domain/research-control.ts";
import { isDomainError, type DomainError } from "../../domain/errors.ts";
import type { JobAdmission } from "../../research/asking.ts";
import type { RecordsPort } from "../../research/ports.ts";
import { createCallRate } from "./call-rate.ts";
import { createCallsAtOnce } from "./calls-at-once.ts";
import { createJobRoom } from "./job-room.ts";
import type { Limits } from "./limits.ts";
import { createMemoryGuard } from "./memory-guard.ts";

export interface Admission extends JobAdmission {
  /**
   * Runs a call when its client may make it.
   * @throws DomainError `rate_limited`
   */
  call<T>(caller: string, tool: string, args: unknown, run: () => Promise<T>): Promise<T>;
  /** The refusal that a call would get for its rate, without counting the call; null when it would get none. */
  usedUp(caller: string, tool: string): Promise<DomainError | null>;
}

/** @param residentBytes memory that this process takes now */
export function createAdmission(limits: Limits, residentBytes: () => number): Admission {
  const rate = createCallRate(limits.callsPerMinute);
  const atOnce = createCallsAtOnce(limits);
  const assertMemory = createMemoryGuard(limits.memoryMb, residentBytes);
  const claimRoom = createJobRoom(limits);
  return {
    async call(caller, tool, args, run) {
      await rate.count(caller, tool);
      return await atOnce(caller, waits(args), run);
    },
    usedUp: (caller, tool) => rate.usedUp(caller, tool),
    async job({ research, work }, client, wish) {
      assertMemory();
      await assertOrders(research);
      return await claimRoom(work, client, wish);
    },
  };
}

/** Whether the caller wants to wait for a job (get_task_status). */
function waits(args: unknown): boolean {
  const seconds: unknown = typeof args === "object" && args !== null ? Reflect.get(args, "wait_seconds") : undefined;
  return typeof seconds === "number" && seconds > 0;
}

/** While PostgreSQL is away, jobs are accepted: the keeper starts none until it has read the orders. */
async function assertOrders(research: RecordsPort["research"]): Promise<void> {
  const orders = await research.current().catch((error: unknown) => {
    if (isDomainError(error, "database_unavailable")) return null;
    throw error;
  });
  if (orders !== null) assertMayStart(orders);
}
